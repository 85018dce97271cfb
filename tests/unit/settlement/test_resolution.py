"""Who won, as far as one may believe it (strategy section 12)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from services.settlement.domain.case import Case, Kind
from services.settlement.domain.resolution import (
    Decision,
    Defer,
    Disagreed,
    Resolved,
    Settle,
    Silent,
    Word,
    checked,
    decide,
)
from shared.domain.ids import TokenId
from shared.domain.money import Price
from tests.unit.settlement.cases import DOWN, END, GRACE, START, UP, after, case

UP_WON = {UP: Decimal(1), DOWN: Decimal(0)}
DOWN_WON = {UP: Decimal(0), DOWN: Decimal(1)}


def decided(word: Word, bid: str | None, now: datetime, of: Case | None = None) -> Decision:
    return decide(of or case(), word, None if bid is None else Price.of(bid), now, GRACE)


def test_the_venues_word_counts_at_once_whatever_the_bids_say() -> None:
    decision = decided(Resolved(DOWN_WON, "gamma"), "0.99", END)
    assert decision == Settle(DOWN_WON, Kind.VENUE, "gamma")


def test_one_source_alone_settles_provisionally() -> None:
    decision = decided(Resolved(DOWN_WON, "order_book", is_lone=True), "0.99", END)
    assert decision == Settle(DOWN_WON, Kind.PROVISIONAL, "order_book")


def test_a_split_payout_pays_by_its_fractions() -> None:
    halves = {UP: Decimal("0.5"), DOWN: Decimal("0.5")}
    assert decided(Resolved(halves, "gamma"), None, END) == Settle(halves, Kind.VENUE, "gamma")


@pytest.mark.parametrize("bid", ["0.99", "0.01", "0.5", None])
def test_within_the_grace_only_the_venues_word_counts(bid: str | None) -> None:
    assert isinstance(decided(Silent(), bid, END + GRACE), Defer)


@pytest.mark.parametrize(
    ("held", "bid", "payouts"),
    [
        pytest.param(UP, "0.9", UP_WON, id="the held outcome was bid for at 0.90: won"),
        pytest.param(UP, "0.1", DOWN_WON, id="the held outcome was bid for at 0.10: lost"),
        pytest.param(DOWN, "0.97", DOWN_WON, id="the second outcome held and won"),
        pytest.param(DOWN, "0.02", UP_WON, id="the second outcome held and lost"),
    ],
)
def test_after_the_grace_the_last_bid_of_the_held_outcome_decides_provisionally(
    held: TokenId, bid: str, payouts: dict[TokenId, Decimal]
) -> None:
    assert decided(Silent(), bid, after(seconds=301), case(held=held)) == Settle(
        payouts, Kind.PROVISIONAL, f"last bid {bid}"
    )


@pytest.mark.parametrize("bid", ["0.89", "0.11", None])
def test_an_ambiguous_bid_keeps_deferring(bid: str | None) -> None:
    assert isinstance(decided(Silent(), bid, after(minutes=54)), Defer)


@pytest.mark.parametrize("bid", ["0.89", "0.11", None])
def test_sixty_minutes_after_the_first_fill_ambiguous_counts_as_a_loss(bid: str | None) -> None:
    first_fill_at = START + timedelta(minutes=10)
    decision = decided(Silent(), bid, first_fill_at + timedelta(minutes=60))
    assert decision == Settle(DOWN_WON, Kind.FORCED, f"last bid {bid or 'unknown'}")


def test_a_clear_bid_still_decides_when_the_hour_is_over() -> None:
    decision = decided(Silent(), "0.95", after(minutes=90))
    assert isinstance(decision, Settle)
    assert decision.kind is Kind.PROVISIONAL


def test_an_old_fill_does_not_shorten_the_grace() -> None:
    old = case(first_fill_at=START - timedelta(hours=20))
    assert isinstance(decided(Silent(), "0.5", after(seconds=299), old), Defer)


@pytest.mark.parametrize("now", [END, after(hours=9)], ids=["at the end", "long after"])
def test_sources_that_disagree_settle_nothing_however_late(now: datetime) -> None:
    assert decided(Disagreed("catalogue says 111, order book 222"), "0.99", now) == Defer(
        "catalogue says 111, order book 222"
    )


def test_payouts_of_other_tokens_are_a_contradiction_not_a_result() -> None:
    foreign = Resolved({TokenId("111"): Decimal(1), TokenId("999"): Decimal(0)}, "gamma")
    assert isinstance(checked(case(), foreign), Disagreed)
    assert checked(case(), Resolved(UP_WON, "gamma")) == Resolved(UP_WON, "gamma")


def test_a_market_without_a_fill_waits_for_the_venue() -> None:
    assert isinstance(decided(Silent(), None, after(hours=9), case(held=None)), Defer)


def test_what_was_settled_on_a_guess_is_not_guessed_again() -> None:
    settled = case(unsettled=False, settled_by=Kind.PROVISIONAL)
    assert isinstance(decided(Silent(), "0.01", after(hours=2), settled), Defer)
    assert decided(Resolved(UP_WON, "gamma"), "0.01", after(hours=2), settled) == Settle(UP_WON, Kind.VENUE, "gamma")
