"""`migrate`, `secrets`, `start-clock`: the steps of an `up`, one by one, for containers and servers that exist."""

import asyncio
import os
import secrets as randomness
from pathlib import Path

from cli import wallet
from cli.control_tokens import write_control_tokens
from cli.errors import EXIT_USAGE, CommandError
from cli.home import write_private
from cli.output import AsJson, print_json, say_to_stdout
from cli.servers.existing import check_nats, check_postgres
from cli.setting_options import ConfigFile, Given, settings_from, with_setting_options
from cli.supervisor.stages import make_streams, make_tables, start_time
from shared.runtime.clock import RealClock
from shared.runtime.settings import Settings

READABLE_BY_GROUP = 0o640


@with_setting_options
def migrate(*, given: Given, as_json: AsJson = False, config_file: ConfigFile = None) -> None:
    """Bring the tables of --postgres-url and the streams of --nats-url to what this tree needs; safe to repeat."""
    settings = settings_from(config_file, given)
    applied = asyncio.run(_migrate(settings))
    if as_json:
        print_json({"applied": applied})
    else:
        say_to_stdout(f"applied {len(applied)} files; the streams are declared")


@with_setting_options
def secrets(*, given: Given, config_file: ConfigFile = None) -> None:
    """Make every secret file that the settings name and that is missing: passwords, tokens, simulator key and login."""
    settings = settings_from(config_file, given)
    made = [*_database_secrets(), *_control_tokens(settings), *asyncio.run(_venue_secrets(settings))]
    say_to_stdout(f"made {', '.join(made)}" if made else "every secret is there already")


@with_setting_options
def start_clock(*, given: Given, config_file: ConfigFile = None) -> None:
    """Let domain time begin for --run-id, at the simulator and for every service; once begun, it stays as it is."""
    settings = settings_from(config_file, given)
    if not settings.run_id:
        raise CommandError("run_id is missing: the origin of time belongs to a run; name it with --run-id", EXIT_USAGE)
    asyncio.run(start_time(settings, RealClock()))
    say_to_stdout(f"time runs at {settings.speed:g}x for run {settings.run_id}")


async def _migrate(settings: Settings) -> list[str]:
    await check_postgres(settings.postgres_url)
    await check_nats(settings.nats_url)
    applied = await make_tables(settings.postgres_url)
    await make_streams(settings.nats_url)
    return applied


def _database_secrets() -> list[str]:
    """The password in the two files that the official image and libpq read, named by their own variables."""
    password_file, pass_file = os.environ.get("POSTGRES_PASSWORD_FILE"), os.environ.get("PGPASSFILE")
    if password_file is None or pass_file is None or Path(pass_file).exists():
        return []
    password = randomness.token_urlsafe(24)
    write_private(Path(password_file), password)
    Path(password_file).chmod(READABLE_BY_GROUP)
    write_private(Path(pass_file), f"*:*:*:*:{password}\n")
    return ["the database password"]


def _control_tokens(settings: Settings) -> list[str]:
    if settings.control_token_file is None or settings.control_token_file.exists():
        return []
    write_control_tokens(settings.control_token_file)
    return ["the tokens of the control API"]


async def _venue_secrets(settings: Settings) -> list[str]:
    """At the simulator a throwaway key and its login; the key of a real account is brought by its owner."""
    made: list[str] = []
    key, credentials = settings.private_key_file, settings.api_credentials_file
    if settings.venue == "sim" and key is not None and not key.exists():
        wallet.make_key(key)
        made.append("a throwaway signing key")
    if key is not None and key.exists() and credentials is not None:
        own = wallet.read_wallet(key)
        found = await wallet.log_in(own, settings.clob_url, settings.chain_id, RealClock())
        wallet.write_credentials(credentials, found)
        made.append(f"the API credentials of {own.address}")
    return made
