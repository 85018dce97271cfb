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
from services.control.domain.receipt import KillReceipt, OrderState, receipt
from services.control.ports import Levels, Records, Switches, UnavailableError
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


class Desk:
    """The operator's desk of one account. Every method raises UnavailableError while Postgres cannot be reached."""

    def __init__(self, identity: Identity, records: Records, switches: Switches, levels: Levels, clock: Clock) -> None:
        self._identity = identity
        self._records = records
        self._switches = switches
        self._levels = levels
        self._clock = clock

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
        """Halts first and counts afterwards: nothing may stand between the call and the lock."""
        started = self._clock.monotonic_seconds()
        state = await self._switches.halt(caller.name, reason)
        halted = self._clock.monotonic_seconds()
        before = await self._switches.open_orders()
        ids = frozenset(order.order_id for order in before)
        after = await self._switches.wait_until_closed(ids, wait_seconds)
        return _timed(state, caller, before, dict(after), started, halted, self._clock.monotonic_seconds())

    async def resume(self, caller: Caller, reason: str) -> str:
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


def _timed(
    state: str, caller: Caller, before: list[OrderState], after: dict[str, OrderState],
    started: float, halted: float, ended: float,
) -> KillReceipt:  # fmt: skip
    halted_ms, took_ms = round((halted - started) * 1000), round((ended - started) * 1000)
    return receipt(state, caller.name, before, after, halted_ms, took_ms)
