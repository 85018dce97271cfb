"""Many seeds, on several cores: one Postgres in memory, a database and a process for each worker."""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import os
import shutil
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import psycopg
import structlog
from psycopg import sql
from structlog.typing import EventDict, WrappedLogger

from cli.home import Home
from cli.servers.postgres import PostgresServer
from cli.simulate.run import Outcome, simulate
from cli.simulate.tables import make_tables

MEMORY = Path("/dev/shm")  # noqa: S108 a folder of our own in it
HASH_SEED = "PYTHONHASHSEED"
"""Sets of texts are walked in another order in every process, else: a seed would not repeat."""
AHEAD = 2
Prepare = Callable[[str], None]
_conninfo = ""


@contextmanager
def embedded_postgres() -> Generator[str]:
    """The address of a server in memory that is gone afterwards. Raises ServerError."""
    home = Home.at(Path(tempfile.mkdtemp(prefix="tdmaker-simulate-", dir=MEMORY if MEMORY.is_dir() else None)))
    try:
        with asyncio.Runner() as runner:
            home.make()
            server = PostgresServer(home, fsync=False)
            runner.run(server.start())
            try:
                yield server.url
            finally:
                runner.run(server.stop())
    finally:
        shutil.rmtree(home.path, ignore_errors=True)


def simulate_all(
    seeds: Iterable[int],
    workers: int,
    postgres_url: str,
    *,
    log: Path | None = None,
    prepare: Prepare | None = None,
) -> Iterator[Outcome]:
    """In the order of the seeds. Whoever stops asking stops the work. `log` gets every line that the services log; it
    wants one worker. `prepare` is called in each worker with the address of its database; tests plant their bugs by it.
    """
    os.environ[HASH_SEED] = "0"
    crew = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_prepare, initargs=(postgres_url, log, prepare)
    )
    waiting, under_way = iter(seeds), deque[Future[Outcome]]()
    try:
        under_way.extend(crew.submit(_work, seed) for seed in islice(waiting, workers * AHEAD))
        while under_way:
            yield under_way.popleft().result()
            under_way.extend(crew.submit(_work, seed) for seed in islice(waiting, 1))
    finally:
        crew.shutdown(cancel_futures=True)


def _prepare(postgres_url: str, log: Path | None, prepare: Prepare | None) -> None:
    """Ctrl-C is the command's to hear; it lets the seed under way end."""
    global _conninfo  # noqa: PLW0603 one process, one database
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _conninfo = new_database(postgres_url, f"worker_{os.getpid()}")
    if log is None:
        logging.disable(logging.CRITICAL)
        gravest = structlog.make_filtering_bound_logger(logging.CRITICAL)
        structlog.configure(processors=[_dropped], wrapper_class=gravest)
    else:
        _write_log(log)
    if prepare is not None:
        prepare(_conninfo)
    gc.freeze()
    gc.disable()
    # What a run leaves behind is collected at its end: a tenth of its time goes into looking for it before.


def new_database(postgres_url: str, name: str) -> str:
    """The address of a database with every table and no row."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    conninfo = f"{postgres_url.rpartition('/')[0]}/{name}"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        make_tables(connection)
    return conninfo


def _work(seed: int) -> Outcome:
    return simulate(seed, _conninfo)


def _write_log(path: Path) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _stamp,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(path.open("w")),
    )


def _stamp(_log: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    return {"at_seconds": round(asyncio.get_running_loop().time(), 4), **line}


def _dropped(_log: WrappedLogger, _method: str, _line: EventDict) -> EventDict:
    raise structlog.DropEvent
