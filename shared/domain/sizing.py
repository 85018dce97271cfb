"""How much an order and all orders together may cost, from the wallet (strategy section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from shared.domain.money import NO_CASH, Cash

PAPER_WALLET = Cash(Decimal(200))
ORDER_SHARE = Decimal("0.025")
ORDER_LEAST = Cash(Decimal(1))
EXPOSURE_SHARE = Decimal("0.5")
EXPOSURE_LEAST = Cash(Decimal(50))


class UnknownWalletError(ValueError):
    """Sizes cannot be derived: nobody knows the wallet and not both of them are given."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """Dollars per order and at risk in all; `wallet` is None where nobody knows it."""

    wallet: Cash | None
    order_size: Cash
    max_exposure: Cash


def paper_wallet(given: Cash) -> Cash:
    """0 = not given."""
    return given if given > NO_CASH else PAPER_WALLET


def live_wallet(given: Cash, balance: Cash | None) -> Cash | None:
    """The given one, else the venue's balance, else unknown."""
    if given > NO_CASH:
        return given
    return balance if balance is not None and balance > NO_CASH else None


def sizing_of(wallet: Cash | None, order_size: Cash, max_exposure: Cash) -> Sizing:
    """Sizes of 0 are derived from the wallet; a known wallet caps the exposure. Raises UnknownWalletError."""
    if wallet is None:
        if order_size > NO_CASH and max_exposure > NO_CASH:
            return Sizing(None, order_size, max_exposure)
        raise UnknownWalletError(
            "the venue shows no balance; give wallet, or both order_size and max_exposure, to size orders from"
        )
    size = order_size if order_size > NO_CASH else max(ORDER_LEAST, wallet.times(ORDER_SHARE))
    limit = max_exposure if max_exposure > NO_CASH else max(EXPOSURE_LEAST, wallet.times(EXPOSURE_SHARE))
    return Sizing(wallet, size, min(limit, wallet))
