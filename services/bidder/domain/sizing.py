"""Shares of an entry (strategy section 5)."""

from __future__ import annotations

from services.bidder.domain.reasons import Reason
from services.bidder.domain.rules import MinSizePolicy
from shared.domain.money import Cash, Price, Shares


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
