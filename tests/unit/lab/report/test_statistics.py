"""What closed positions say, and how sure that is."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.report.record import Period, Refusals
from lab.report.statistics import compared, fair_value_rates, reasons_of, statistics_of, wilson
from shared.domain.money import Cash
from tests.unit.lab.report.trades import START, entry, record, trade


def test_the_interval_of_a_rate_is_wilsons() -> None:
    """Checked by hand: 8 of 10 is 49 % to 94 %, 10 of 10 is 72 % to 100 %."""
    interval = wilson(8, 10)
    assert (interval.mean, interval.low, interval.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    assert (wilson(10, 10).low, wilson(10, 10).high) == pytest.approx((0.7225, 1.0), abs=1e-4)


@given(st.integers(1, 2000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_an_interval_holds_its_rate_and_stays_a_probability(counts: tuple[int, int]) -> None:
    wins, count = counts
    interval = wilson(wins, count)
    assert 0 <= interval.low <= interval.mean + 1e-12
    assert interval.mean - 1e-12 <= interval.high <= 1


def test_the_drawdown_is_measured_from_the_best_before_it_and_from_nothing_at_first() -> None:
    trades = [trade(profit, number=number) for number, profit in enumerate(("-3", "5", "-4", "-2", "9"))]
    statistics = statistics_of(record(*trades))
    assert [str(point.profit) for point in statistics.equity] == ["-3", "2", "-2", "-4", "5"]
    assert [str(point.drawdown) for point in statistics.equity] == ["-3", "0", "-4", "-6", "0"]
    assert statistics.totals.deepest_drawdown == Cash.of(-6)


def test_wins_and_losses_go_by_the_sign_of_profit_and_nothing_is_neither() -> None:
    totals = statistics_of(record(trade("2"), trade("0", number=1), trade("-8", number=2))).totals
    assert (totals.positions, totals.wins, totals.losses, totals.profit) == (3, 1, 1, Cash.of(-6))


def test_rates_are_told_by_price_and_by_the_minute_of_the_first_purchase() -> None:
    statistics = statistics_of(
        record(
            trade("2", entry("0.80", minute="5.9")),
            trade("-8", entry("0.80", minute="5.0"), number=1),
            trade("2.5", entry("0.75", minute="9"), entry("0.85", minute="4.99", rung=1), number=2),
            trade("1.5", entry("0.85", minute="12"), number=3),
        )
    )
    assert [(rate.at, rate.count, rate.wins) for rate in statistics.by_price] == [(0.80, 3, 2), (0.85, 1, 1)]
    assert [(rate.at, rate.count, rate.wins) for rate in statistics.by_minute] == [(4, 1, 1), (5, 2, 1), (12, 1, 1)]
    assert statistics.by_price[1].expected == pytest.approx(0.85)


def test_fair_value_is_held_against_the_outcome_and_not_against_the_profit() -> None:
    lost_early = trade("-4", entry(fair="0.83"), payout="1")
    sold = trade("-4", entry(fair="0.85"), number=1, left_early=True)
    split = trade("-3", entry(fair="0.87"), number=2, payout="0.5")
    won = trade("2", entry(fair="0.89"), number=3)
    unasked = trade("2", entry(), number=4)
    sure = trade("2", entry(fair="1"), number=5)
    (eighties, nineties) = fair_value_rates([lost_early, sold, split, won, unasked, sure])
    assert (eighties.count, eighties.wins, eighties.at) == (2, 2, pytest.approx(0.86))
    assert (nineties.count, nineties.at) == (1, 1)


def test_maker_and_shadow_are_compared_over_the_markets_that_have_a_shadow() -> None:
    trades = [trade("2", number=n, shadow="1.5") for n in range(20)]
    comparison = compared([*trades, trade("-100", number=99)])
    assert comparison is not None
    assert comparison.markets == 20
    assert (comparison.maker.mean, comparison.shadow.mean) == pytest.approx((2, 1.5))
    assert (comparison.difference.low, comparison.difference.high) == pytest.approx((0.5, 0.5))
    assert compared([trade("2")]) is None


def test_an_interval_of_the_comparison_is_the_same_every_time_and_widens_with_luck() -> None:
    trades = [trade("2" if n % 5 else "-8", number=n, shadow="1.8" if n % 5 else "-8.2") for n in range(40)]
    comparison = compared(trades)
    assert comparison == compared(trades)
    assert comparison is not None
    assert comparison.maker.low < 0 < comparison.maker.high
    assert 0.19 < comparison.difference.low <= comparison.difference.high < 0.21


def test_the_profit_of_a_position_is_split_over_its_rungs_by_dollars_to_the_cent() -> None:
    both = trade("1.00", entry("0.75", "10"), entry("0.80", "5", rung=1))
    first, second = statistics_of(record(both)).by_rung
    assert (first.name, second.name) == ("rung 1", "rung 2")
    assert (str(first.profit), str(second.profit)) == ("0.66", "0.34")


def test_coins_and_reasons_are_told_apart() -> None:
    statistics = statistics_of(
        record(trade("2"), trade("-8", coin="eth"), trade("1", number=1), refusals=(Refusals("NO_BID", 3, START),))
    )
    assert [(each.name, each.positions, str(each.profit)) for each in statistics.by_coin] == [
        ("btc", 2, "3"),
        ("eth", 1, "-8"),
    ]
    told = reasons_of(
        [Refusals("B", 1, START), Refusals("C", 4, START), Refusals("A", 1, START), Refusals("C", 1, START)]
    )
    assert told == (("C", 5), ("A", 1), ("B", 1))


def test_a_period_holds_its_beginning_and_not_its_end() -> None:
    trades = [trade("1", number=n) for n in range(3)]
    whole = record(*trades, refusals=(Refusals("NO_BID", 1, START), Refusals("NO_BID", 2, START + timedelta(hours=1))))
    within = whole.within(Period(START + timedelta(minutes=15), START + timedelta(minutes=45)))
    assert [each.market for each in within.trades] == ["btc-updown-0", "btc-updown-1"]
    assert within.refusals == ()
    assert whole.within(Period(until=START + timedelta(minutes=1))).refusals[0].looks == 1


def test_the_price_of_a_ladder_is_weighted_by_shares() -> None:
    assert trade("1", entry("0.75", "30"), entry("0.85", "10", rung=1)).price == Decimal("0.775")
