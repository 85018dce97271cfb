"""`new-run`, `migrate`, `start-clock`: the steps of an `up`, one by one, for containers and servers that exist."""

import asyncio
from typing import Annotated

import typer

from cli.errors import EXIT_USAGE, CommandError
from cli.files_to_make import RUN_ID_FILE, named_file, settings_without_them
from cli.home import write_private
from cli.output import AsJson, print_json, say_to_stdout
from cli.run_id import new_run_id, simulator_answers
from cli.servers.existing import check_nats, check_postgres
from cli.setting_options import ConfigFile, Given, settings_from, with_setting_options
from cli.supervisor.stages import all_ready, make_streams, make_tables, start_time
from shared.domain.clock import ClockOrigin
from shared.runtime.clock import RealClock
from shared.runtime.settings import Settings


@with_setting_options
def new_run(*, given: Given, config_file: ConfigFile = None) -> None:
    """Name a new run in the file TDMAKER_RUN_ID_FILE, unless the simulator of the last one is still running."""
    settings, path = settings_without_them(config_file, given), named_file(RUN_ID_FILE)
    if path is None:
        raise CommandError(f"{RUN_ID_FILE} is missing; name the file in which the run's name is kept", EXIT_USAGE)
    if settings.venue == "sim" and path.exists() and asyncio.run(simulator_answers(settings.sim_url)):
        say_to_stdout(f"run {path.read_text().strip()} goes on")
        return
    run_id = new_run_id(RealClock().wall())
    write_private(path, run_id)
    say_to_stdout(f"run {run_id} begins")


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
def start_clock(
    *,
    given: Given,
    wait_for: Annotated[
        list[str] | None,
        typer.Option("--wait-for", metavar="URL", help="A service that must be ready first; as often as there are any"),
    ] = None,
    within: Annotated[
        float, typer.Option("--within", min=1, metavar="SECONDS", help="How long to wait for them")
    ] = 300,
    config_file: ConfigFile = None,
) -> None:
    """Let domain time begin for --run-id, at the simulator and for every service; once begun, it stays as it is."""
    settings = settings_from(config_file, given)
    if not settings.run_id:
        raise CommandError("run_id is missing: the origin of time belongs to a run; name it with --run-id", EXIT_USAGE)
    begin = asyncio.run(_start_time(settings, wait_for or [], within))
    say_to_stdout(f"time runs at {begin.speed:g}x for run {settings.run_id}")
    if begin.speed != settings.speed:
        say_to_stdout(
            f"it ran already; speed={settings.speed:g} comes into force when everything is stopped and started"
        )


async def _migrate(settings: Settings) -> list[str]:
    await check_postgres(settings.postgres_url)
    await check_nats(settings.nats_url)
    applied = await make_tables(settings.postgres_url)
    await make_streams(settings.nats_url)
    return applied


async def _start_time(settings: Settings, services: list[str], bound_seconds: float) -> ClockOrigin:
    await all_ready(services, bound_seconds)
    return await start_time(settings, RealClock())
