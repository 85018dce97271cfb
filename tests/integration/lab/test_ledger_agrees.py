"""The ledger of a replay answers as the tables' functions do, whatever is asked of both."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lab.replay.ledger import Booked, Ledger
from lab.replay.trader import new_order
from shared.domain.ids import Coin, MarketId, OrderId, TokenId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Order, Side
from tests.integration.db.desk import ACCOUNT, DURING, END, START, Desk, order_name, token_of
from tests.property.test_ledger_machine import TABLES

pytestmark = pytest.mark.servers
LIMIT = Decimal(40)
MARKETS = ("m1", "m2")
OUTCOMES = ("Up", "Down")


def market_of(name: str) -> Market:
    first, second = (Outcome(each, TokenId(token_of(name, each))) for each in OUTCOMES)
    return Market(
        market=MarketId(name),
        slug=name,
        coin=Coin("btc"),
        start=START,
        end=END,
        outcomes=(first, second),
        tick=Decimal("0.01"),
        min_shares=Shares.of("5"),
        taker_fee_rate=Decimal("0.07"),
        version=ProtocolVersion.V1,
        neg_risk=False,
        accepting_orders=True,
    )


class Both(RuleBasedStateMachine):
    """Every act is done to the tables and to the ledger, and both give the same answer."""

    desk: Desk

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(Cash(LIMIT))
        self.markets = {name: market_of(name) for name in MARKETS}
        self.open: list[str] = []
        self.trades = 0
        self.sales = 0

    @initialize()
    def empty(self) -> None:
        self.desk.connection.execute(f"truncate {TABLES} restart identity")  # pyright: ignore[reportArgumentType]
        self.desk.one(
            "update account set open_cost = 0, reserved = 0, exposure_peak = 0, trading_state = 'active', version = 0,"
            " max_exposure = %s where account_id = %s returning 1",
            LIMIT, ACCOUNT,
        )  # fmt: skip
        self.desk.everybody_alive()

    @rule(
        market=st.sampled_from(MARKETS),
        outcome=st.sampled_from(OUTCOMES),
        rung=st.integers(0, 2),
        attempt=st.integers(0, 2),
        price=st.sampled_from(("0.15", "0.75", "0.85")),
        shares=st.sampled_from(("5", "6.25", "20")),
        takes=st.booleans(),
        now=st.sampled_from((DURING, END)),
    )
    def enter(
        self, market: str, outcome: str, rung: int, attempt: int, price: str, shares: str, takes: bool, now: datetime
    ) -> None:
        kind = "FOK" if takes else "GTC"
        theirs = self.desk.reserve(
            outcome, rung, attempt, market=market, price=price, shares=shares, time_in_force=kind, domain_now=now
        )
        name = order_name(market, outcome, rung, attempt)
        order = self._order(market, outcome, name, Side.BUY, rung, attempt, price, shares)
        assert self.ledger.reserve(order, self.markets[market], now, takes=takes) == theirs
        if theirs is None:
            self._accept(name)

    @rule(market=st.sampled_from(MARKETS), rung=st.integers(0, 2), takes=st.booleans())
    def buy(self, market: str, rung: int, takes: bool) -> None:
        """From the plan to the whole fill, so that sales and results find something held."""
        before = len(self.open)
        self.enter(market, "Up", rung, 0, "0.75", "6.25", takes, DURING)
        if len(self.open) > before:
            self.fill(before, "6.25", "0.05" if takes else "0")

    @precondition(lambda self: bool(self.open))
    @rule(
        which=st.integers(0, 50), shares=st.sampled_from(("1", "5", "6.25", "20")), fee=st.sampled_from(("0", "0.05"))
    )
    def fill(self, which: int, shares: str, fee: str) -> None:
        name = self.open[which % len(self.open)]
        order = self.ledger.orders[OrderId(name)]
        if order.side is Side.SELL:
            return
        self.trades += 1
        trade = f"t{self.trades}"
        theirs = self.desk.fill(name, trade, shares, str(order.price), fee=fee, status="confirmed", source="paper")
        mine = self.ledger.book_fill(trade, order.order_id, order.price, Shares.of(shares), Cash.of(fee), DURING)
        assert mine == theirs

    @precondition(lambda self: bool(self.open))
    @rule(which=st.integers(0, 50))
    def cancel(self, which: int) -> None:
        name = self.open[which % len(self.open)]
        self.desk.event(name, "cancelled")
        self.ledger.cancel(OrderId(name))

    @rule(
        market=st.sampled_from(MARKETS),
        outcome=st.sampled_from(OUTCOMES),
        share=st.sampled_from(("1", "0.37", "2")),
        price=st.sampled_from(("0.15", "0.9")),
    )
    def sell(self, market: str, outcome: str, share: str, price: str) -> None:
        """All that is held, a part of it, or more than there is."""
        held = self.ledger.positions.get(TokenId(token_of(market, outcome)))
        shares = str(round((held.shares.value if held else Decimal(3)) * Decimal(share), 2))
        if Decimal(shares) == 0:
            return
        self.sales += 1
        theirs = self.desk.sell(shares, outcome=outcome, attempt=self.sales, market=market)
        name = order_name(market, outcome, 0, self.sales) + "/exit"
        order = self._order(market, outcome, name, Side.SELL, 0, self.sales, "0.01", shares)
        assert self.ledger.reserve(order, self.markets[market], DURING, purpose="exit") == theirs
        if theirs is not None:
            return
        self._accept(name)
        word = self.desk.fill(name, f"s{self.sales}", shares, price, fee="0.03", source="paper")
        mine = self.ledger.sell(
            f"s{self.sales}", order.order_id, Price.of(price), Shares.of(shares), Cash.of("0.03"), DURING
        )
        assert ("booked" if isinstance(mine, Booked) else mine) == word

    @rule(market=st.sampled_from(MARKETS))
    def leave_early(self, market: str) -> None:
        self.desk.close_entries(market)
        self.ledger.guard(MarketId(market)).exited = True

    @rule(
        market=st.sampled_from(MARKETS),
        winner=st.sampled_from(OUTCOMES),
        kind=st.sampled_from(("venue", "provisional")),
    )
    def settle(self, market: str, winner: str, kind: str) -> None:
        """Once, since a recording's word is never corrected, and where something was ordered: nothing else is swept."""
        if self.ledger.guard(MarketId(market)).settled_by is not None or not self.ledger.orders_of(MarketId(market)):
            return
        self.desk.swept_past_the_end()
        theirs = self.desk.settle(winner, market=market, kind=kind)
        payouts = {outcome.token: Decimal(outcome.name == winner) for outcome in self.markets[market].outcomes}
        mine = self.ledger.settle(self.markets[market], payouts, kind, "test")
        assert (mine if isinstance(mine, str) else "settled") == theirs

    @invariant()
    def exposure_and_its_peak_are_the_same(self) -> None:
        assert self.ledger.exposure.value == self.desk.exposure()
        assert self.ledger.peak.value == self.desk.one(
            "select exposure_peak from account where account_id = %s", ACCOUNT
        )

    @invariant()
    def orders_are_the_same(self) -> None:
        rows = self.desk.rows("select order_id, status::text, filled from orders")
        mine = {(str(name), order.status.value, order.filled.value) for name, order in self.ledger.orders.items()}
        assert mine == set(rows)

    @invariant()
    def positions_and_their_profit_are_the_same(self) -> None:
        rows = self.desk.rows("select token_id, shares, cost, fees, realised from positions")
        mine = {
            (str(token), held.shares.value, held.cost.value, held.fees.value, held.realised.value)
            for token, held in self.ledger.positions.items()
        }
        assert mine == set(rows)

    @invariant()
    def the_limit_holds(self) -> None:
        assert self.ledger.exposure <= self.ledger.max_exposure

    def _accept(self, name: str) -> None:
        self.desk.event(name, "accepted")
        self.ledger.accept(OrderId(name))
        self.open.append(name)

    def _order(
        self, market: str, outcome: str, name: str, side: Side, rung: int, attempt: int, price: str, shares: str
    ) -> Order:
        made = new_order(
            OrderId(name), MarketId(market), self.markets[market].outcome(outcome), side, rung, attempt,
            Price.of(price), Shares.of(shares), DURING,
        )  # fmt: skip
        return replace(made, order_id=OrderId(name))


def test_the_ledger_of_a_replay_answers_as_the_tables_do(postgres_database: str) -> None:
    desk = Desk.opened(postgres_database, limit=str(LIMIT))
    desk.add_market("m2")
    try:
        run_state_machine_as_test(
            type("BothHere", (Both,), {"desk": desk}),
            settings=settings(
                max_examples=60,
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
    finally:
        desk.close()
