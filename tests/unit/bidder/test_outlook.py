"""Fair value as the filters ask for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from services.bidder.domain.outlook import FairOutlook
from shared.domain.fair_value import PriceView
from shared.domain.reference import Spot
from tests.unit.bidder.cases import MARKET, NOW, priced, state


class Remembering:
    """A fair value that keeps what it was asked."""

    def __init__(self) -> None:
        self.views: list[PriceView] = []

    def p_up(self, view: PriceView) -> Decimal:
        self.views.append(view)
        return Decimal("0.8")


def test_fair_value_is_asked_with_strike_spot_and_the_slots_own_bounds() -> None:
    model = Remembering()
    assert FairOutlook(model, 30.0).p_up(priced(state()), NOW) == Decimal("0.8")
    (view,) = model.views
    assert (view.strike, view.spot, view.coin) == (Decimal(100), Decimal("100.2"), "btc")
    assert (view.start, view.end, view.now) == (MARKET.start, MARKET.end, NOW)


def test_without_strike_or_fresh_spot_there_is_no_fair_value() -> None:
    model = Remembering()
    outlook = FairOutlook(model, 30.0)
    old = priced(state(), at=NOW - timedelta(seconds=31))
    for blind in (state(), old, priced(state(), strike="0"), priced(state(), spot="0")):
        assert outlook.p_up(blind, NOW) is None
    assert model.views == []


def test_the_mean_of_the_last_minute_is_made_of_the_spots_that_were_heard() -> None:
    model = Remembering()
    outlook, late = FairOutlook(model, 30.0), MARKET.end - timedelta(seconds=40)
    of = priced(state(), at=late)
    outlook.hear(MARKET.coin, Spot(Decimal("100.4"), MARKET.end - timedelta(seconds=60)))
    outlook.hear(MARKET.coin, Spot(Decimal("100.2"), MARKET.end - timedelta(seconds=50)))
    outlook.p_up(replace(of, spot=Spot(Decimal("100.2"), late)), late)
    assert model.views[0].window_mean == Decimal("100.3")
