"""Real servers for the tests that want them: one set a test process, one fresh database a test."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cli.servers import Servers, embedded_servers
from shared.db.migrate import migrate

TEMPLATE = "tdmaker_template"
MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Postgres, NATS with JetStream and Valkey of this test process; what they hold is lost at its end."""
    home = Path(tempfile.mkdtemp(prefix="tdmaker-tests-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        with asyncio.Runner() as runner:
            running = embedded_servers(home, fsync=False)
            yield runner.run(running.__aenter__())
            runner.run(running.__aexit__(None, None, None))
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_template(servers: Servers) -> str:
    """The name of a database that holds every table and function and no row."""
    _administer(servers, sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
    migrate(_conninfo(servers, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def postgres_database(servers: Servers, migrated_template: str) -> Iterator[str]:
    """The address of a migrated database of this test alone."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    copy = sql.SQL("create database {} template {}")
    _administer(servers, copy.format(sql.Identifier(name), sql.Identifier(migrated_template)))
    yield _conninfo(servers, name)
    _administer(servers, sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _administer(servers: Servers, statement: sql.Composed) -> None:
    with psycopg.connect(servers.postgres_url, autocommit=True) as connection:
        connection.execute(statement)


def _conninfo(servers: Servers, database: str) -> str:
    return servers.postgres_url.rpartition("/")[0] + "/" + database
