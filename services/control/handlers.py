"""What an operator can ask for and do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from services.control.domain.access import Caller
from services.control.domain.overview import (
    AccountView,
    BreakerView,
    MarketView,
    OrderView,
    Overview,
    PositionView,
    ProfitView,
)
from services.control.domain.receipt import KillReceipt, VenueReceipt, not_halted, receipt
from services.control.ports import (
    BeginEmptying,
    DatabaseAwayError,
    Emptying,
    Levels,
    Records,
    Switches,
    UnavailableError,
)
from shared.domain.clock import Clock

SHOWN_MAX = 100
MOVE_STEP = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Identity:
    """What this system is; the speed is asked for anew, since it is known only once domain time runs."""

    account: str
    venue: str
    mode: str
    run_id: str


@dataclass(frozen=True, slots=True)
class OwedKill:
    """One that Postgres could not be told yet; nothing rests at a venue on paper."""

    actor: str
    reason: str
    emptying: Emptying | None


class Desk:
    """The operator's desk of one account. Every method but `kill` raises UnavailableError while Postgres cannot be
    reached. `begin_emptying` is None on paper."""

    def __init__(
        self,
        identity: Identity,
        records: Records,
        switches: Switches,
        levels: Levels,
        clock: Clock,
        begin_emptying: BeginEmptying | None = None,
    ) -> None:
        self._identity = identity
        self._records = records
        self._switches = switches
        self._levels = levels
        self._clock = clock
        self._begin_emptying = begin_emptying
        self._owed: OwedKill | None = None

    async def overview(self, speed: float) -> Overview:
        now = self._clock.now()
        return Overview(
            at=self._clock.wall(),
            domain_at=now,
            speed=speed,
            venue=self._identity.venue,
            mode=self._identity.mode,
            run_id=self._identity.run_id,
            account=await self.account(),
            profit=await self.profit(),
            markets=tuple(self._with_levels(market) for market in await self._records.markets(now)),
            orders=tuple(await self.orders(working_only=False)),
            positions=tuple(await self.positions(held_only=False)),
            services=tuple(await self._records.services()),
        )

    async def account(self) -> AccountView:
        account = await self._records.account()
        if account is None:
            raise self._not_open()
        return account

    async def positions(self, *, held_only: bool) -> list[PositionView]:
        positions = await self._records.positions(held_only=held_only, limit=SHOWN_MAX)
        return [self._marked(position) for position in positions]

    async def orders(self, *, working_only: bool) -> list[OrderView]:
        return await self._records.orders(working_only=working_only, limit=SHOWN_MAX)

    async def profit(self) -> ProfitView:
        return await self._records.profit(self._clock.now())

    async def breaker(self) -> BreakerView:
        breaker = await self._records.breaker(self._clock.now())
        if breaker is None:
            raise self._not_open()
        return breaker

    async def reset_breaker(self, caller: Caller, *, force: bool) -> str | None:
        """The trading state that now holds; None, and nothing done, while the day is at its limit without force."""
        return await self._switches.reset_breaker(caller.name, force=force)

    async def kill(self, caller: Caller, reason: str, wait_seconds: float) -> KillReceipt:
        """Halts first and counts afterwards: nothing may stand between the call and the lock. Where Postgres does not
        answer, the venue is emptied first and halting is tried again; what is still owed then `insist` pays."""
        started = self._clock.monotonic_seconds()
        try:
            state = await self._switches.halt(caller.name, reason)
        except DatabaseAwayError as error:
            return await self._kill_at_venue_first(caller, reason, wait_seconds, started, str(error))
        self._owed = None
        return await self._closed(caller, state, wait_seconds, started, None)

    async def insist(self) -> None:
        """A kill that Postgres could not be told is not forgotten: the venue is kept empty until it could."""
        owed = self._owed
        if owed is None:
            return
        if owed.emptying is not None:
            await owed.emptying.strike()
        await self._switches.halt(owed.actor, owed.reason)
        self._owed = None

    async def _kill_at_venue_first(
        self, caller: Caller, reason: str, wait_seconds: float, started: float, problem: str
    ) -> KillReceipt:
        begin = self._begin_emptying
        emptying = None if begin is None else begin(started)
        while True:
            venue = None if emptying is None else await emptying.strike()
            if self._clock.monotonic_seconds() - started > wait_seconds:
                self._owed = OwedKill(caller.name, reason, emptying)
                return not_halted(caller.name, self._since_ms(started), venue, problem)
            try:
                state = await self._switches.halt(caller.name, reason)
            except DatabaseAwayError:
                continue
            self._owed = None
            return await self._closed(caller, state, wait_seconds, started, venue)

    async def _closed(
        self, caller: Caller, state: str, wait_seconds: float, started: float, venue: VenueReceipt | None
    ) -> KillReceipt:
        halted_ms = self._since_ms(started)
        before = await self._switches.open_orders()
        ids = frozenset(order.order_id for order in before)
        after = await self._switches.wait_until_closed(ids, wait_seconds)
        return receipt(state, caller.name, before, dict(after), halted_ms, self._since_ms(started), venue)

    def _since_ms(self, started: float) -> int:
        return round((self._clock.monotonic_seconds() - started) * 1000)

    async def resume(self, caller: Caller, reason: str) -> str:
        """A kill that is still owed is taken back, too."""
        self._owed = None
        return await self._switches.resume(caller.name, reason)

    async def pause(self, caller: Caller, reason: str) -> str:
        return await self._switches.pause(caller.name, reason)

    def _not_open(self) -> UnavailableError:
        return UnavailableError(f"account {self._identity.account} is not open yet; the executor opens it at start")

    def _with_levels(self, market: MarketView) -> MarketView:
        spot = self._levels.spot(market.coin)
        price, source = spot or (None, None)
        return replace(
            market,
            spot=price,
            price_source=source,
            move_pct=_move_pct(price, market.strike),
            tops=tuple(self._levels.top(top.outcome, top.token) for top in market.tops),
        )

    def _marked(self, position: PositionView) -> PositionView:
        bid = self._levels.top(position.outcome, position.token).bid
        worth = None if bid is None or not position.shares else bid * position.shares
        return replace(position, bid=bid, worth=worth)


def _move_pct(spot: Decimal | None, strike: Decimal | None) -> Decimal | None:
    if spot is None or not strike:
        return None
    return ((spot - strike) / strike * 100).quantize(MOVE_STEP, ROUND_HALF_UP)
