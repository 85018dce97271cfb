"""Each check looks at one thing and says what it found and, if that is wrong, what to do."""

import asyncio
import platform
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from cli.errors import CommandError
from cli.home import Home
from cli.running import running_system
from cli.servers.errors import ServerError
from cli.servers.existing import check_nats, check_postgres, check_redis
from cli.servers.nats import nats_binary
from cli.servers.postgres import installed_programs
from cli.servers.postgres_user import choose_user
from cli.servers.readiness import is_free
from cli.servers.valkey import valkey_binary
from cli.wallet import read_wallet
from shared.domain.redemption import DEPOSIT_WALLET
from shared.runtime.clock import RealClock
from shared.runtime.settings import Settings, SettingsError
from shared.venue.auth import Credentials, CredentialsError
from shared.venue.errors import MayHaveBeenSentError, NotSentError
from shared.venue.http import HttpClient
from shared.venue.relayer import RelayerKey, RelayerKeyError

LEAST_FREE_BYTES = 1_000_000_000
GREATEST_SKEW_SECONDS = 2.0
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is empty where all is well."""

    check: str
    ok: bool
    found: str
    remedy: str = ""


async def examine(settings: Settings, home: Home) -> list[Finding]:
    """Every check that applies to these settings, in the order in which an operator would look."""
    findings = [check_python(), *check_binaries(settings), check_disk(home), check_home(home)]
    findings += check_control_port(settings, home)
    findings += await check_servers(settings, home)
    findings += check_credentials(settings)
    return findings + await check_venue(settings)


def check_python() -> Finding:
    version = platform.python_version()
    ok = sys.version_info[:2] >= OLDEST_PYTHON
    return Finding("python", ok, version, "" if ok else "install Python 3.11 or later")


def check_binaries(settings: Settings) -> list[Finding]:
    """The embedded servers, except those that an address replaces."""
    wanted = {"postgres_url": installed_programs, "nats_url": nats_binary, "redis_url": valkey_binary}
    found = [_binary(find) for name, find in wanted.items() if name not in settings.model_fields_set]
    if "postgres_url" not in settings.model_fields_set:
        found.append(_postgres_user())
    return found


def _binary(find: Callable[[], Path]) -> Finding:
    try:
        return Finding("binary", ok=True, found=str(find()))
    except ServerError as fault:
        return Finding("binary", ok=False, found="missing", remedy=str(fault))


def _postgres_user() -> Finding:
    try:
        user = choose_user()
    except ServerError as fault:
        return Finding("postgres user", ok=False, found="root", remedy=str(fault))
    return Finding("postgres user", ok=True, found=user.prefix[0] if user.prefix else "this user")


def check_disk(home: Home) -> Finding:
    place = next(path for path in (home.path, *home.path.parents) if path.exists())
    free = shutil.disk_usage(place).free
    ok = free >= LEAST_FREE_BYTES
    remedy = "" if ok else f"free at least {LEAST_FREE_BYTES // 10**9} GB there, or choose another --home"
    return Finding("disk", ok, f"{free / 10**9:.1f} GB free at {place}", remedy)


def check_home(home: Home) -> Finding:
    system = running_system(home)
    if system is not None:
        return Finding("home", ok=True, found=f"{home.path}: in use by process {system.supervisor.pid}")
    try:
        home.make()
    except OSError as error:
        remedy = "make it writable for this user, or choose another --home"
        return Finding("home", ok=False, found=f"{home.path}: {error.strerror}", remedy=remedy)
    open_to_others = [path.name for path in home.secrets.iterdir() if path.stat().st_mode & 0o077]
    if open_to_others:
        remedy = f"run `chmod 600 {home.secrets}/*`"
        return Finding("home", ok=False, found=f"secrets open to others: {', '.join(open_to_others)}", remedy=remedy)
    return Finding("home", ok=True, found=str(home.path))


def check_control_port(settings: Settings, home: Home) -> list[Finding]:
    """`up` takes another port by itself unless one was asked for."""
    port = settings.control_port
    if running_system(home) is not None or port == 0 or is_free(port):
        return [Finding("control port", ok=True, found=str(port or "any free one"))]
    if "control_port" not in settings.model_fields_set:
        return [Finding("control port", ok=True, found=f"{port} is taken; a free one will be used")]
    remedy = "end what listens there, or choose another --control-port"
    return [Finding("control port", ok=False, found=f"{port} is taken", remedy=remedy)]


async def check_servers(settings: Settings, home: Home) -> list[Finding]:
    """Those of the running system, or those that the operator named."""
    system = running_system(home)
    asked: list[tuple[str, Callable[[str], Awaitable[None]], str]] = []
    for name, check in (("postgres_url", check_postgres), ("nats_url", check_nats), ("redis_url", check_redis)):
        if system is not None:
            asked.append((name, check, str(getattr(system, name))))
        elif name in settings.model_fields_set:
            asked.append((name, check, str(getattr(settings, name))))
    return list(await asyncio.gather(*(_server(name, check(url)) for name, check, url in asked)))


async def _server(name: str, check: Awaitable[None]) -> Finding:
    try:
        await check
    except ServerError as fault:
        return Finding(name, ok=False, found="no answer", remedy=str(fault))
    return Finding(name, ok=True, found="answers")


def check_credentials(settings: Settings) -> list[Finding]:
    """The files that these settings name, and those that live trading at Polymarket lacks."""
    findings: list[Finding] = []
    needed = settings.venue == "polymarket" and settings.mode == "live"
    if settings.private_key_file is not None:
        findings.append(_key(settings.private_key_file))
    elif needed:
        findings.append(_missing("private_key_file"))
    if settings.api_credentials_file is not None:
        findings.append(_api_credentials(settings.api_credentials_file))
    elif needed:
        findings.append(_missing("api_credentials_file"))
    if settings.relayer_key_file is not None:
        findings.append(_relayer_key(settings.relayer_key_file))
    elif needed and settings.auto_redeem and settings.signature_type == DEPOSIT_WALLET:
        findings.append(_missing("relayer_key_file"))
    return findings


def _relayer_key(path: Path) -> Finding:
    try:
        address = RelayerKey.load(path).address
    except RelayerKeyError as fault:
        return Finding("relayer_key_file", ok=False, found="unusable", remedy=str(fault))
    return Finding("relayer_key_file", ok=True, found=f"of {address}")


def _missing(name: str) -> Finding:
    return Finding(name, ok=False, found="missing", remedy=f"name it with --{name.replace('_', '-')}")


def _key(path: Path) -> Finding:
    try:
        address = read_wallet(path).address
    except (CommandError, SettingsError) as fault:
        return Finding("private_key_file", ok=False, found="unusable", remedy=str(fault))
    return Finding("private_key_file", ok=True, found=f"key of {address}")


def _api_credentials(path: Path) -> Finding:
    try:
        address = Credentials.load(path).address
    except CredentialsError as fault:
        return Finding("api_credentials_file", ok=False, found="unusable", remedy=str(fault))
    return Finding("api_credentials_file", ok=True, found=f"of {address}")


async def check_venue(settings: Settings) -> list[Finding]:
    """Reachable, and its clock near ours: the venue refuses requests that are signed at another time."""
    if settings.venue == "sim" and "sim_url" not in settings.model_fields_set:
        return []
    client, clock = HttpClient(settings.clob_url), RealClock()
    try:
        answer = await client.request("GET", "/time")
    except (NotSentError, MayHaveBeenSentError) as error:
        remedy = "check the network, and that the address is right"
        return [Finding("venue", ok=False, found=f"{settings.clob_url}: {error}", remedy=remedy)]
    finally:
        await client.close()
    try:
        skew_seconds = (parsedate_to_datetime(answer.headers["date"]) - clock.wall()).total_seconds()
    except (KeyError, ValueError):
        return [Finding("venue", ok=True, found=f"{settings.clob_url} answers")]
    ok = abs(skew_seconds) <= GREATEST_SKEW_SECONDS + 1
    remedy = "" if ok else "set this machine's clock, for example with chrony or systemd-timesyncd"
    return [Finding("clock", ok, f"the venue's is {skew_seconds:+.0f} s off ours", remedy)]
