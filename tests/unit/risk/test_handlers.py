"""Risk with the account and the venue as fakes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from services.risk.domain.causes import Cause, Change, Clear, Raise, TradingState
from services.risk.domain.highest_bid import Rise
from services.risk.domain.liveness import WATCHED
from services.risk.domain.resting import Resting
from services.risk.domain.staleness import Limits, Measure
from services.risk.handlers.keep import Keeper, KillWatch
from services.risk.ports import AccountState, Held, Snapshot
from shared.domain.ids import AccountId, OrderId
from shared.domain.money import NO_CASH, Cash, Price, Shares
from shared.domain.order import OrderStatus, Side
from shared.messages.envelope import Envelope, Message, command
from shared.messages.executor import OrderChanged
from shared.messages.fills import PositionChanged
from tests.unit.risk.tops import MARKET, START, UP, at, level, top
from tests.unit.settlement.cases import market

ALL_HERE = dict.fromkeys(WATCHED, 0.5)
LIMITS = Limits(30, 120, 300)
ACCOUNT = AccountId("sim:live:0xw")


@dataclass
class SetClock:
    at: datetime = START
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    def monotonic_seconds(self) -> float:
        return self.seconds


@dataclass
class FakeAccount:
    """A trading state that obeys."""

    ages_seconds: dict[str, float] = field(default_factory=lambda: dict(ALL_HERE))
    causes: dict[str, Cause] = field(default_factory=dict[str, Cause])
    killed_at: datetime | None = None
    snapshots: Snapshot = field(default_factory=lambda: Snapshot([], [], []))
    raised: list[Rise] = field(default_factory=list[Rise])

    async def state(self) -> AccountState:
        state = TradingState.REDUCING if self.causes else TradingState.ACTIVE
        return AccountState(state, tuple(self.causes.values()), self.killed_at, self.ages_seconds, NO_CASH, NO_CASH)

    async def apply(self, change: Change) -> None:
        match change:
            case Raise(cause):
                self.causes[cause.name] = cause
            case Clear(name):
                del self.causes[name]

    async def snapshot(self, now: datetime) -> Snapshot:
        return self.snapshots

    async def raise_highest_bid(self, rise: Rise) -> None:
        self.raised.append(rise)


@dataclass
class FakeVenue:
    shown: list[int | None]
    cancels: int = 0

    async def open_orders(self) -> int | None:
        return self.shown.pop(0)

    async def cancel_all(self) -> bool:
        self.cancels += 1
        return True


@dataclass
class FakeReport:
    said: list[str] = field(default_factory=list[str])

    def state(self, state: AccountState) -> None: ...

    def freshest_book(self, age_seconds: float | None, measure: Measure) -> None: ...

    def changed(self, change: Change) -> None: ...

    def rose(self, rise: Rise) -> None: ...

    def emptied(self) -> None:
        self.said.append("empty")

    def second_line(self, open_orders: int | None, is_taken: bool) -> None:
        self.said.append(f"cancelled {open_orders}")


class Desk:
    def __init__(self) -> None:
        self.clock, self.account, self.report = SetClock(), FakeAccount(), FakeReport()
        self.keeper = Keeper(self.account, self.report, self.clock, LIMITS, Resting(books_show_them=True))

    async def keep(self, now: datetime, seconds: float) -> dict[str, bool]:
        """The causes that stand afterwards, with whether each cancels."""
        self.clock.at, self.clock.seconds = now, seconds
        await self.keeper.keep(is_time_running=True)
        return {name: cause.cancels for name, cause in self.account.causes.items()}


def fact(body: Message) -> Envelope:
    return command(body, message_id="m", producer="x", key="k", occurred_at=START, recorded_at=START)


def position(shares: str, version: int) -> PositionChanged:
    return PositionChanged(
        account=ACCOUNT,
        market=MARKET,
        token=UP,
        outcome="Up",
        shares=Shares.of(shares),
        confirmed_shares=Shares.of(0),
        cost=Cash.of(4),
        realised=Cash.of(0),
        filled_at=START,
        version=version,
    )


RESTING = OrderChanged(
    order_id=OrderId("o1"),
    account=ACCOUNT,
    strategy_tag="t",
    market=MARKET,
    token=UP,
    outcome="Up",
    side=Side.BUY,
    purpose="entry",
    rung=0,
    attempt=0,
    price=Price.of("0.85"),
    shares=Shares.of(6),
    filled=Shares.of(0),
    status=OrderStatus.LIVE,
    reason="",
    venue_order_id=None,
    placed_at=START,
    version=2,
)


async def test_a_missing_service_reduces_and_its_return_clears() -> None:
    desk = Desk()
    desk.account.ages_seconds["fills"] = 6.0
    assert await desk.keep(START, 60) == {"service_missing:fills": True}
    desk.account.ages_seconds["fills"] = 0.1
    assert await desk.keep(START, 61) == {}


async def test_stale_books_climb_the_measures_and_recovery_resets_them() -> None:
    desk = Desk()
    desk.account.snapshots = Snapshot([replace(market("0xm1"), start=START)], [], [])
    await desk.keeper.recover()
    assert await desk.keep(at(seconds=0), 60) == {}
    assert await desk.keep(at(seconds=31), 61) == {"stale_books": False}
    assert await desk.keep(at(seconds=121), 62) == {"stale_books": True}
    assert await desk.keep(at(seconds=301), 63) == {"stale_books": True}
    desk.keeper.on_top(top(at(seconds=302), level("0.8")))
    assert await desk.keep(at(seconds=303), 64) == {}


async def test_no_book_is_stale_before_domain_time_runs() -> None:
    desk = Desk()
    desk.account.snapshots = Snapshot([replace(market("0xm1"), start=START)], [], [])
    await desk.keeper.recover()
    desk.clock.at = at(minutes=10)
    await desk.keeper.keep(is_time_running=False)
    assert desk.account.causes == {}


async def test_the_highest_bid_of_a_new_position_is_made_durable_net_of_our_own_order() -> None:
    desk = Desk()
    await desk.keeper.on_fill(fact(position("5", 1)))
    await desk.keeper.on_order(fact(RESTING))
    desk.keeper.on_top(top(START, level("0.85", "6"), level("0.82")))
    await desk.keeper.raise_highest_bids()
    assert desk.account.raised == [Rise(MARKET, UP, Price.of("0.82"))]


async def test_a_restart_goes_on_from_the_highest_bid_in_the_table() -> None:
    desk = Desk()
    five = Shares.of(5)
    held = Held(MARKET, UP, "Up", five, five, Cash.of(4), START, 1, Price.of("0.90"))
    desk.account.snapshots = Snapshot([], [], [held])
    await desk.keeper.recover()
    desk.keeper.on_top(top(START, level("0.88")))
    await desk.keeper.raise_highest_bids()
    assert desk.account.raised == []


async def test_what_the_tables_no_longer_hold_is_forgotten() -> None:
    desk = Desk()
    await desk.keeper.on_fill(fact(position("5", 1)))
    await desk.keeper.recover()
    desk.keeper.on_top(top(START, level("0.99")))
    await desk.keeper.raise_highest_bids()
    assert desk.account.raised == []


class KillDesk:
    def __init__(self, *shown: int | None) -> None:
        self.clock, self.venue, self.report = SetClock(), FakeVenue(list(shown)), FakeReport()
        self.watch = KillWatch(self.venue, self.report, self.clock)

    async def look(self, seconds: float, killed_at: datetime | None = START) -> list[str]:
        self.clock.seconds = seconds
        state = TradingState.HALTED if killed_at else TradingState.ACTIVE
        await self.watch.look(AccountState(state, (), killed_at, {}, NO_CASH, NO_CASH))
        return self.report.said


async def test_the_executor_has_a_second_to_empty_the_venue_by_itself() -> None:
    desk = KillDesk(0)
    assert await desk.look(10.0) == []
    assert await desk.look(10.9) == []
    assert await desk.look(11.0) == ["empty"]
    assert desk.venue.cancels == 0


@pytest.mark.parametrize("shown", [3, None], ids=["orders are open", "the venue cannot say"])
async def test_what_is_still_open_then_is_cancelled_by_risk_until_the_venue_is_empty(shown: int | None) -> None:
    desk = KillDesk(shown, shown, 0)
    for seconds in (10.0, 11.0, 11.5, 12.0, 14.0, 20.0, 60.0):
        await desk.look(seconds)
    assert desk.report.said == [f"cancelled {shown}", f"cancelled {shown}", "empty"]
    assert desk.venue.cancels == 2


async def test_a_second_kill_is_watched_again() -> None:
    desk = KillDesk(0, 0)
    await desk.look(10.0)
    await desk.look(11.0)
    await desk.look(12.0, killed_at=None)
    await desk.look(20.0, killed_at=at(seconds=10))
    assert await desk.look(21.0, killed_at=at(seconds=10)) == ["empty", "empty"]


async def test_without_a_kill_the_venue_is_left_alone() -> None:
    desk = KillDesk()
    assert await desk.look(10.0, killed_at=None) == []
    await desk.watch.look(None)
    assert desk.venue.cancels == 0
