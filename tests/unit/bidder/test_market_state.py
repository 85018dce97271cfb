"""The transitions that keep a market's state true, whatever arrives and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from services.bidder.domain.filters import refuse_flagged
from services.bidder.domain.market_state import Fill, Intent, MarketState
from services.bidder.domain.reasons import Reason, Refused
from services.bidder.domain.registry import Registry
from shared.domain.ids import MarketId
from shared.domain.money import Shares
from shared.domain.order import OrderStatus
from shared.domain.reference import Strike
from tests.unit.bidder.cases import DOWN, MARKET, NOW, UP, holding, look, order, order_id, state


def fill(fill_id: int = 1, shares: str = "4", *, failed: bool = False, version: int = 1) -> Fill:
    return Fill(fill_id, order().order_id, Shares.of(shares), failed, version)


def after(result: MarketState | Refused) -> MarketState:
    assert isinstance(result, MarketState)
    return result


def test_an_order_for_the_other_outcome_of_a_held_market_is_refused() -> None:
    held = state().with_holding(holding(DOWN))
    assert held.with_intent(Intent(order(UP), NOW)) == Refused(Reason.OTHER_SIDE_HELD)
    assert isinstance(held.with_intent(Intent(order(DOWN), NOW)), MarketState)


def test_an_order_id_is_used_once() -> None:
    assert state(order()).with_intent(Intent(order(), NOW)) == Refused(Reason.DUPLICATE_ORDER)
    asked = after(state().with_intent(Intent(order(), NOW)))
    assert asked.with_intent(Intent(order(), NOW)) == Refused(Reason.DUPLICATE_ORDER)


def test_a_placeholder_gives_way_to_the_order_that_confirms_its_id() -> None:
    asked = after(state().with_intent(Intent(order(version=0, venue_order_id=None), NOW)))
    confirmed = asked.with_order(order(status="submitting"))
    assert not confirmed.intents
    assert confirmed.orders[order().order_id].venue_order_id == "0xfeed"


def test_an_intent_that_nobody_answered_frees_its_place() -> None:
    asked = after(state().with_intent(Intent(order(), NOW)))
    assert asked.without_expired(NOW - timedelta(milliseconds=1)).intents
    assert not asked.without_expired(NOW).intents


def test_an_older_fact_of_an_order_changes_nothing() -> None:
    newer = state(order(status="cancelled", version=3))
    assert newer.with_order(order(status="live", version=2)) is newer
    assert newer.with_order(order(status="live", version=3)) is newer


def test_an_older_fact_of_a_position_changes_nothing() -> None:
    newer = state().with_holding(holding(UP, "10", version=2))
    assert newer.with_holding(holding(UP, "0", version=1)) is newer


def test_a_cancel_keeps_the_order_matchable() -> None:
    asked = after(state(order()).with_cancel_asked(order().order_id, NOW))
    assert asked.has_cancel_in_flight()
    filled = after(asked.with_fill(fill(shares="10")))
    assert filled.orders[order().order_id].filled == Shares.of(10)
    leaving = asked.with_order(order(status="cancelling", version=2))
    assert after(leaving.with_fill(fill())).orders[order().order_id].filled == Shares.of(4)


def test_a_cancel_of_an_unknown_order_is_refused() -> None:
    assert state().with_cancel_asked(order_id("nobody"), NOW) == Refused(Reason.UNKNOWN_ORDER)


def test_the_venues_last_word_ends_the_cancel() -> None:
    asked = after(state(order()).with_cancel_asked(order().order_id, NOW))
    assert not asked.with_order(order(status="cancelled", version=2)).has_cancel_in_flight()
    assert asked.with_order(order(status="partly_filled", version=2)).has_cancel_in_flight()


def test_a_fill_counts_once() -> None:
    counted = after(state(order()).with_fill(fill()))
    assert counted.with_fill(fill()) == Refused(Reason.DUPLICATE_FILL)
    assert counted.orders[order().order_id].filled == Shares.of(4)


def test_a_fill_and_the_orders_own_fact_of_it_are_not_added_up() -> None:
    told = state(order(filled="4", status="partly_filled", version=2))
    assert after(told.with_fill(fill())).orders[order().order_id].filled == Shares.of(4)
    counted = after(state(order()).with_fill(fill()))
    assert counted.with_order(order(status="live", version=2)).orders[order().order_id].filled == Shares.of(4)


def test_a_fill_beyond_the_orders_size_is_refused_and_kept() -> None:
    most = after(state(order()).with_fill(fill(1, "10")))
    beyond = fill(2, "0.01")
    assert most.with_fill(beyond) == Refused(Reason.OVERSIZE_FILL)
    kept = most.with_refused_fill(beyond)
    assert kept.refused_fills == (beyond,)
    assert refuse_flagged(look(kept)) is Reason.UNMATCHED_FILL


def test_a_failed_fill_counts_for_nothing() -> None:
    counted = after(state(order()).with_fill(fill(1, "10")))
    failed = after(counted.with_fill(fill(1, "10", failed=True, version=2)))
    again = after(failed.with_fill(fill(2, "10")))
    assert again.orders[order().order_id].filled == Shares.of(10)


def test_a_fill_of_an_unknown_order_is_refused() -> None:
    assert state().with_fill(fill()) == Refused(Reason.UNKNOWN_ORDER)


def test_forgetting_a_market_is_one_deletion() -> None:
    registry = Registry()
    registry.put(state(order()))
    registry.forget(MARKET.market)
    assert registry.get(MARKET.market) is None
    assert len(registry) == 0


def test_an_ended_market_is_kept_until_the_tables_have_settled_it() -> None:
    registry = Registry()
    registry.put(state(order(status="filled", filled="10")))
    registry.forget_settled(frozenset({MARKET.market}), MARKET.end)
    assert registry.get(MARKET.market) is not None
    registry.forget_settled(frozenset(), MARKET.end - timedelta(seconds=1))
    assert registry.get(MARKET.market) is not None
    registry.forget_settled(frozenset(), MARKET.end)
    assert registry.get(MARKET.market) is None


def test_a_state_is_never_changed_in_place() -> None:
    before = state(order())
    snapshot = dict(before.orders)
    before.with_order(order(status="cancelled", version=2))
    after(before.with_fill(fill()))
    assert dict(before.orders) == snapshot


def test_markets_do_not_mix() -> None:
    registry = Registry()
    registry.put(state())
    other = replace(state(), market=replace(MARKET, market=MarketId("0xdef")))
    registry.put(other.with_order(order(status=OrderStatus.LIVE)))
    first = registry.get(MARKET.market)
    assert first is not None
    assert not first.orders


def test_an_older_word_on_the_strike_changes_nothing() -> None:
    exact = state().with_strike(Strike(Decimal(100), "exact"), 2)
    assert exact.with_strike(Strike(Decimal(99), "prior"), 1) == exact
    assert exact.with_strike(Strike(Decimal(101), "metadata"), 3).strike == Strike(Decimal(101), "metadata")
