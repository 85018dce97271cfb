"""Dollars and shares of an entry (strategy section 5)."""

from __future__ import annotations

from decimal import Decimal

from services.bidder.domain.reasons import Reason
from services.bidder.domain.rules import MinSizePolicy
from shared.domain.money import NO_CASH, Cash, Price, Shares

PAPER_WALLET = Cash(Decimal(200))
ORDER_FRACTION = Decimal("0.025")
ORDER_FLOOR = Cash(Decimal(1))
EXPOSURE_FRACTION = Decimal("0.5")
EXPOSURE_FLOOR = Cash(Decimal(50))


def wallet(given: Cash, balance: Cash | None) -> Cash | None:
    """What is sized from: the setting, else the venue's balance; None when neither is known."""
    return given if given > NO_CASH else balance


def order_size(given: Cash, sized_from: Cash) -> Cash:
    return given if given > NO_CASH else max(ORDER_FLOOR, sized_from.times(ORDER_FRACTION))


def max_exposure(given: Cash, sized_from: Cash) -> Cash:
    """A known wallet caps it."""
    wished = given if given > NO_CASH else max(EXPOSURE_FLOOR, sized_from.times(EXPOSURE_FRACTION))
    return min(wished, sized_from)


def wallet_behind(limit: Cash) -> Cash:
    """The least wallet whose default exposure limit is this one, for a service that cannot ask the venue."""
    return limit.times(1 / EXPOSURE_FRACTION) if limit > EXPOSURE_FLOOR else limit


def entry_shares(
    size: Cash, price: Price, unfilled: Shares | None, min_shares: Shares, policy: MinSizePolicy
) -> Shares:
    """Cash by price, or what the rung still lacks; raised to the venue's minimum where the policy says so."""
    shares = Shares.bought_with(size, price) if unfilled is None else unfilled
    return max(shares, min_shares) if policy == "raise" else shares


def refuse_size(shares: Shares, price: Price, min_shares: Shares, headroom: Cash) -> Reason | None:
    if shares < min_shares or not shares:
        return Reason.BELOW_MINIMUM
    return Reason.NO_HEADROOM if price * shares > headroom else None
