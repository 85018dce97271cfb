"""Shares of an entry (strategy section 5)."""

from __future__ import annotations

from decimal import Decimal

from services.bidder.domain.rules import MinSizePolicy
from shared.domain.money import Cash, Price, Shares

TIGHT = Decimal("0.02")
WIDE = Decimal("0.04")
HALF_WAY_MOST = Decimal("2.0")
WIDE_MOST = Decimal("2.5")
COIN_FLIP = Decimal("0.5")
FULL_CONFIDENCE = Decimal("0.25")
CONFIDENCE_LEAST, CONFIDENCE_MOST = Decimal("0.2"), Decimal("2.0")


def entry_shares(
    size: Cash, price: Price, unfilled: Shares | None, min_shares: Shares, policy: MinSizePolicy
) -> Shares:
    """Cash by price, or what the rung still lacks; raised to the venue's minimum where the policy says so."""
    shares = Shares.bought_with(size, price) if unfilled is None else unfilled
    return max(shares, min_shares) if policy == "raise" else shares


def spread_factor(spread: Decimal, multiplier: Decimal) -> Decimal:
    """By how much a wide spread enlarges an order; `multiplier` is above 0, `spread` dollars."""
    if spread < TIGHT:
        return Decimal(1)
    if spread < WIDE:
        return min(1 + (multiplier - 1) / 2, HALF_WAY_MOST)
    return min(multiplier, WIDE_MOST)


def confidence(p_win: Decimal) -> Decimal:
    """By how much a model's probability scales an order."""
    return min(max((p_win - COIN_FLIP) / FULL_CONFIDENCE, CONFIDENCE_LEAST), CONFIDENCE_MOST)
