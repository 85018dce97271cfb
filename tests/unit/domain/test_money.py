"""Prices, shares and cash are exact and do not mix."""

from decimal import Decimal

import pytest

from shared.domain.money import Cash, MoneyError, Price, Shares, average_price, taker_fee


def test_a_price_times_shares_is_the_exact_notional() -> None:
    assert Price.of("0.85") * Shares.of("5.88") == Cash.of("4.9980")


@pytest.mark.parametrize("wrong", [0.8, True, None, "eight", "NaN", "Infinity", "-0.01", "1.01"])
def test_what_is_no_exact_price_is_refused(wrong: object) -> None:
    with pytest.raises(MoneyError):
        Price.of(wrong)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("cash", "price", "shares"), [("5", "0.8", "6.25"), ("5", "0.75", "6.66"), ("1", "0.99", "1.01")]
)
def test_cash_buys_shares_rounded_down_to_a_hundredth(cash: str, price: str, shares: str) -> None:
    assert Shares.bought_with(Cash.of(cash), Price.of(price)) == Shares.of(shares)


def test_nothing_can_be_bought_at_a_price_of_zero() -> None:
    with pytest.raises(MoneyError):
        Shares.bought_with(Cash.of(1), Price.of(0))


def test_shares_never_become_negative() -> None:
    with pytest.raises(MoneyError):
        _ = Shares.of(1) - Shares.of("1.01")
    assert Shares.of(1).less(Shares.of(2)) == Shares.of(0)


def test_the_other_outcome_costs_what_is_missing_to_one() -> None:
    assert Price.of("0.75").complement() == Price.of("0.25")


@pytest.mark.parametrize(("raw", "rounded"), [("0.7833", "0.78"), ("0.785", "0.79"), ("0.7849", "0.78")])
def test_a_rung_is_rounded_half_up_to_the_tick(raw: str, rounded: str) -> None:
    assert Price.of(raw).rounded_half_up(Decimal("0.01")) == Price.of(rounded)


def test_the_taker_fee_is_the_venues_formula_to_five_decimals() -> None:
    assert taker_fee(Shares.of(100), Price.of("0.5"), Decimal("0.07")) == Cash.of("1.75")
    assert taker_fee(Shares.of("0.01"), Price.of("0.99"), Decimal("0.07")) == Cash.of("0")
    assert taker_fee(Shares.of("0.02"), Price.of("0.99"), Decimal("0.07")) == Cash.of("0.00001")
    assert taker_fee(Shares.of("0.04"), Price.of("0.99"), Decimal("0.07")) == Cash.of("0.00003")
    assert taker_fee(Shares.of("0.05"), Price.of("0.99"), Decimal("0.07")) == Cash.of("0.00003")


def test_scale_in_averages_by_shares_and_rounds_against_us() -> None:
    cost = Price.of("0.75") * Shares.of(5) + Price.of("0.80") * Shares.of(10)
    assert average_price(cost, Shares.of(15)) == Price.of("0.783334")


def test_a_report_rounds_half_a_cent_away_from_zero() -> None:
    assert Cash.of("-0.005").to_cents() == Cash.of("-0.01")
