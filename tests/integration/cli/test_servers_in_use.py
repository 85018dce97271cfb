"""The embedded servers as a client sees them."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import nats
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cli.app import run
from cli.servers import ServerError, Servers, embedded_servers

pytestmark = pytest.mark.servers


def test_a_test_gets_a_database_that_is_migrated_and_empty(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        assert connection.execute("select count(*) from orders").fetchone() == (0,)


def test_postgres_refuses_a_wrong_password(servers: Servers) -> None:
    wrong = servers.postgres_url.replace(str(urlsplit(servers.postgres_url).password), "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


async def test_nats_keeps_a_published_message(servers: Servers) -> None:
    client = await nats.connect(servers.nats_url)
    stream = client.jetstream()
    await stream.add_stream(name="kept", subjects=["kept.>"])
    assert (await stream.publish("kept.one", b"1")).seq == 1
    await stream.delete_stream("kept")
    await client.close()


async def test_nats_refuses_a_caller_without_password(servers: Servers) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(servers.nats_url).port)
    await reader.readline()
    writer.write(b"CONNECT {}\r\nPING\r\n")
    assert b"Authorization Violation" in await reader.readline()
    writer.close()
    await writer.wait_closed()


def test_valkey_answers_with_the_password_alone(servers: Servers) -> None:
    with redis.Redis.from_url(servers.redis_url) as client:
        assert client.ping()
    with (
        redis.Redis(port=int(urlsplit(servers.redis_url).port or 0), retry=Retry(NoBackoff(), 0)) as anonymous,
        pytest.raises(redis.AuthenticationError),
    ):
        anonymous.ping()


async def test_servers_that_exist_are_used_as_they_are(servers: Servers, tmp_path: Path) -> None:
    async with embedded_servers(
        tmp_path, postgres_url=servers.postgres_url, nats_url=servers.nats_url, redis_url=servers.redis_url
    ) as used:
        assert (used.postgres_url, used.embedded) == (servers.postgres_url, ())


@pytest.mark.parametrize(
    ("option", "url"),
    [
        ("--postgres-url", "postgresql://someone:hidden@127.0.0.1:1/nowhere"),
        ("--nats-url", "nats://someone:hidden@127.0.0.1:1"),
        ("--redis-url", "redis://:hidden@127.0.0.1:1/0"),
    ],
)
async def test_a_server_that_does_not_answer_is_named_without_its_password(
    option: str, url: str, servers: Servers, tmp_path: Path
) -> None:
    given = {"--postgres-url": servers.postgres_url, "--nats-url": servers.nats_url, "--redis-url": servers.redis_url}
    given[option] = url
    with pytest.raises(ServerError) as refusal:
        async with embedded_servers(
            tmp_path,
            postgres_url=given["--postgres-url"],
            nats_url=given["--nats-url"],
            redis_url=given["--redis-url"],
        ):
            pass
    assert str(refusal.value).startswith(option)
    assert "hidden" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_migrating_twice_changes_nothing_the_second_time(
    servers: Servers, postgres_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["migrate", "--postgres-url", postgres_database, "--nats-url", servers.nats_url, "--json"]
    assert run(command) == 0
    assert run(command) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"applied": []}


def test_a_kill_is_kept_with_who_did_it_and_can_be_taken_back(
    postgres_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--postgres-url", postgres_database, "--json"]
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("select open_account('sim:paper:paper', 'sim', 'paper', 'paper', 50)")
        assert run(["kill", "--reason", "smoke", *at]) == 0
        receipt = json.loads(capsys.readouterr().out)
        assert (receipt["trading_state"], receipt["open_now"]) == ({"sim:paper:paper": "halted"}, 0)
        act = connection.execute("select act, detail, actor like 'cli:%' from operator_action").fetchone()
        assert act == ("kill", "smoke", True)
        connection.execute("select guard('sim:paper:paper', 'breaker', 'reducing', 'losses', 'risk')")
        assert run(["resume", *at]) == 1
        assert json.loads(capsys.readouterr().out) == {"trading_state": {"sim:paper:paper": "reducing"}}


def test_a_kill_of_an_account_that_is_not_there_is_refused(
    postgres_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["kill", "--account", "sim:live:0x0", "--postgres-url", postgres_database]) == 1
    assert "sim:live:0x0" in capsys.readouterr().err
