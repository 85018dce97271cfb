"""An early exit from the first low bid to the last share, with the executor as a fake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from services.risk.domain.exit_model import ExitModel
from services.risk.domain.odds import Odds, Struck
from services.risk.domain.resting import Resting
from services.risk.domain.stop_loss import ExitDecision, ExitRules, Exposed
from services.risk.handlers.leave import LeaveEarly, Seller
from services.risk.ports import Guard, Held, Snapshot
from shared.domain.fair_value import PriceView
from shared.domain.features import EXIT_FEATURES
from shared.domain.ids import AccountId, Coin, MarketId, OrderId, TokenId
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Order, OrderStatus, Side
from shared.messages.discovery import ReferencePrice
from shared.messages.envelope import Envelope, Message, command
from shared.messages.executor import EntriesClosed, OrderChanged
from shared.messages.fills import PositionChanged
from shared.messages.risk import Sell
from tests.unit.risk.test_handlers import SetClock
from tests.unit.risk.tops import MARKET, START, UP, at, level, top
from tests.unit.settlement.cases import market

ACCOUNT = AccountId("sim:paper:w")
RULES = ExitRules(Price.of("0.75"), Price.of("0.40"), Decimal("0.10"), Decimal("0.35"))
LISTED = replace(market("0xm1"), start=START, end=at(minutes=15), coin=Coin("btc"))
TWENTY = Shares.of(20)
HELD = Held(MARKET, UP, "Up", TWENTY, TWENTY, Cash.of(16), at(minutes=5), 1, Price.of("0.80"))

CLOSED = Guard(MARKET, is_exited=True, are_entries_closed=True, is_awaiting=False)


@dataclass
class FakeCommands:
    done: list[str] = field(default_factory=list[str])
    sales: list[Sell] = field(default_factory=list[Sell])
    alerts: list[str] = field(default_factory=list[str])
    overrides: int = 0
    is_stream_there: bool = True

    async def close_entries(self, market: MarketId, reason: str, now: datetime) -> None:
        self.done.append(f"close {reason}")

    async def sell(self, command: Sell) -> bool:
        self.sales.append(command)
        self.done.append(f"sell {command.shares.value.normalize():f} #{command.attempt}")
        return self.is_stream_there

    async def mark_awaiting(self, market: MarketId, *, is_awaiting: bool) -> None:
        self.done.append("await settlement" if is_awaiting else "trade again")

    async def count_override(self, market: MarketId, token: TokenId) -> None:
        self.overrides += 1

    async def alert(self, detail: str) -> None:
        self.alerts.append(detail)


@dataclass
class FakeReport:
    alerts: int = 0

    def decided(self, exposed: Exposed, decision: ExitDecision, bid: Price | None) -> None: ...

    def offered(self, command: Sell) -> None: ...

    def sale_failed(self, exposed: Exposed, reason: str, *, alerts: bool) -> None:
        self.alerts += alerts


class SureOfUp:
    def p_up(self, view: PriceView) -> Decimal:
        return Decimal("0.9")


@dataclass
class FixedModel:
    """Answers the same whatever it is asked."""

    answer: float
    features: tuple[str, ...] = EXIT_FEATURES

    def p_up(self, values: Sequence[float]) -> float:
        assert len(values) == len(self.features)
        return self.answer


def fact(body: Message) -> Envelope:
    return command(body, message_id="m", producer="x", key="k", occurred_at=START, recorded_at=START)


class Desk:
    """Holds 20 shares at 0.80, eleven minutes into the slot."""

    def __init__(
        self, *, held: Held = HELD, guard: Guard | None = None, odds: Odds | None = None, model: float | None = None
    ) -> None:
        self.clock, self.commands, self.report = SetClock(at(minutes=11)), FakeCommands(), FakeReport()
        seller = Seller(ACCOUNT, "td")
        self.resting = Resting(books_show_them=True)
        asked = None if model is None else ExitModel(FixedModel(model))
        rules = replace(RULES, has_model=asked is not None)
        odds = odds or Odds(SureOfUp(), 30.0)
        self.leave = LeaveEarly(seller, rules, odds, asked, self.resting, self.commands, self.report, self.clock)
        self.leave.restore(Snapshot([LISTED], [], [held], [guard] if guard else [], [Struck(MARKET, Decimal(100))]))

    def other_book(self, bid: str) -> None:
        token = next(outcome.token for outcome in LISTED.outcomes if outcome.token != UP)
        self.leave.on_top(structs.replace(top(self.clock.at, level(bid)), token=token))

    def book(self, *bids: str, known: bool = True) -> None:
        self.leave.on_top(top(self.clock.at, *(level(bid) for bid in bids), known=known))

    async def look(self, seconds: float = 0.0, *, halted: bool = False) -> list[str]:
        """What was done since the last look, that many seconds later."""
        self.clock.seconds += seconds
        before = len(self.commands.done)
        await self.leave.look(is_halted=halted)
        return self.commands.done[before:]

    async def entries_closed(self) -> None:
        await self.leave.on_order(fact(EntriesClosed(account=ACCOUNT, market=MARKET)))

    async def sale(self, status: OrderStatus, filled: str = "0", reason: str = "", version: int = 2) -> None:
        sell = self.commands.sales[-1]
        await self.leave.on_order(fact(order(sell, status, filled, reason, version)))

    async def position(self, shares: str, confirmed: str, version: int = 2, cost: str = "16") -> None:
        await self.leave.on_fill(
            fact(
                PositionChanged(
                    account=ACCOUNT,
                    market=MARKET,
                    token=UP,
                    outcome="Up",
                    shares=Shares.of(shares),
                    confirmed_shares=Shares.of(confirmed),
                    cost=Cash.of(cost),
                    realised=Cash.of(0),
                    filled_at=at(minutes=5),
                    version=version,
                )
            )
        )


def order(sell: Sell, status: OrderStatus, filled: str, reason: str, version: int) -> OrderChanged:
    return OrderChanged(
        order_id=sell.order_id,
        account=ACCOUNT,
        strategy_tag="td",
        market=MARKET,
        token=UP,
        outcome="Up",
        side=Side.SELL,
        purpose="exit",
        rung=0,
        attempt=sell.attempt,
        price=sell.price,
        shares=sell.shares,
        filled=Shares.of(filled),
        status=status,
        reason=reason,
        venue_order_id=None,
        placed_at=START,
        version=version,
    )


async def selling() -> Desk:
    """Entries are closed and all shares are offered."""
    desk = Desk()
    desk.book("0.40")
    assert await desk.look() == ["close STOP_LOSS"]
    assert await desk.look() == []
    await desk.entries_closed()
    assert await desk.look() == ["sell 20 #0"]
    return desk


async def test_a_low_bid_closes_the_entries_and_then_sells_down_to_any_bid() -> None:
    desk = await selling()
    (sell,) = desk.commands.sales
    assert (sell.price, sell.order_id, sell.reason) == (Price.of("0.01"), "td/0xm1/Up/exit/0", "STOP_LOSS")
    assert (sell.valid_until - desk.clock.wall()).total_seconds() == 1.0


async def test_a_bid_that_recovers_before_the_sale_stands_down() -> None:
    desk = Desk()
    desk.book("0.40")
    await desk.look()
    desk.book("0.41")
    await desk.entries_closed()
    assert await desk.look() == []


async def test_what_was_sold_in_part_is_kept_and_the_rest_is_sold_next() -> None:
    desk = await selling()
    await desk.sale(OrderStatus.CANCELLED, filled="12")
    await desk.position("8", "8", cost="6.4")
    assert await desk.look(0.3) == ["sell 8 #1"]


async def test_a_position_sold_out_is_left() -> None:
    desk = await selling()
    await desk.sale(OrderStatus.FILLED, filled="20")
    await desk.position("0", "0", cost="0")
    assert await desk.look(10) == []


async def test_shares_that_are_not_confirmed_wait_without_a_failure() -> None:
    desk = Desk(held=replace(HELD, confirmed_shares=Shares.of(5)), guard=CLOSED)
    desk.book("0.30")
    assert await desk.look() == ["sell 5 #0"]
    await desk.sale(OrderStatus.FILLED, filled="5")
    await desk.position("15", "0", cost="12")
    assert [await desk.look(10) for _ in range(5)] == [[], [], [], [], []]
    await desk.position("15", "15", version=3, cost="12")
    assert await desk.look() == ["sell 15 #1"]
    assert desk.report.alerts == 0


async def test_a_restart_after_the_guard_goes_on_with_the_sale() -> None:
    desk = Desk(guard=Guard(MARKET, is_exited=True, are_entries_closed=True, is_awaiting=False))
    desk.book("0.30")
    assert await desk.look() == ["sell 20 #0"]


async def test_nine_sales_without_a_share_alert_once_and_the_tries_go_on() -> None:
    desk = await selling()
    for _ in range(20):
        await desk.sale(OrderStatus.CANCELLED)
        assert len(await desk.look(1.0)) == 1
    assert desk.report.alerts == 1
    (alert,) = desk.commands.alerts
    assert alert.startswith("btc-updown-15m-0xm1 Up cannot be sold: ")


async def test_a_sale_that_was_refused_is_tried_again_under_another_name() -> None:
    desk = await selling()
    assert await desk.look(1.9) == []
    assert await desk.look(0.1) == []
    assert await desk.look(0.3) == ["sell 20 #1"]


async def test_a_stream_that_is_away_is_a_failed_try() -> None:
    desk = Desk(guard=CLOSED)
    desk.commands.is_stream_there = False
    desk.book("0.30")
    assert await desk.look() == ["sell 20 #0"]
    assert await desk.look(0.3) == ["sell 20 #1"]


async def test_a_market_without_an_order_book_awaits_its_settlement() -> None:
    desk = await selling()
    await desk.sale(OrderStatus.REJECTED, reason="market_closed: the orderbook 1 does not exist")
    assert desk.commands.done[-1] == "await settlement"
    assert await desk.look(60) == []


async def test_an_empty_book_is_marked_once_and_sells_only_when_bids_come_back() -> None:
    desk = Desk()
    desk.book()
    assert [await desk.look(), await desk.look()] == [["await settlement"], []]
    desk.book("0.39")
    assert await desk.look() == ["trade again", "close STOP_LOSS"]


async def test_a_gap_in_the_feed_neither_marks_nor_sells() -> None:
    desk = Desk()
    desk.book("0.10", known=False)
    assert await desk.look() == []


async def test_in_halted_nothing_is_sent_and_afterwards_it_is() -> None:
    desk = Desk()
    desk.book("0.10")
    assert await desk.look(halted=True) == []
    assert await desk.look() == ["close STOP_LOSS"]


async def test_nothing_is_sent_after_the_slots_end() -> None:
    desk = Desk()
    desk.clock.at = at(minutes=15)
    desk.book("0.10")
    assert await desk.look() == []


def odds(spot_at: datetime) -> Odds:
    made = Odds(SureOfUp(), 30.0)
    price = ReferencePrice(
        coin=Coin("btc"), spot=Decimal(101), spot_at=spot_at, average=None, average_at=None, source="sim"
    )
    made.hear_price(price)
    return made


@pytest.mark.parametrize(
    ("spot_at", "first"),
    [(at(minutes=11), []), (at(minutes=10, seconds=30), []), (at(minutes=10, seconds=29), ["close STOP_LOSS"])],
    ids=["a fresh price", "a price just fresh", "a price too old to count"],
)
async def test_a_price_counts_for_thirty_seconds(spot_at: datetime, first: list[str]) -> None:
    desk = Desk(odds=odds(spot_at))
    desk.book("0.30")
    assert await desk.look() == first


async def test_a_favourable_price_waits_ten_seconds() -> None:
    desk = Desk(odds=odds(at(minutes=11)))
    desk.book("0.30")
    assert await desk.look() == []
    desk.clock.at = at(minutes=11, seconds=9)
    assert await desk.look() == []
    desk.clock.at = at(minutes=11, seconds=10)
    assert await desk.look() == ["close STOP_LOSS"]


@pytest.mark.parametrize(("answer", "done"), [(0.34, ["close EXIT_MODEL"]), (0.35, [])])
async def test_an_exit_model_decides_instead_of_the_levels(answer: float, done: list[str]) -> None:
    desk = Desk(odds=odds(at(minutes=11)), model=answer)
    desk.book("0.70")
    desk.other_book("0.25")
    assert await desk.look() == done


async def test_a_model_without_the_other_book_or_a_price_holds() -> None:
    desk = Desk(odds=odds(at(minutes=11)), model=0.1)
    desk.book("0.30")
    assert await desk.look() == []
    assert await desk.look(1) == []
    (alert,) = desk.commands.alerts
    assert alert.startswith("btc-updown-15m-0xm1 Up is held: the exit model lacks data")
    unpriced = Desk(model=0.1)
    unpriced.book("0.30")
    unpriced.other_book("0.65")
    assert await unpriced.look() == []


async def test_our_own_bid_is_no_reason_to_hold() -> None:
    desk = Desk()
    desk.resting.put(
        Order(
            OrderId("mine"), MARKET, UP, "Up", Side.BUY, 0, 0, Price.of("0.50"), Shares.of(10), Shares.of(0),
            OrderStatus.LIVE, None, START, 1,
        )
    )  # fmt: skip
    desk.book("0.50", "0.30")
    assert await desk.look() == ["close STOP_LOSS"]


async def test_an_override_is_counted_once_an_episode() -> None:
    desk = Desk(odds=odds(at(minutes=11)))
    for bid in ("0.40", "0.39"):
        desk.book(bid)
        assert await desk.look(1) == []
    desk.book("0.39", known=False)
    await desk.look(1)
    desk.book("0.39")
    await desk.look(1)
    assert desk.commands.overrides == 1
    desk.book("0.60")
    await desk.look(1)
    desk.clock.at += timedelta(seconds=5)
    desk.book("0.40")
    await desk.look(1)
    assert desk.commands.overrides == 2


async def test_an_older_word_on_a_position_that_is_closed_does_not_open_it_again() -> None:
    desk = Desk()
    await desk.position("0", "0", version=5, cost="0")
    await desk.position("20", "20", version=4)
    desk.book("0.30")
    assert await desk.look(20) == []
