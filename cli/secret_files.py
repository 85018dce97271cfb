"""Makes the small files that a system of containers starts with; none that exists is ever replaced."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from cli import wallet
from cli.control_tokens import write_control_tokens
from cli.errors import EXIT_USAGE, CommandError
from cli.home import write_private
from shared.domain.clock import Clock
from shared.runtime.settings import Settings
from shared.venue.auth import Credentials

READABLE_BY_GROUP = 0o640


def make_database_password(password_file: Path | None, pass_file: Path | None, postgres_url: str) -> Iterator[str]:
    """The password for the official Postgres image, and libpq's line for whoever connects there; yields what it made.

    Raises CommandError.
    """
    if pass_file is not None and password_file is None and not pass_file.exists():
        raise CommandError(
            f"PGPASSFILE={pass_file}: is missing; create it, or name POSTGRES_PASSWORD_FILE too", EXIT_USAGE
        )
    if password_file is None:
        return
    if not password_file.exists():
        known = pass_file.read_text().strip() if pass_file is not None and pass_file.exists() else ""
        write_private(password_file, known.rpartition(":")[2] or secrets.token_urlsafe(24))
        password_file.chmod(READABLE_BY_GROUP)
        yield "the database's password"
    if pass_file is not None and not pass_file.exists():
        write_private(pass_file, f"{_place(postgres_url)}:{password_file.read_text().strip()}\n")
        yield "the password file of its clients"


def make_control_tokens(path: Path | None) -> Iterator[str]:
    if path is not None and not path.exists():
        write_control_tokens(path)
        yield "the tokens of the control API"


def make_simulator_key(settings: Settings) -> Iterator[str]:
    """Only the simulator is given a made-up key; that of a real account is brought by its owner."""
    key = settings.private_key_file
    if settings.venue == "sim" and key is not None and not key.exists():
        wallet.make_key(key)
        yield "a throwaway signing key"


def write_wallet_address(settings: Settings, path: Path | None) -> None:
    """Who trades live, for processes that may not see the key; on paper the file is empty: no wallet."""
    if path is None:
        return
    key = settings.private_key_file
    is_live = settings.mode == "live" and key is not None and key.exists()
    write_private(path, wallet.read_wallet(key).address if is_live and key is not None else "")


async def make_api_credentials(settings: Settings, clock: Clock) -> list[str]:
    """The wallet's login at the venue. The simulator is asked each time: its accounts may have been thrown away.

    Raises CommandError or SettingsError.
    """
    key, path = settings.private_key_file, settings.api_credentials_file
    if key is None or path is None or not key.exists() or (path.exists() and settings.venue != "sim"):
        return []
    own = wallet.read_wallet(key)
    found = await wallet.log_in(own, settings.clob_url, settings.chain_id, clock)
    if path.exists() and Credentials.load(path) == found:
        return []
    wallet.write_credentials(path, found)
    return [f"the API credentials of {own.address}"]


def _place(postgres_url: str) -> str:
    """host:port:database:user as libpq's password file has them. Raises CommandError."""
    try:
        known = conninfo_to_dict(postgres_url)
    except psycopg.ProgrammingError as error:
        raise CommandError(f"postgres_url: {error}", EXIT_USAGE) from None
    return f"{known.get('host', '*')}:{known.get('port', 5432)}:*:{known.get('user', '*')}"
