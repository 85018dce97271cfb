"""The shadow taker: what a taker would have paid at a market's first fill (strategy section 8). It spends no money and
is compared with the maker afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from shared.domain.ids import MarketId, TokenId, TradeId
from shared.domain.money import ONE, Cash, Price, Shares

OPEN, NO_ASK, MISSED = "open", "no_ask", "missed"
TOKEN_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class FirstFill:
    """The fill by which the account entered a market. `stake` is the dollars of its order, `taker_fee_rate` the
    market's own."""

    market: MarketId
    trade: TradeId
    token: TokenId
    outcome: str
    stake: Cash
    taker_fee_rate: Decimal
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """What was offered to a taker at an instant; `ask` is None where nothing was."""

    ask: Price | None


@dataclass(frozen=True, slots=True)
class Bought:
    """The taker's purchase: all of its stake, the fee taken out of it."""

    ask: Price
    fee_per_share: Cash
    shares: Shares


@dataclass(frozen=True, slots=True)
class Shadow:
    """`result` is open with a purchase; no_ask or missed without one."""

    first: FirstFill
    bought: Bought | None
    result: str


def enter(first: FirstFill, offer: Offer | None) -> Shadow:
    """`offer` as it was at the fill; None when nobody saw it. It is never made up from a later one."""
    if offer is None:
        return Shadow(first, None, MISSED)
    if offer.ask is None or offer.ask.value <= 0:
        return Shadow(first, None, NO_ASK)
    return Shadow(first, _bought(first.stake, offer.ask, first.taker_fee_rate), OPEN)


def _bought(stake: Cash, ask: Price, rate: Decimal) -> Bought:
    """Shares down to the token's smallest unit."""
    fee = rate * ask.value * (ONE - ask.value)
    return Bought(ask, Cash(fee), Shares((stake.value / (ask.value + fee)).quantize(TOKEN_STEP, ROUND_DOWN)))
