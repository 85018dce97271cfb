"""The executor and fills as they run, over real Postgres and NATS, in one process with the test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, LiteralString

import nats
import nats.js.errors
import psycopg
from nats.aio.client import Client

from shared.bus.levels import publish_level
from shared.bus.relay import publish
from shared.bus.streams import load_topology, provision
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, MarketId, OrderId, TokenId, entry_order_id, exit_order_id
from shared.domain.market import Market
from shared.domain.money import Price, Shares
from shared.domain.order import TimeInForce
from shared.messages.bidder import CancelEntry, PlaceEntry
from shared.messages.discovery import BookLevel, TopChanged
from shared.messages.envelope import Message, command
from shared.messages.risk import Sell
from shared.runtime.clock import RealClock
from shared.runtime.service import ServiceContext, Start, run_service
from shared.runtime.settings import Settings

PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.01
REAL_CLOCK = RealClock()
WATCHERS = ("discovery", "bidder", "risk")


class Floor:
    """What the other services would do: list a market, be alive, bid, publish books."""

    def __init__(
        self, settings: Settings, account: str, client: Client, connection: psycopg.AsyncConnection, clock: Clock
    ) -> None:
        self.settings = settings
        self.account = AccountId(account)
        self.clock = clock
        self._client = client
        self._connection = connection
        self._running: dict[str, tuple[asyncio.Task[int], ServiceContext]] = {}
        self._alive: asyncio.Task[None] | None = None
        self._sequence = 0
        self._silent: set[str] = set()

    @classmethod
    async def opened(cls, settings: Settings, account: str, clock: Clock = REAL_CLOCK) -> Floor:
        client = await nats.connect(settings.nats_url)
        jetstream = client.jetstream()
        for name in load_topology().streams:
            try:
                await jetstream.delete_stream(name)
            except nats.js.errors.NotFoundError:
                continue
        await provision(jetstream, load_topology())
        connection = await psycopg.AsyncConnection.connect(settings.postgres_url, autocommit=True)
        floor = cls(settings, account, client, connection, clock)
        floor._alive = asyncio.create_task(floor._stay_alive())
        return floor

    async def close(self) -> None:
        for name in list(self._running):
            await self.stop(name)
        if self._alive:
            self._alive.cancel()
        await self._client.close()
        await self._connection.close()

    def is_running(self, name: str) -> bool:
        return not self._running[name][0].done()

    async def start(self, name: str, start: Start, settings: Settings | None = None) -> ServiceContext:
        """Runs a service until it is ready, with the floor's settings unless given others."""
        ready: asyncio.Future[ServiceContext] = asyncio.get_running_loop().create_future()

        async def started(context: ServiceContext) -> None:
            await start(context)
            ready.set_result(context)

        task = asyncio.create_task(run_service(name, settings or self.settings, started))
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_SECONDS)
        assert ready.done(), f"{name} did not start"
        self._running[name] = (task, ready.result())
        return ready.result()

    async def stop(self, name: str) -> None:
        task, context = self._running.pop(name)
        context.stop()
        assert await task == 0

    async def silence(self, name: str) -> None:
        """A watcher that runs here crashes, one that is only pretended says nothing more; for five seconds already."""
        if name in self._running:
            await self.crash(name)
        self._silent.add(name)
        await self.execute("update liveness set seen_at = seen_at - interval '5 seconds' where service = %s", name)

    async def ended(self, name: str) -> int:
        """The exit code of a service that ends by itself."""
        task, _ = self._running.pop(name)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await task

    async def reconnect(self) -> None:
        """After the database was away."""
        await self._connection.close()
        self._connection = await psycopg.AsyncConnection.connect(self.settings.postgres_url, autocommit=True)
        self._alive = asyncio.create_task(self._stay_alive())

    async def crash(self, name: str) -> None:
        """Ends the service without any of its farewells that need the loop."""
        task, _ = self._running.pop(name)
        task.cancel()
        await asyncio.wait({task})

    async def add_market(self, market: str, *, minutes_left: float = 10, tokens: tuple[str, str] = ("1", "2")) -> None:
        end = self.clock.now() + timedelta(minutes=minutes_left)
        await self.execute(
            "insert into market (market_id, venue, slug, coin, slot_start, slot_end, tick, min_shares, taker_fee_rate,"
            " protocol_version, neg_risk, accepting_orders) values (%s, 'sim', %s, 'btc', %s, %s, 0.01, 5, 0.07, 'v1',"
            " false, true)",
            market, market, end - timedelta(minutes=15), end,
        )  # fmt: skip
        for position, (outcome, token) in enumerate(zip(("Up", "Down"), tokens, strict=True)):
            await self.execute("insert into market_outcome values (%s, %s, %s, %s)", market, position, outcome, token)

    async def list_market(self, market: Market) -> None:
        """As the venue describes it."""
        await self.execute(
            "insert into market (market_id, venue, slug, coin, slot_start, slot_end, tick, min_shares, taker_fee_rate,"
            " protocol_version, neg_risk, accepting_orders) values (%s, 'sim', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            market.market, market.slug, market.coin, market.start, market.end, market.tick, market.min_shares.value,
            market.taker_fee_rate, str(market.version), market.neg_risk, market.accepting_orders,
        )  # fmt: skip
        for position, outcome in enumerate(market.outcomes):
            await self.execute(
                "insert into market_outcome values (%s, %s, %s, %s)",
                market.market, position, outcome.name, outcome.token,
            )  # fmt: skip

    async def until_taken(self) -> None:
        """Every intent sent so far was handled."""
        await self.until(lambda: self.left("intents"), 0)

    async def left(self, stream: str, service: str = "executor") -> int:
        """Messages that the service has not handled yet."""
        info = await self._client.jetstream().consumer_info(stream, f"{service}_{stream}")
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def bid(self, market: str, token: str, price: str = "0.80", shares: str = "10", **how: Any) -> OrderId:
        """An order in the table; `how` as in `intend`."""
        return await self.until_entered(lambda: self.intend(market, token, price, shares, **how))

    async def until_entered(
        self, intend: Callable[[], Awaitable[OrderId]], has_died: Callable[[], bool] = lambda: False
    ) -> OrderId:
        """Intends again while the executor refuses, as the bidder plans again: it may miss a watcher that has just
        started, or not have heard yet that trading is active. Until its process has died, if that may come first."""
        order = await intend()

        async def is_over() -> bool:
            if not (has_died() or await self.status(order) or await self.left("intents")):
                await intend()
            return has_died() or await self.status(order) is not None

        await self.until(is_over, expected=True)
        return order

    async def intend(
        self, market: str, token: str, price: str = "0.80", shares: str = "10", *, outcome: str = "Up", rung: int = 0,
        attempt: int = 0, valid_seconds: float = 2.0, time_in_force: TimeInForce = TimeInForce.GTC,
    ) -> OrderId:  # fmt: skip
        """Once, whatever becomes of it."""
        order_id = entry_order_id("td", MarketId(market), outcome, rung, attempt)
        await self._send(
            PlaceEntry(
                order_id=order_id, account=self.account, strategy_tag="td", market=MarketId(market),
                token=TokenId(token), outcome=outcome, rung=rung, attempt=attempt, price=Price.of(price),
                shares=Shares.of(shares), time_in_force=time_in_force, post_only=time_in_force is TimeInForce.GTC,
                decided_at=self.clock.now(),
                valid_until=self.clock.wall() + timedelta(seconds=valid_seconds),
            ),
            market,
        )  # fmt: skip
        return order_id

    async def close_entries(self, market: str) -> None:
        """As risk does: the guard and the command in one commit; the executor's relay sends it."""
        await self.execute(
            "select close_entries(%s, %s, 'STOP_LOSS', 'risk', %s)", self.account, market, self.clock.now()
        )

    async def entries_closed(self) -> int:
        return await self.one("select count(*) from outbox where schema = 'executor.entries_closed.v1'")

    async def sell(
        self, market: str, token: str, shares: str, price: str = "0.01", *, outcome: str = "Up", attempt: int = 0
    ) -> OrderId:
        order_id = exit_order_id("td", MarketId(market), outcome, attempt)
        await self._send(
            Sell(
                order_id=order_id, account=self.account, strategy_tag="td", market=MarketId(market),
                token=TokenId(token), outcome=outcome, attempt=attempt, price=Price.of(price),
                shares=Shares.of(shares), reason="STOP_LOSS", decided_at=self.clock.now(),
                valid_until=self.clock.wall() + timedelta(seconds=1),
            ),
            market,
        )  # fmt: skip
        return order_id

    async def cancel(self, order: OrderId, market: str) -> None:
        await self._send(
            CancelEntry(
                order_id=order, account=self.account, market=MarketId(market), reason="BID_OUT_OF_RANGE",
                decided_at=self.clock.now(),
            ),
            market,
        )  # fmt: skip

    async def top(self, market: str, token: str, bid: str | None, ask: str | None) -> None:
        self._sequence += 1
        size = Shares.of("100")
        top = TopChanged(
            market=MarketId(market),
            token=TokenId(token),
            bids=() if bid is None else (BookLevel(price=Price.of(bid), shares=size),),
            asks=() if ask is None else (BookLevel(price=Price.of(ask), shares=size),),
            known=True,
            seen_at=self.clock.now(),
            sequence=self._sequence,
        )
        await publish_level(self._client, top, token)

    async def execute(self, statement: LiteralString, *parameters: object) -> None:
        await self._connection.execute(statement, parameters)

    async def one(self, statement: LiteralString, *parameters: object) -> Any:
        row = await (await self._connection.execute(statement, parameters)).fetchone()
        return None if row is None else row[0]

    async def status(self, order: OrderId) -> str | None:
        return await self.one("select status::text from orders where order_id = %s", order)

    async def until(self, look: Callable[[], Awaitable[Any]], expected: object) -> None:
        """Looks until it sees what is expected; fails with what it saw instead."""
        seen: object = None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (seen := await look()) != expected:
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"saw {seen!r}, expected {expected!r}") from None

    async def until_status(self, order: OrderId, expected: str) -> None:
        await self.until(lambda: self.status(order), expected)

    async def exposure(self) -> Decimal:
        return await self.one("select open_cost + reserved from account where account_id = %s", self.account)

    async def _send(self, message: Message, market: str) -> None:
        self._sequence += 1
        now = self.clock.now()
        envelope = command(
            message, message_id=f"test-{now.timestamp()}-{self._sequence}", producer="bidder", key=market,
            occurred_at=now, recorded_at=now,
        )  # fmt: skip
        await publish(self._client.jetstream(), f"{message.SUBJECT}.{market}", envelope)

    async def _stay_alive(self) -> None:
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                for service in set(WATCHERS) - self._silent:
                    await self.execute("select beat(%s, %s, 'test')", self.account, service)
                await asyncio.sleep(1)
