"""The embedded servers through starts, stops, crashes and hostile places."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import psycopg
import pytest

from cli.home import Home
from cli.processes import identify
from cli.servers import ServerError, embedded_servers, postgres, postgres_user
from cli.servers.postgres import PostgresServer, installed_programs
from cli.servers.postgres_user import NOBODY, SETPRIV, UNSHARE, PostgresUser, choose_user, find_place
from cli.servers.readiness import free_port

pytestmark = pytest.mark.servers

TREE = Path(__file__).parents[3]
HOLD = """
import asyncio, sys
from pathlib import Path
from cli.servers import embedded_servers
async def main():
    async with embedded_servers(Path(sys.argv[1]), fsync=False) as servers:
        print(*(server.child.pid for server in servers.embedded), flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lowers its rights")


def remember(url: str, value: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table kept (value integer)")
        connection.execute("insert into kept values (%s)", (value,))


def remembered(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select value from kept").fetchone()
    assert row
    return int(row[0])


def until_gone(pids: list[int]) -> None:
    while any(identify(pid) for pid in pids):
        pass


async def test_what_was_written_is_there_after_a_restart_on_other_ports(memory: Path) -> None:
    async with embedded_servers(memory, fsync=False) as servers:
        remember(servers.postgres_url, 7)
        pids = [server.child.pid for server in servers.embedded if server.child]
    assert all(identify(pid) is None for pid in pids)
    async with embedded_servers(memory, fsync=False) as servers:
        assert remembered(servers.postgres_url) == 7


def test_after_a_kill_nothing_is_left_and_nothing_blocks_the_next_start(memory: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(memory)],
        env={**os.environ, "PYTHONPATH": str(TREE)},
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        pids = [int(pid) for pid in holder.stdout.readline().split()]
        holder.send_signal(signal.SIGKILL)
    assert len(pids) == 3

    async def again() -> None:
        async with embedded_servers(memory, fsync=False) as servers:
            remember(servers.postgres_url, 1)

    asyncio.run(again())
    until_gone(pids)


async def test_a_postgres_that_outlived_its_parent_is_ended_first(memory: Path) -> None:
    home = Home.at(memory)
    home.make()
    orphan, successor = PostgresServer(home, fsync=False), PostgresServer(home, fsync=False)
    await orphan.start()
    await successor.start()
    assert orphan.child
    assert await orphan.child.wait() == 0
    await successor.stop()


async def test_the_trace_of_a_postgres_whose_number_is_somebody_elses_now_is_ignored(memory: Path) -> None:
    async with embedded_servers(memory, fsync=False):
        pass
    trace = postgres_place(memory).data / "postmaster.pid"
    trace.write_text(f"{os.getpid()}\n{trace.parent}\n1\n5432\n\n127.0.0.1\n")
    async with embedded_servers(memory, fsync=False) as servers:
        remember(servers.postgres_url, 1)


async def test_an_interrupted_first_start_leaves_no_half_made_cluster(memory: Path) -> None:
    (memory / "postgres.new").mkdir()
    (memory / "postgres.new" / "PG_VERSION").write_text("17\n")
    async with embedded_servers(memory, fsync=False) as servers:
        remember(servers.postgres_url, 1)


async def test_a_cluster_of_another_version_is_refused_in_one_line(memory: Path) -> None:
    (memory / "postgres").mkdir(mode=0o700)
    (memory / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ServerError, match="holds Postgres 16, this is 17"):
        async with embedded_servers(memory, fsync=False):
            pass


async def test_a_lost_password_is_named(memory: Path) -> None:
    async with embedded_servers(memory, fsync=False):
        pass
    (memory / "secrets" / "postgres_password").write_text("another")
    with pytest.raises(ServerError, match="does not hold the password"):
        async with embedded_servers(memory, fsync=False):
            pass


async def test_a_port_that_somebody_took_first_is_changed(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    ports = [int(taken.sockets[0].getsockname()[1])]
    for module in ("postgres", "nats", "valkey"):
        monkeypatch.setattr(f"cli.servers.{module}.free_port", lambda: ports.pop() if ports else free_port())
    async with embedded_servers(memory, fsync=False) as servers:
        remember(servers.postgres_url, 1)
    taken.close()
    await taken.wait_closed()


@needs_root
@pytest.mark.parametrize("way", ["unshare", "setpriv"])
def test_root_hands_postgres_to_a_user_without_rights(
    way: Literal["unshare", "setpriv"], memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = PostgresUser(UNSHARE) if way == "unshare" else PostgresUser(SETPRIV, NOBODY)
    if not user.can_run("true"):
        pytest.skip(f"{way} is not allowed here")
    monkeypatch.setattr(postgres, "choose_user", lambda: user)
    monkeypatch.setattr(postgres_user, "SHARED_PLACE", readable(memory / "shared"))

    async def twice() -> None:
        async with embedded_servers(memory / "home", fsync=False) as servers:
            remember(servers.postgres_url, 3)
        async with embedded_servers(memory / "home", fsync=False) as servers:
            assert remembered(servers.postgres_url) == 3

    memory.chmod(0o711)
    asyncio.run(twice())


@needs_root
def test_programs_that_the_user_cannot_reach_are_copied_where_it_can(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = PostgresUser(SETPRIV, NOBODY)
    if not user.can_run("true"):
        pytest.skip("setpriv is not allowed here")
    monkeypatch.setattr(postgres_user, "SHARED_PLACE", readable(memory / "shared"))
    memory.chmod(0o711)
    private = memory / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(installed_programs() / "bin", private / "pginstall" / "bin", ignore=all_but("postgres"))
    shutil.copytree(installed_programs() / "lib", private / "pginstall" / "lib", ignore=all_but_libraries)
    place = find_place(memory / "home" / "postgres", private / "pginstall", user)
    assert place.binaries.is_relative_to(memory / "shared")
    assert user.can_run(str(place.binaries / "postgres"), "--version")


@needs_root
def test_root_that_may_lower_its_rights_nowhere_is_told_what_to_do() -> None:
    with pytest.raises(ServerError, match="--postgres-url"):
        choose_user([PostgresUser(("false",))])


@needs_root
def test_a_plain_user_runs_everything_as_itself(memory: Path) -> None:
    plain = PostgresUser(UNSHARE)
    if not plain.can_run("true"):
        pytest.skip("unshare is not allowed here")
    once = HOLD.replace("await asyncio.sleep(600)", "pass")
    done = subprocess.run(
        [*plain.prefix, sys.executable, "-c", once, str(memory)],
        env={**os.environ, "PYTHONPATH": str(TREE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    until_gone([int(pid) for pid in done.stdout.split()])


def postgres_place(home: Path) -> postgres_user.PostgresPlace:
    return find_place(Home.at(home).postgres, installed_programs(), choose_user())


def readable(place: Path) -> Path:
    place.mkdir(mode=0o755)
    return place


def all_but(name: str) -> Callable[[str, list[str]], list[str]]:
    def ignored(_folder: str, names: list[str]) -> list[str]:
        return [each for each in names if each != name]

    return ignored


def all_but_libraries(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if ".so" not in name]
