"""Whatever happens to orders, fills and settlements, in whatever order: the promises of the tables hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
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

from tests.integration.db.desk import ACCOUNT, FINAL, Desk, order_name, token_of

pytestmark = pytest.mark.servers
LIMIT = Decimal(40)
MARKETS = ("m1", "m2")
EVENTS = (
    "accepted",
    "uncertain",
    "rejected",
    "absent",
    "cancel_requested",
    "cancelled",
    "expired",
    "matched",
    "returned",
)
TABLES = (
    "order_event, ledger_entry, position_leg, positions, settlement, fill, unmatched_fill, orders, market_guard,"
    " trading_cause, operator_action, outbox, breaker"
)


class Ledger(RuleBasedStateMachine):
    """A bidder that plans at random, a venue that says anything, readers that repeat themselves."""

    desk: Desk

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[str] = []
        self.fills: list[tuple[str, str, str, str]] = []
        self.final: dict[str, str] = {}
        self.filled_rungs: set[tuple[str, str, int]] = set()
        self.trades = 0

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
        outcome=st.sampled_from(("Up", "Down")),
        rung=st.integers(0, 2),
        price=st.sampled_from(("0.15", "0.75", "0.80", "0.85")),
        shares=st.sampled_from(("5", "6.25", "12.5", "20")),
        kind=st.sampled_from(("GTC", "FOK")),
    )
    def plan(self, market: str, outcome: str, rung: int, price: str, shares: str, kind: str) -> None:
        attempt = self.desk.one(
            "select count(*) from orders where market_id = %s and outcome = %s and rung = %s and purpose = 'entry'",
            market, outcome, rung,
        )  # fmt: skip
        refusal = self.desk.reserve(
            outcome, rung, attempt, market=market, price=price, shares=shares, time_in_force=kind
        )
        if refusal is None:
            assert (market, outcome, rung) not in self.filled_rungs, "a filled rung came back"
            self.orders.append(order_name(market, outcome, rung, attempt))

    @rule(
        market=st.sampled_from(MARKETS),
        outcome=st.sampled_from(("Up", "Down")),
        shares=st.sampled_from(("1", "2.5", "5", "20")),
    )
    def sell(self, market: str, outcome: str, shares: str) -> None:
        attempt = self.desk.one(
            "select count(*) from orders where market_id = %s and outcome = %s and purpose = 'exit'", market, outcome
        )
        if self.desk.sell(shares, outcome=outcome, attempt=attempt, market=market, price="0.15") is None:
            self.orders.append(order_name(market, outcome, 0, attempt) + "/exit")

    @rule(
        market=st.sampled_from(MARKETS),
        rung=st.integers(0, 2),
        shares=st.sampled_from(("6.25", "12.5")),
        kind=st.sampled_from(("GTC", "FOK")),
    )
    def buy(self, market: str, rung: int, shares: str, kind: str) -> None:
        """From the plan to the confirmed fill, so that sales find something held."""
        before = len(self.orders)
        self.plan(market, "Up", rung, "0.75", shares, kind)
        if len(self.orders) > before:
            self.trades += 1
            fill = (self.orders[-1], f"t{self.trades}", shares, "0.75")
            assert self.desk.fill(*fill, status="confirmed", fee="0" if kind == "GTC" else "0.05") == "booked"
            self.fills.append(fill)

    @rule(market=st.sampled_from(MARKETS), share=st.sampled_from(("1", "0.37")), price=st.sampled_from(("0.15", "0.9")))
    def sell_held(self, market: str, share: str, price: str) -> None:
        """All that is held of an outcome, or a part of it, at whatever the bid gives."""
        held = self.desk.one("select confirmed_shares from positions where token_id = %s", token_of(market, "Up"))
        shares = str(round((held or Decimal(0)) * Decimal(share), 2))
        before = len(self.orders)
        if Decimal(shares) > 0:
            self.sell(market, "Up", shares)
        if len(self.orders) > before:
            self.trades += 1
            fill = (self.orders[-1], f"t{self.trades}", shares, price)
            assert self.desk.fill(*fill, fee="0.03") == "booked"
            self.fills.append(fill)

    @rule(market=st.sampled_from(MARKETS))
    def close_entries(self, market: str) -> None:
        self.desk.close_entries(market)

    @rule(market=st.sampled_from(MARKETS))
    def report_closed(self, market: str) -> None:
        if self.desk.report_closed(market):
            assert not self.desk.rows(
                "select order_id from orders where market_id = %s and purpose = 'entry'"
                " and status not in ('filled', 'cancelled', 'rejected', 'expired')",
                market,
            )

    @precondition(lambda self: bool(self.orders))
    @rule(which=st.integers(0, 50), event=st.sampled_from(EVENTS), matched=st.sampled_from((None, "0", "2", "5")))
    def hear(self, which: int, event: str, matched: str | None) -> None:
        order = self.orders[which % len(self.orders)]
        before = self.desk.status(order)
        after = self.desk.event(order, event, matched, reason="ABSENT" if event == "absent" else "")
        if before in FINAL and before != "rejected":
            assert after == before, f"{event} moved {before} to {after}"

    @precondition(lambda self: bool(self.orders))
    @rule(
        which=st.integers(0, 50),
        shares=st.sampled_from(("1", "2.5", "5", "6.25", "12.5", "20")),
        status=st.sampled_from(("provisional", "confirmed", "failed")),
        better=st.booleans(),
        fee=st.sampled_from(("0", "0.05")),
    )
    def match(self, which: int, shares: str, status: str, better: bool, fee: str) -> None:
        order = self.orders[which % len(self.orders)]
        price = self.desk.one("select price from orders where order_id = %s", order) - (
            Decimal("0.01") if better else 0
        )
        self.trades += 1
        trade = f"t{self.trades}"
        if self.desk.fill(order, trade, shares, str(price), status=status, fee=fee) not in {"oversize", "oversold"}:
            self.fills.append((order, trade, shares, str(price)))

    @precondition(lambda self: bool(self.fills))
    @rule(which=st.integers(0, 50), status=st.sampled_from(("provisional", "confirmed", "failed")))
    def repeat(self, which: int, status: str) -> None:
        order, trade, shares, price = self.fills[which % len(self.fills)]
        assert self.desk.fill(order, trade, shares, price, status=status, source="rest") in {
            "seen",
            "confirmed",
            "reversed",
        }

    @rule(
        market=st.sampled_from(MARKETS),
        winner=st.sampled_from(("Up", "Down")),
        kind=st.sampled_from(("venue", "provisional")),
    )
    def settle(self, market: str, winner: str, kind: str) -> None:
        self.desk.swept_past_the_end()
        self.desk.settle(winner, market=market, kind=kind)

    @rule()
    def a_human_looks(self) -> None:
        for cause in ("unexplained_fill", "order_returned"):
            self.desk.one("select guard(%s, %s, 'active', '', 'operator')", ACCOUNT, cause)
        for (identity,) in self.desk.rows("select identity from unmatched_fill where resolved_at is null"):
            self.desk.one("select resolve_unmatched(%s, %s, 'operator')", ACCOUNT, identity)

    @invariant()
    def the_account_its_rows_and_its_ledger_agree(self) -> None:
        assert self.desk.differences() == []

    @invariant()
    def exposure_is_within_the_limit_unless_money_moved_unexplained(self) -> None:
        unexplained = self.desk.one(
            "select exists (select 1 from outbox where schema = 'risk.trading_state_changed.v1'"
            " and (body ->> 'causes') ~ 'unexplained_fill|order_returned')"
        )
        assert unexplained or self.desk.exposure() <= LIMIT

    @invariant()
    def an_order_holds_no_more_fills_than_its_size(self) -> None:
        assert (
            self.desk.rows(
                "select order_id from orders o where filled < 0 or case when is_taker_buy(o)"
                " then spent_on(order_id) > price * shares + 0.01 else filled > shares + 0.01 end"
            )
            == []
        )

    @invariant()
    def orders_and_positions_hold_what_their_fills_say(self) -> None:
        assert (
            self.desk.rows(
                "select o.order_id from orders o left join fill f on f.order_id = o.order_id and f.status <> 'failed'"
                " group by o.order_id, o.filled having o.filled <> coalesce(sum(f.shares), 0)"
            )
            == []
        )
        held: dict[str, Decimal] = defaultdict(Decimal)
        for token, shares in self.desk.rows(
            "select token_id, case when side = 'BUY' then shares else -shares end from fill where status <> 'failed'"
        ):
            held[token] += shares
        for token, shares in self.desk.rows("select token_id, shares + settled_shares from positions"):
            assert shares == held[token]

    @invariant()
    def one_side_is_held_unless_somebody_was_told(self) -> None:
        for market in MARKETS:
            held = self.desk.rows(
                "select token_id from positions where market_id = %s and shares + settled_shares > 0", market
            )
            if len(held) > 1:
                assert self.desk.one("select both_sides from market_guard where market_id = %s", market)
            elif held:
                guard = self.desk.one("select held_token from market_guard where market_id = %s", market)
                assert guard == held[0][0]
                assert guard in {token_of(market, "Up"), token_of(market, "Down")}

    @invariant()
    def remember_filled_rungs(self) -> None:
        for market, outcome, rung in self.desk.rows(
            "select market_id, outcome, rung from orders where purpose = 'entry' and filled > 0 and shares - filled < 5"
        ):
            self.filled_rungs.add((market, outcome, rung))
        reversed_rungs = self.desk.rows(
            "select o.market_id, o.outcome, o.rung from orders o join fill f using (order_id) where f.status = 'failed'"
        )
        self.filled_rungs -= {(market, outcome, rung) for market, outcome, rung in reversed_rungs}

    @invariant()
    def final_orders_keep_nothing_but_what_the_venue_matched(self) -> None:
        assert (
            self.desk.rows(
                "select order_id from orders where status in ('filled', 'cancelled', 'rejected', 'expired')"
                " and reserved > greatest(0, venue_matched - filled) * price"
            )
            == []
        )

    @invariant()
    def the_breaker_heard_of_each_closed_position_what_it_made(self) -> None:
        session = self.desk.one("select coalesce(sum(session_profit), 0) from breaker")
        assert session == self.desk.one("select coalesce(sum(heard), 0) from positions")
        assert (
            self.desk.rows(
                "select token_id from positions where settled_payout is not null and shares = 0 and fees = 0"
                " and heard <> realised"
            )
            == []
        )


@contextmanager
def _machine_on(url: str) -> Generator[type[Ledger]]:
    desk = Desk.opened(url, limit=str(LIMIT))
    desk.add_market("m2")
    try:
        yield type("LedgerHere", (Ledger,), {"desk": desk})
    finally:
        desk.close()


def test_the_promises_of_the_tables_hold_whatever_happens(postgres_database: str) -> None:
    with _machine_on(postgres_database) as machine:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=80,
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
