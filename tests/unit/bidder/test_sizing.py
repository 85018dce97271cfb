"""Shares of an entry, at the limits of what the venue takes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.bidder.domain.sizing import confidence, entry_shares, spread_factor
from shared.domain.money import Cash, Price, Shares


def test_shares_are_rounded_down_to_a_hundredth() -> None:
    assert entry_shares(Cash.of(5), Price.of("0.83"), None, Shares.of(5), "refuse") == Shares.of("6.02")


def test_a_rung_partly_filled_asks_for_what_it_lacks() -> None:
    assert entry_shares(Cash.of(5), Price.of("0.83"), Shares.of("5.5"), Shares.of(5), "refuse") == Shares.of("5.5")


@pytest.mark.parametrize(
    ("spread", "factor"), [("0.019", "1"), ("0.02", "1.5"), ("0.039", "1.5"), ("0.04", "2"), ("0.2", "2")]
)
def test_a_wide_spread_enlarges_an_order(spread: str, factor: str) -> None:
    assert spread_factor(Decimal(spread), Decimal(2)) == Decimal(factor)


@pytest.mark.parametrize(("spread", "factor"), [("0.02", "2.0"), ("0.04", "2.5")])
def test_no_spread_enlarges_an_order_without_bound(spread: str, factor: str) -> None:
    assert spread_factor(Decimal(spread), Decimal(4)) == Decimal(factor)


@pytest.mark.parametrize(
    ("p_win", "factor"), [("0.4", "0.2"), ("0.55", "0.2"), ("0.75", "1"), ("0.9", "1.6"), ("1", "2.0")]
)
def test_a_models_confidence_scales_an_order_within_bounds(p_win: str, factor: str) -> None:
    assert confidence(Decimal(p_win)) == Decimal(factor)
