"""Fair value by table (strategy section 3)."""

from __future__ import annotations

import csv
import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from shared.domain.fair_value import ImpossiblePriceError, p_win
from shared.domain.fair_value_table import BUCKETS_FROM_PCT, P_UP, TableFairValue
from tests.unit.domain.fair_value_views import view

FIXTURES = os.environ.get("TDMAKER_FIXTURES")


def up(spot: str, minutes_left: float = 7) -> str:
    return str(TableFairValue().p_up(view(spot, minutes_left * 60)))


@pytest.mark.parametrize(
    ("below", "below_it", "at", "from_it"),
    [
        ("99.4999", "0.0326", "99.5", "0.0585"),
        ("99.6999", "0.0585", "99.7", "0.0845"),
        ("99.7999", "0.0845", "99.8", "0.1259"),
        ("99.8999", "0.1259", "99.9", "0.2275"),
        ("99.9499", "0.2275", "99.95", "0.3702"),
        ("99.9999", "0.3702", "100", "0.6359"),
        ("100.0499", "0.6359", "100.05", "0.7631"),
        ("100.0999", "0.7631", "100.1", "0.8484"),
        ("100.1999", "0.8484", "100.2", "0.9227"),
        ("100.2999", "0.9227", "100.3", "0.9429"),
        ("100.4999", "0.9429", "100.5", "0.9731"),
    ],
)
def test_a_bucket_begins_at_its_lower_edge(below: str, below_it: str, at: str, from_it: str) -> None:
    assert (up(below), up(at)) == (below_it, from_it)


@pytest.mark.parametrize(
    ("seconds_left", "probability"),
    [
        (0, "1.0"),
        (60, "1.0"),
        (89.999, "1.0"),
        (90, "0.9423"),
        (150, "0.9423"),
        (150.001, "0.8886"),
        (209.999, "0.8886"),
        (210, "0.8547"),
        (809.999, "0.668"),
        (810, "0.6296"),
        (870, "0.6296"),
        (900, "0.6296"),
        (3600, "0.6296"),
    ],
)
def test_minutes_round_to_the_nearest_halves_to_even_within_1_and_14(seconds_left: float, probability: str) -> None:
    assert up("100.07", seconds_left / 60) == probability


def test_after_the_end_it_is_the_last_minute() -> None:
    late = view("100.07", -30)

    assert late.now - late.end == timedelta(seconds=30)
    assert str(TableFairValue().p_up(late)) == "1.0"


def test_no_move_counts_for_up() -> None:
    assert up("100") == "0.6359"
    assert p_win(TableFairValue(), view("100"), "Down") == Decimal("0.3641")


def test_down_is_the_complement_to_the_last_digit() -> None:
    for row, edge in enumerate(BUCKETS_FROM_PCT, start=1):
        for minutes in range(1, 15):
            seen = view(100 + edge, minutes * 60)
            assert p_win(TableFairValue(), seen, "Up") == P_UP[row][minutes - 1]
            assert p_win(TableFairValue(), seen, "Up") + p_win(TableFairValue(), seen, "Down") == 1


@pytest.mark.parametrize(("strike", "spot"), [("0", "100"), ("-1", "100"), ("100", "0"), ("100", "-1")])
def test_a_price_that_cannot_be_one_has_no_fair_value(strike: str, spot: str) -> None:
    with pytest.raises(ImpossiblePriceError, match="no fair value of btc"):
        TableFairValue().p_up(view(spot, strike=strike))


@pytest.mark.skipif(FIXTURES is None, reason="TDMAKER_FIXTURES is not set: the published table is not at hand")
def test_the_figures_are_the_published_ones() -> None:
    (path,) = Path(FIXTURES or "", "fair_value").glob("*.csv")
    with path.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    edges = ["", *(str(float(edge)) for edge in BUCKETS_FROM_PCT)]

    assert len(rows) == len(P_UP) * 14
    for row in rows:
        bucket = edges.index(row["directional_move_pct_from"])
        assert row["directional_move_pct_below"] == (edges[bucket + 1] if bucket + 1 < len(edges) else "")
        assert P_UP[bucket][int(row["minutes_remaining"]) - 1] == Decimal(row["p_win"])
