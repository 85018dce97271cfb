"""Keeps the trading state true, the highest bids durable, and watches that a kill empties the venue."""

from __future__ import annotations

from services.risk.domain.causes import changes
from services.risk.domain.highest_bid import HighestBids
from services.risk.domain.liveness import roll_call
from services.risk.domain.resting import Resting
from services.risk.domain.second_line import SecondLine
from services.risk.domain.staleness import FreshestBook, Limits, SlotTimes, stale_cause
from services.risk.ports import Account, AccountState, Report, Snapshot, Venue
from shared.domain.clock import Clock
from shared.domain.order import Order
from shared.messages.discovery import MarketListed, TopChanged
from shared.messages.envelope import Envelope, open_envelope
from shared.messages.executor import OrderChanged
from shared.messages.fills import PositionChanged


class Keeper:
    """The causes that are risk's to set and clear, as levels: what they should be against what is listed."""

    def __init__(self, account: Account, report: Report, clock: Clock, limits: Limits, resting: Resting) -> None:
        self._account = account
        self._report = report
        self._clock = clock
        self._limits = limits
        self._books = FreshestBook()
        self._highest = HighestBids()
        self._resting = resting
        self._since_seconds = clock.monotonic_seconds()
        self.seen: AccountState | None = None

    async def recover(self) -> Snapshot:
        """Takes over what the tables say; at start, and again now and then in case a fact was missed. Returns it."""
        resting, held_tokens = self._resting.tokens(), self._highest.tokens()
        snapshot = await self._account.snapshot(self._clock.now())
        for market in snapshot.markets:
            self._books.know(market.market, SlotTimes(market.start, market.end))
        for order in snapshot.orders:
            self._resting.put(order)
        for held in snapshot.positions:
            self._highest.hold(held.market, held.token, held.shares, held.version, held.highest_bid)
        self._resting.forget(resting - {order.token for order in snapshot.orders})
        self._highest.forget(held_tokens - {held.token for held in snapshot.positions})
        return snapshot

    async def keep(self, *, is_time_running: bool) -> None:
        """One comparison. Books have no age before domain time runs."""
        seen = self.seen = await self._account.state()
        self._report.state(seen)
        roll = roll_call(seen.ages_seconds, self._clock.monotonic_seconds() - self._since_seconds)
        age_seconds = self._books.age_seconds(self._clock.now()) if is_time_running else None
        measure = self._limits.measure(age_seconds)
        self._report.freshest_book(age_seconds, measure)
        stale = stale_cause(measure, age_seconds)
        wanted = [*roll.missing, *([stale] if stale else [])]
        for change in changes(seen.causes, wanted, roll.undecided):
            await self._account.apply(change)
            self._report.changed(change)

    async def raise_highest_bids(self) -> None:
        for rise in self._highest.due(self._clock.monotonic_seconds()):
            try:
                await self._account.raise_highest_bid(rise)
            except Exception:
                self._highest.failed(rise)
                raise
            self._report.rose(rise)

    def on_top(self, top: TopChanged) -> None:
        self._books.hear(top)
        self._highest.hear(top, self._resting.bids(top.token))

    async def on_market(self, fact: Envelope) -> None:
        if fact.schema == MarketListed.SCHEMA:
            market = open_envelope(MarketListed, fact)
            self._books.know(market.market, SlotTimes(market.start, market.end))

    async def on_order(self, fact: Envelope) -> None:
        if fact.schema == OrderChanged.SCHEMA:
            self._resting.put(order_of(open_envelope(OrderChanged, fact)))

    async def on_fill(self, fact: Envelope) -> None:
        if fact.schema == PositionChanged.SCHEMA:
            position = open_envelope(PositionChanged, fact)
            self._highest.hold(position.market, position.token, position.shares, position.version, None)


class KillWatch:
    """After a kill the executor empties the venue. Where orders are still open a second later, risk cancels too."""

    def __init__(self, venue: Venue, report: Report, clock: Clock) -> None:
        self._venue = venue
        self._report = report
        self._clock = clock
        self._line = SecondLine()

    async def look(self, seen: AccountState | None) -> None:
        killed_at = None if seen is None else seen.killed_at
        if not self._line.should_look(killed_at, self._clock.monotonic_seconds()):
            return
        open_orders = await self._venue.open_orders()
        if open_orders == 0:
            self._line.seen_empty()
            self._report.emptied()
            return
        self._report.second_line(open_orders, await self._venue.cancel_all())


def order_of(fact: OrderChanged) -> Order:
    return Order(
        order_id=fact.order_id,
        market=fact.market,
        token=fact.token,
        outcome=fact.outcome,
        side=fact.side,
        rung=fact.rung,
        attempt=fact.attempt,
        price=fact.price,
        shares=fact.shares,
        filled=fact.filled,
        status=fact.status,
        venue_order_id=fact.venue_order_id,
        placed_at=fact.placed_at,
        version=fact.version,
    )
