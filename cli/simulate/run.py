"""One seed: a system is started, tormented by its plan, left alone, and then has to agree with the venue."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg

from cli.home import write_private
from cli.referee import read_own_record
from cli.simulate.bus import Nats, SimulatedClient
from cli.simulate.chance import no_other_chance, seeded
from cli.simulate.clock import VirtualClock
from cli.simulate.hand import Hand
from cli.simulate.life import Life, let_go
from cli.simulate.loop import VirtualLoop
from cli.simulate.memory import Memory
from cli.simulate.plan import TROUBLE_SECONDS, blows
from cli.simulate.postgres import Postgres
from cli.simulate.processes import Processes
from cli.simulate.referee import Referee
from cli.simulate.tables import EPOCH, WallOfTables, empty_tables
from cli.simulate.venue import SimulatedHttp, Venue
from cli.simulate.world import World
from cli.wallet import Wallet, read_wallet, write_credentials
from shared.bus.streams import load_topology, provision
from shared.db.account import account_id
from shared.db.clock import set_origin
from shared.domain.clock import ClockOrigin
from shared.runtime.settings import Settings, load_settings
from shared.runtime.wallet import wallet_name
from shared.venue.login import obtain_credentials
from venue_sim.facts import ClockSet

RUN = "simulation"
SPEED = 20.0
COINS = (*5 * ("btc",), "btc,eth")
DEPOSIT_WALLET_SHARE = 0.5
DEPOSIT_WALLET = "0x" + "77" * 20
"""Whose tokens the executor turns into cash."""
DEPOSIT_DOLLARS = 1000
PLACE_TIMEOUT_SECONDS = 3
LOOK_DOMAIN_SECONDS = 2
STOP_LOSS_SHARE = 0.5
QUIET_SECONDS = 12.0
"""Longer than an order may stay in doubt; what takes longer, a lease and a few starts, has until they agree."""
AGREE_SECONDS = 25.0
WATCH_SECONDS = 0.5
KEY, CREDENTIALS, RELAYER_KEY = "key", "credentials.json", "relayer.json"


@dataclass(slots=True)
class Outcome:
    """What one seed came to. `violations` has one line each, with the second at which it was seen."""

    seed: int
    orders: int = 0
    fills: int = 0
    settled: int = 0
    turned: int = 0
    """Redemptions and merges that the venue's balances proved."""
    statements: int = 0
    ends: int = 0
    deeds: Mapping[str, int] = field(default_factory=dict[str, int])
    exposure_peak: Decimal = Decimal(0)
    violations: list[str] = field(default_factory=list[str])
    failures: Sequence[str] = ()
    digest: str = ""


def simulate(seed: int, conninfo: str, trouble_seconds: float = TROUBLE_SECONDS) -> Outcome:
    """`conninfo`: a database made by `make_tables`, for this run alone. Raises StalledError."""
    with tempfile.TemporaryDirectory(prefix="tdmaker-simulate-") as folder, no_other_chance(seed):
        loop = VirtualLoop()
        asyncio.set_event_loop(loop)
        run = Run(seed, conninfo, Path(folder), loop)
        try:
            loop.run_until_complete(loop.create_task(run.play(trouble_seconds), context=Life("harness").context()))
        finally:
            run.close()
            asyncio.set_event_loop(None)
        return run.outcome


class Run:
    """One system, live at a venue of its own."""

    def __init__(self, seed: int, conninfo: str, folder: Path, loop: VirtualLoop) -> None:
        self.outcome = Outcome(seed)
        self._seed = seed
        self._folder = folder
        self._loop = loop
        self._tables = psycopg.connect(conninfo, autocommit=True)
        empty_tables(self._tables)
        origin = ClockOrigin(EPOCH, EPOCH + timedelta(seconds=seeded(seed, "origin").uniform(0, 240)), SPEED)
        self._wall = WallOfTables(self._tables)
        set_origin(conninfo, RUN, origin)
        self._clock = VirtualClock(loop, EPOCH, origin)
        self._wallet = _wallet(folder, seed)
        self._settings = _settings(seed, conninfo, folder, self._wallet)
        self._world = self._made(conninfo)
        self._account = account_id("sim", "live", wallet_name(self._settings))
        self._processes = Processes(self._world)
        self._referee = Referee(
            self._tables, self._world, self._account, self._wallet.address, Decimal(DEPOSIT_DOLLARS)
        )

    async def play(self, trouble_seconds: float) -> None:
        await self._open()
        self._processes.start_all()
        hand = Hand(self._world, self._processes, self._account)
        watch = asyncio.create_task(self._watch())
        await hand.strike_all(blows(self._seed, trouble_seconds))
        await asyncio.sleep(max(0.0, trouble_seconds - self._loop.time()) + QUIET_SECONDS)
        watch.cancel()
        for line in await self._differences():
            self._violated(line)
        self._sum_up(hand)

    def close(self) -> None:
        """What is left of the dead and the living is let go of without a further step."""
        let_go(self._loop.tasks)
        self._loop.tasks.clear()
        self._world.venue.stop()
        self._world.postgres.close()
        self._tables.close()
        self._wall.close()
        self._loop.close()

    async def _open(self) -> None:
        venue, origin = self._world.venue, self._clock.origin
        venue.start()
        venue.simulator.world.set_clock(ClockSet(_ms(origin.wall), _ms(origin.domain), origin.speed))
        headers = self._wallet.login_headers(int(self._clock.wall().timestamp()), self._settings.chain_id)
        credentials = await obtain_credentials(SimulatedHttp.of(venue, self._settings.clob_url), headers)
        write_credentials(self._folder / CREDENTIALS, credentials)
        relayer_key = {"key": credentials.api_key, "address": credentials.address}
        write_private(self._folder / RELAYER_KEY, json.dumps(relayer_key))
        client = await SimulatedClient.connected(self._world.nats)
        await provision(client.jetstream(), self._world.nats.topology)

    async def _watch(self) -> None:
        while True:
            for line in self._referee.at_every_instant():
                self._violated(line)
            await asyncio.sleep(WATCH_SECONDS)

    async def _differences(self) -> list[str]:
        """What is under way at this instant is given the time to arrive."""
        give_up_seconds = self._loop.time() + AGREE_SECONDS
        while True:
            found = await self._referee.at_the_end()
            found += [f"{name} is not ready" for name in self._processes.unready()]
            if not found or self._loop.time() > give_up_seconds:
                return found
            await asyncio.sleep(WATCH_SECONDS)

    def _violated(self, line: str) -> None:
        if not any(known.endswith(line) for known in self.outcome.violations):
            self.outcome.violations.append(f"{self._loop.time():.3f} s: {line}")

    def _sum_up(self, hand: Hand) -> None:
        own, outcome = read_own_record(self._tables, self._account), self.outcome
        outcome.orders, outcome.fills, outcome.settled = len(own.orders), len(own.fills), len(own.settled)
        outcome.turned = self._referee.turned()
        outcome.statements = self._world.postgres.statements
        outcome.ends = sum(self._processes.ends.values())
        outcome.deeds = {str(deed): count for deed, count in sorted(hand.struck.items())}
        outcome.exposure_peak = self._referee.exposure_peak
        outcome.failures = tuple(self._processes.failures)
        outcome.digest = hashlib.sha256(repr((own, outcome.statements, outcome.ends)).encode()).hexdigest()[:12]

    def _made(self, conninfo: str) -> World:
        seed, clock = self._seed, self._clock
        redemption = "on-request" if self._settings.funder else "at-once"
        options = (
            *("--seed", str(seed), "--coins", ",".join(self._settings.symbols), "--durations", "5m"),
            *("--balance", str(DEPOSIT_DOLLARS), "--redemption", redemption),
        )
        return World(
            settings=self._settings,
            clock=clock,
            postgres=Postgres(conninfo, self._wall, clock.wall, seeded(seed, "postgres")),
            nats=Nats(load_topology(), clock.wall, seeded(seed, "nats")),
            memory=Memory(),
            venue=Venue(options, self._folder / "venue", clock, seeded(seed, "venue")),
            chance=seeded(seed, "ids"),
        )


def _settings(seed: int, conninfo: str, folder: Path, wallet: Wallet) -> Settings:
    """The limit binds, so that it is tried; the rest varies with the seed."""
    chance = seeded(seed, "settings")
    has_stop_loss = chance.random() < STOP_LOSS_SHARE
    has_deposit_wallet = chance.random() < DEPOSIT_WALLET_SHARE
    holder = {"funder": DEPOSIT_WALLET, "signature_type": 3, "relayer_key_file": folder / RELAYER_KEY}
    return load_settings(
        None,
        {
            **(holder if has_deposit_wallet else {}),
            "venue": "sim",
            "mode": "live",
            "symbols": chance.choice(COINS),
            "slot_duration": "5m",
            "speed": SPEED,
            "clock": "announced",
            "run_id": RUN,
            "sim_url": "http://venue",
            "postgres_url": conninfo,
            "private_key_file": folder / KEY,
            "api_credentials_file": folder / CREDENTIALS,
            "wallet_address": wallet.address,
            "place_timeout": PLACE_TIMEOUT_SECONDS,
            "maker_interval": LOOK_DOMAIN_SECONDS,
            "order_size": 10,
            "max_exposure": chance.choice((15, 25, 45)),
            "ladder_rungs": chance.choice((1, 1, 3)),
            "min_entry_minutes": "0",
            "stoploss_peak": "0.76" if has_stop_loss else "0",
            "stoploss_exit": "0.50" if has_stop_loss else "0",
            "cb_max_losses": 1000,
            "cb_max_drawdown": -1_000_000,
            "cb_daily_limit": -1_000_000,
        },
        environ={},
    )


def _wallet(folder: Path, seed: int) -> Wallet:
    """A key that is nobody's: anybody can compute it."""
    write_private(folder / KEY, "0x" + hashlib.sha256(f"simulation {seed}".encode()).hexdigest())
    return read_wallet(folder / KEY)


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
