import pytest

from shared.domain.money import NO_CASH, Cash
from shared.domain.sizing import UnknownWalletError, live_wallet, paper_wallet, sizing_of


def dollars(text: str) -> Cash:
    return Cash.of(text)


@pytest.mark.parametrize(
    ("wallet", "order_size", "max_exposure"),
    [
        pytest.param("1000", "25", "500", id="2.5 % and half of it"),
        pytest.param("60", "1.5", "50", id="fifty dollars at least"),
        pytest.param("20", "1", "20", id="a dollar an order at least, never more than the wallet"),
    ],
)
def test_sizes_that_are_not_given_follow_the_wallet(wallet: str, order_size: str, max_exposure: str) -> None:
    sizing = sizing_of(dollars(wallet), NO_CASH, NO_CASH)
    assert (sizing.order_size, sizing.max_exposure) == (dollars(order_size), dollars(max_exposure))


def test_a_known_wallet_caps_the_exposure_that_was_given() -> None:
    assert sizing_of(dollars("100"), dollars("5"), dollars("400")).max_exposure == dollars("100")


def test_without_a_wallet_both_sizes_must_be_given() -> None:
    sizing = sizing_of(None, dollars("5"), dollars("50"))
    assert (sizing.order_size, sizing.max_exposure) == (dollars("5"), dollars("50"))
    with pytest.raises(UnknownWalletError):
        sizing_of(None, dollars("5"), NO_CASH)


def test_paper_trades_two_hundred_dollars_unless_told_otherwise() -> None:
    assert paper_wallet(NO_CASH) == dollars("200")
    assert paper_wallet(dollars("70")) == dollars("70")


def test_a_live_wallet_is_the_given_one_or_the_venues_balance() -> None:
    assert live_wallet(dollars("70"), dollars("1000")) == dollars("70")
    assert live_wallet(NO_CASH, dollars("1000")) == dollars("1000")
    assert live_wallet(NO_CASH, NO_CASH) is None
