"""Shares of an entry, at the limits of what the venue takes."""

from __future__ import annotations

import pytest

from services.bidder.domain.reasons import Reason
from services.bidder.domain.sizing import entry_shares, refuse_size
from shared.domain.money import Cash, Price, Shares


def test_shares_are_rounded_down_to_a_hundredth() -> None:
    assert entry_shares(Cash.of(5), Price.of("0.83"), None, Shares.of(5), "refuse") == Shares.of("6.02")


def test_a_rung_partly_filled_asks_for_what_it_lacks() -> None:
    assert entry_shares(Cash.of(5), Price.of("0.83"), Shares.of("5.5"), Shares.of(5), "refuse") == Shares.of("5.5")


@pytest.mark.parametrize(("shares", "reason"), [("5", None), ("4.99", Reason.BELOW_MINIMUM)])
def test_the_minimum_itself_is_enough(shares: str, reason: Reason | None) -> None:
    assert refuse_size(Shares.of(shares), Price.of("0.80"), Shares.of(5), Cash.of(100)) is reason


def test_nothing_is_never_bought_even_where_the_venue_has_no_minimum() -> None:
    assert refuse_size(Shares.of(0), Price.of("0.80"), Shares.of(0), Cash.of(100)) is Reason.BELOW_MINIMUM
