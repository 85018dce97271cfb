"""Dollars and shares of an entry, at the limits of each default."""

from __future__ import annotations

import pytest

from services.bidder.domain.reasons import Reason
from services.bidder.domain.sizing import entry_shares, max_exposure, order_size, refuse_size, wallet, wallet_behind
from shared.domain.money import Cash, Price, Shares


@pytest.mark.parametrize(
    ("sized_from", "expected"), [("40", "1"), ("40.40", "1.01"), ("200", "5")], ids=["floor", "just above", "paper"]
)
def test_an_order_is_a_fortieth_of_the_wallet_and_a_dollar_at_least(sized_from: str, expected: str) -> None:
    assert order_size(Cash.of(0), Cash.of(sized_from)) == Cash.of(expected)


def test_given_sizes_win() -> None:
    assert order_size(Cash.of(7), Cash.of(200)) == Cash.of(7)
    assert max_exposure(Cash.of(70), Cash.of(200)) == Cash.of(70)
    assert wallet(Cash.of(9), Cash.of(200)) == Cash.of(9)


@pytest.mark.parametrize(
    ("sized_from", "expected"),
    [("30", "30"), ("80", "50"), ("100", "50"), ("102", "51")],
    ids=["capped by the wallet", "floor", "floor's end", "half"],
)
def test_the_exposure_limit_is_half_the_wallet(sized_from: str, expected: str) -> None:
    assert max_exposure(Cash.of(0), Cash.of(sized_from)) == Cash.of(expected)


def test_an_unknown_wallet_stays_unknown() -> None:
    assert wallet(Cash.of(0), None) is None
    assert wallet(Cash.of(0), Cash.of(12)) == Cash.of(12)


@pytest.mark.parametrize("sized_from", ["10", "50", "102", "1000"])
def test_a_limit_made_by_default_tells_its_wallet(sized_from: str) -> None:
    assert wallet_behind(max_exposure(Cash.of(0), Cash.of(sized_from))) == Cash.of(sized_from)


def test_shares_are_rounded_down_to_a_hundredth() -> None:
    assert entry_shares(Cash.of(5), Price.of("0.83"), None, Shares.of(5), "refuse") == Shares.of("6.02")


def test_a_rung_partly_filled_asks_for_what_it_lacks() -> None:
    assert entry_shares(Cash.of(5), Price.of("0.83"), Shares.of("5.5"), Shares.of(5), "refuse") == Shares.of("5.5")


@pytest.mark.parametrize(("shares", "reason"), [("5", None), ("4.99", Reason.BELOW_MINIMUM)])
def test_the_minimum_itself_is_enough(shares: str, reason: Reason | None) -> None:
    assert refuse_size(Shares.of(shares), Price.of("0.80"), Shares.of(5), Cash.of(100)) is reason


def test_nothing_is_never_bought_even_where_the_venue_has_no_minimum() -> None:
    assert refuse_size(Shares.of(0), Price.of("0.80"), Shares.of(0), Cash.of(100)) is Reason.BELOW_MINIMUM
