"""Sizes from the wallet (strategy section 5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.domain.money import NO_CASH, Cash
from shared.domain.sizing import UnknownWalletError, live_wallet, paper_wallet, sizing_of


def dollars(amount: str) -> Cash:
    return Cash(Decimal(amount))


@pytest.mark.parametrize(
    ("wallet", "order_size", "max_exposure"),
    [("200", "5", "100"), ("30", "1", "30"), ("39.99", "1", "39.99"), ("80", "2", "50"), ("1000", "25", "500")],
)
def test_sizes_follow_from_the_wallet_which_caps_the_exposure(wallet: str, order_size: str, max_exposure: str) -> None:
    sizing = sizing_of(dollars(wallet), NO_CASH, NO_CASH)

    assert (sizing.order_size, sizing.max_exposure) == (dollars(order_size), dollars(max_exposure))


def test_given_sizes_stand_unless_the_wallet_is_smaller() -> None:
    sizing = sizing_of(dollars("200"), dollars("40"), dollars("300"))

    assert (sizing.order_size, sizing.max_exposure) == (dollars("40"), dollars("200"))


def test_an_unknown_wallet_needs_both_sizes() -> None:
    sizing = sizing_of(None, dollars("10"), dollars("60"))

    assert (sizing.order_size, sizing.max_exposure, sizing.wallet) == (dollars("10"), dollars("60"), None)


@pytest.mark.parametrize(("order_size", "max_exposure"), [("0", "0"), ("10", "0"), ("0", "60")])
def test_an_unknown_wallet_without_both_sizes_is_refused(order_size: str, max_exposure: str) -> None:
    with pytest.raises(UnknownWalletError, match="wallet"):
        sizing_of(None, dollars(order_size), dollars(max_exposure))


def test_paper_without_a_wallet_has_two_hundred() -> None:
    assert paper_wallet(NO_CASH) == dollars("200")
    assert paper_wallet(dollars("70")) == dollars("70")


def test_a_live_wallet_is_the_given_one_else_the_balance_else_unknown() -> None:
    assert live_wallet(dollars("70"), dollars("500")) == dollars("70")
    assert live_wallet(NO_CASH, dollars("500")) == dollars("500")
    assert live_wallet(NO_CASH, NO_CASH) is None
    assert live_wallet(NO_CASH, None) is None
