"""The processes of one `up` as one thing: started in order, recorded, stopped in order."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

from cli import wallet
from cli.control_tokens import write_control_tokens
from cli.run_id import new_run_id
from cli.servers import Servers, embedded_servers
from cli.supervisor.environment import SERVICES
from cli.supervisor.plan import Plan, usual_port
from cli.supervisor.record import RecordedProcess, RunningSystem, recorded, write_record
from cli.supervisor.stages import make_streams, make_tables, start_time
from cli.supervisor.units import ServiceUnit, SimulatorUnit, Unit
from cli.together import all_ended, together
from shared.db.account import account_id
from shared.domain.clock import Clock
from shared.runtime.settings import Settings, start_warnings
from shared.runtime.wallet import wallet_name

Say = Callable[[str], None]


@dataclass(slots=True)
class System:
    """`decided` are the settings that come about while starting; `address` is that of the simulator's wallet."""

    plan: Plan
    clock: Clock
    say: Say
    started_at: datetime = field(init=False)
    decided: dict[str, object] = field(default_factory=dict[str, object])
    servers: Servers | None = None
    simulator: SimulatorUnit | None = None
    services: list[ServiceUnit] = field(default_factory=list[ServiceUnit])
    address: str = ""

    def __post_init__(self) -> None:
        self.started_at = self.clock.wall()

    @property
    def settings(self) -> Settings:
        """What every process gets, as far as it is known by now."""
        return self.plan.load({"home": self.plan.home.path, **self.decided})

    @property
    def account(self) -> str:
        settings = self.settings
        return account_id(settings.venue, settings.mode, wallet_name(settings))

    def units(self) -> list[Unit]:
        """Everything that is watched."""
        servers = self.servers.embedded if self.servers else ()
        return [*servers, *([self.simulator] if self.simulator else []), *self.services]

    async def start(self, stack: AsyncExitStack) -> None:
        """Returns when everything is ready and time runs; `stack` stops it all.

        Raises CommandError, ServerError, SettingsError or MigrationError.
        """
        self._decide_names()
        await together(self._start_servers(stack), self._start_venue(stack))
        self.write_record()
        await self._start_services(stack)
        self.write_record()
        settings = self.settings
        if settings.clock == "announced":
            begin = await start_time(settings, self.clock)
            self.say(f"time runs at {begin.speed:g}x from {begin.domain:%Y-%m-%d %H:%M:%S} UTC")

    async def stop_services(self) -> None:
        await all_ended(*(service.stop() for service in self.services))

    def write_record(self) -> None:
        """For the other commands, and for the start after a crash."""
        settings, supervisor = self.settings, recorded("up", os.getpid())
        if supervisor is None:
            return
        write_record(
            self.plan.home,
            RunningSystem(
                supervisor=supervisor,
                run_id=settings.run_id,
                venue=settings.venue,
                mode=settings.mode,
                account=self.account,
                speed=settings.speed,
                started_at=self.started_at,
                postgres_url=settings.postgres_url,
                nats_url=settings.nats_url,
                redis_url=settings.redis_url,
                sim_url=settings.sim_url if settings.venue == "sim" else "",
                clob_url=settings.clob_url,
                api_credentials_file=str(settings.api_credentials_file or ""),
                control_url=f"http://{settings.control_host}:{settings.control_port}",
                processes=tuple(process for unit in self.units() if (process := _recorded(unit))),
            ),
        )

    def _decide_names(self) -> None:
        plan, settings = self.plan, self.plan.settings
        self.decided["run_id"] = settings.run_id or new_run_id(self.clock.wall())
        if not (plan.is_given("control_port") and settings.control_port):
            self.decided["control_port"] = usual_port(settings.control_port)
        if settings.control_token_file is None:
            self.decided["control_token_file"] = plan.home.secrets / "control_tokens.json"
            write_control_tokens(plan.home.secrets / "control_tokens.json")

    async def _start_servers(self, stack: AsyncExitStack) -> None:
        plan = self.plan
        running = embedded_servers(
            plan.home.path,
            postgres_url=plan.given_url("postgres_url"),
            nats_url=plan.given_url("nats_url"),
            redis_url=plan.given_url("redis_url"),
        )
        self.servers = servers = await stack.enter_async_context(running)
        self.decided["postgres_url"] = servers.postgres_url
        self.decided["nats_url"] = servers.nats_url
        self.decided["redis_url"] = servers.redis_url
        await asyncio.gather(make_tables(servers.postgres_url), make_streams(servers.nats_url))
        self.say("Postgres, NATS and Valkey are ready")

    async def _start_venue(self, stack: AsyncExitStack) -> None:
        settings = self.plan.settings
        if settings.venue != "sim":
            self._take_live_wallet(settings)
            return
        if self.plan.own_simulator:
            self.simulator = SimulatorUnit(self.plan.home, self.plan.simulator_options())
            stack.push_async_callback(self.simulator.stop)
            await self.simulator.start()
            self.decided["sim_url"] = self.simulator.url
        await self._take_simulated_wallet()
        self.say("the simulator is ready")

    async def _take_simulated_wallet(self) -> None:
        """A throwaway key and its credentials; paper trading has no use for the key, but reads the price socket."""
        settings, folder = self.settings, self.plan.home.secrets
        key_file = settings.private_key_file or folder / "signing_key"
        if settings.private_key_file is None:
            wallet.make_key(key_file)
        own = wallet.read_wallet(key_file)
        self.address = own.address
        if settings.api_credentials_file is None:
            credentials = await wallet.log_in(own, settings.clob_url, settings.chain_id, self.clock)
            wallet.write_credentials(folder / "api_credentials.json", credentials)
            self.decided["api_credentials_file"] = folder / "api_credentials.json"
        if settings.mode == "live":
            self.decided["private_key_file"] = key_file
            self.decided["wallet_address"] = settings.wallet_address or own.address

    def _take_live_wallet(self, settings: Settings) -> None:
        key_file = settings.private_key_file
        if settings.mode == "live" and key_file is not None and settings.wallet_address is None:
            self.decided["wallet_address"] = wallet.read_wallet(key_file).address

    async def _start_services(self, stack: AsyncExitStack) -> None:
        settings = self.settings
        for warning in start_warnings(settings):
            self.say(f"warning: {warning}")
        self.services = [ServiceUnit(name, settings, self.plan.home) for name in SERVICES]
        stack.push_async_callback(self.stop_services)
        await together(*(service.start() for service in self.services))
        self.say(f"{len(self.services)} services are ready")


def _recorded(unit: Unit) -> RecordedProcess | None:
    if unit.child is None:
        return None
    port = unit.http_port if isinstance(unit, ServiceUnit | SimulatorUnit) else None
    return recorded(unit.name, unit.child.pid, port)
