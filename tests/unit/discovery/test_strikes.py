"""The strike and how we came by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.discovery.domain.strikes import Average, Averages, Provenance, Strike, StrikeDesk
from shared.domain.ids import Coin, MarketId

START = datetime(2026, 4, 1, 12, tzinfo=UTC)
BTC, MARKET = Coin("btc"), MarketId("0xabc")


def tick(seconds: float, price: str = "68000") -> Average:
    return Average(Decimal(price), START + timedelta(seconds=seconds), "chainlink")


def averages(*ticks: Average) -> Averages:
    kept = Averages()
    for each in ticks:
        kept.add(BTC, each)
    return kept


def desk(*ticks: Average) -> StrikeDesk:
    made = StrikeDesk()
    made.expect(MARKET, BTC, START)
    for each in ticks:
        made.add(BTC, each)
    return made


def test_the_tick_stamped_exactly_at_the_start_is_the_strike() -> None:
    found = averages(tick(-1, "67999"), tick(0), tick(1, "68001")).strike(BTC, START)
    assert found == Strike(Decimal(68000), "chainlink", Provenance.EXACT, START)


def test_before_the_feed_is_clearly_past_the_start_a_missing_tick_may_still_come() -> None:
    assert averages(tick(-1), tick(2.999)).strike(BTC, START) is None
    found = averages(tick(-1), tick(3)).strike(BTC, START)
    assert found is not None
    assert (found.provenance, found.tick_at) == (Provenance.PRIOR, START - timedelta(seconds=1))


def test_the_nearest_prior_tick_is_taken_up_to_ten_seconds_of_age() -> None:
    found = averages(tick(-20), tick(-10), tick(5)).strike(BTC, START)
    assert found is not None
    assert found.tick_at == START - timedelta(seconds=10)
    assert averages(tick(-10.001), tick(5)).strike(BTC, START) is None


def test_a_tick_after_the_start_is_never_a_strike() -> None:
    assert averages(tick(1), tick(60)).strike(BTC, START) is None


def test_ticks_of_another_coin_do_not_count() -> None:
    kept = averages(tick(0))
    assert kept.strike(Coin("eth"), START) is None


def test_old_ticks_are_let_go() -> None:
    assert averages(tick(0), tick(301)).strike(BTC, START) is None


def test_an_exact_strike_is_due_once() -> None:
    made = desk(tick(0))
    ((market, strike),) = made.due()
    assert (market, strike.provenance) == (MARKET, Provenance.EXACT)
    made.captured(market, strike)
    assert made.due() == []
    assert not made.is_missing(START)


def test_a_strike_that_could_not_be_written_stays_due() -> None:
    made = desk(tick(0))
    assert made.due() == made.due() != []


def test_the_venues_own_word_stands_in_for_a_missed_tick() -> None:
    made = desk()
    assert made.is_missing(START)
    made.state(MARKET, Decimal("68000.5"))
    ((_, strike),) = made.due()
    assert (strike.price, strike.provenance) == (Decimal("68000.5"), Provenance.METADATA)


def test_a_prior_tick_is_replaced_by_a_late_exact_one_or_by_the_venues_word() -> None:
    late = desk(tick(-1), tick(4))
    ((_, prior),) = late.due()
    late.captured(MARKET, prior)
    assert late.due() == []
    late.add(BTC, tick(0))
    assert [strike.provenance for _, strike in late.due()] == [Provenance.EXACT]
    stated = desk(tick(-1), tick(4))
    stated.captured(MARKET, prior)
    stated.state(MARKET, Decimal(68001))
    assert [strike.provenance for _, strike in stated.due()] == [Provenance.METADATA]


def test_before_its_start_no_strike_is_missing() -> None:
    assert not desk().is_missing(START - timedelta(milliseconds=1))


def test_each_strike_is_held_once_against_the_venues_word() -> None:
    made = desk(tick(0))
    made.captured(MARKET, made.due()[0][1])
    assert made.checked() == []
    made.state(MARKET, Decimal("68000.06"))
    assert made.checked() == [(MARKET, True)]
    assert made.checked() == []


def test_a_millionth_of_difference_is_rounding_and_more_is_a_difference() -> None:
    exact = Strike(Decimal(68000), "chainlink", Provenance.EXACT, START)
    assert exact.agrees_with(Decimal("68000.068"))
    assert not exact.agrees_with(Decimal("68000.07"))


def test_a_forgotten_market_wants_no_strike() -> None:
    made = desk(tick(0))
    made.forget(MARKET)
    assert made.due() == []
