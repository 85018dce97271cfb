"""Orders the venue would refuse are not signed, and amounts are exact."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import TokenId
from shared.domain.market import ProtocolVersion
from shared.domain.money import Price, Shares
from shared.domain.order import Side, TimeInForce
from shared.venue.order_terms import (
    AMOUNT_DECIMALS,
    Amounts,
    OrderTerms,
    UnsignableOrderError,
    amounts_of,
    check,
    is_position_id,
)
from tests.fixtures.venue import UP, UP_V2

GOOD: dict[str, Any] = {
    "token": TokenId(UP),
    "side": Side.BUY,
    "price": Price.of("0.45"),
    "shares": Shares.of("11.11"),
    "tick": Decimal("0.01"),
    "version": ProtocolVersion.V1,
    "neg_risk": False,
}


def terms(**changes: object) -> OrderTerms:
    fields: dict[str, Any] = {**GOOD, **changes}
    return OrderTerms(**fields)


def test_a_buy_gives_cash_and_takes_shares() -> None:
    assert amounts_of(terms()) == Amounts(maker=4_999_500, taker=11_110_000)


def test_a_sale_gives_shares_and_takes_cash() -> None:
    assert amounts_of(terms(side=Side.SELL)) == Amounts(maker=11_110_000, taker=4_999_500)


def test_shares_are_cut_to_hundredths() -> None:
    assert amounts_of(terms(shares=Shares.of("11.119"))).taker == 11_110_000


def test_a_buy_that_must_fill_now_is_said_in_whole_cents() -> None:
    immediate = terms(time_in_force=TimeInForce.FAK, post_only=False)
    assert amounts_of(immediate) == Amounts(maker=4_990_000, taker=11_088_800)


def test_nothing_is_no_order() -> None:
    with pytest.raises(UnsignableOrderError, match="nothing"):
        amounts_of(terms(shares=Shares.of("0.009")))


@given(
    tick=st.sampled_from(sorted(AMOUNT_DECIMALS)),
    step=st.integers(1, 9999),
    hundredths=st.integers(1, 10**9),
    side=st.sampled_from(list(Side)),
)
def test_the_cash_of_a_resting_order_is_exact(tick: Decimal, step: int, hundredths: int, side: Side) -> None:
    price = min(step * tick, 1 - tick)
    shares = Decimal(hundredths) / 100
    amounts = amounts_of(terms(tick=tick, price=Price(price), shares=Shares(shares), side=side))
    cash, quantity = (amounts.maker, amounts.taker) if side is Side.BUY else (amounts.taker, amounts.maker)
    assert (Decimal(cash), Decimal(quantity)) == (shares * price * 10**6, shares * 10**6)


UNSIGNABLE = {
    "a price between two ticks": {"price": Price.of("0.455")},
    "a price of 0": {"price": Price.of(0)},
    "a price of 1": {"price": Price.of(1)},
    "a tick the venue does not have": {"tick": Decimal("0.02")},
    "post-only that must fill at once": {"time_in_force": TimeInForce.FOK},
    "GTD without an end": {"time_in_force": TimeInForce.GTD},
    "an end without GTD": {"expiration_seconds": 1775030000},
    "a position of the other protocol": {"token": TokenId(UP_V2)},
    "a token of the other protocol": {"version": ProtocolVersion.V2},
    "a token that is no number": {"token": TokenId("0xab")},
    "a token too large": {"token": TokenId("9" * 78)},
}


@pytest.mark.parametrize("changes", UNSIGNABLE.values(), ids=UNSIGNABLE.keys())
def test_terms_the_venue_would_refuse_are_refused_here(changes: dict[str, object]) -> None:
    with pytest.raises(UnsignableOrderError):
        check(terms(**changes))


def test_good_terms_pass() -> None:
    check(terms())
    check(terms(token=TokenId(UP_V2), version=ProtocolVersion.V2))
    check(terms(time_in_force=TimeInForce.GTD, expiration_seconds=1775030000))


def test_position_ids_are_known_by_their_reserved_bits() -> None:
    assert is_position_id(int(UP_V2))
    assert not is_position_id(int(UP))
