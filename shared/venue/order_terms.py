"""What an order says before it is signed, and the venue's integers for it. Protocol sheet, 1.3, 1.4 and 2.6."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal

from shared.domain.ids import TokenId, VenueOrderId
from shared.domain.market import ProtocolVersion
from shared.domain.money import SHARE_STEP, Price, Shares
from shared.domain.order import Side, TimeInForce

UNITS_PER_ONE = Decimal(10**6)
"""Cash and shares have 6 decimals at the venue."""
AMOUNT_DECIMALS = {
    Decimal("0.1"): 3,
    Decimal("0.01"): 4,
    Decimal("0.005"): 5,
    Decimal("0.0025"): 6,
    Decimal("0.001"): 5,
    Decimal("0.0001"): 6,
}
"""By tick: decimals the venue takes of cash (of shares, for an order whose amount is cash)."""
CASH_STEP = Decimal("0.01")
_ROUND_UP_FIRST = 4
"""The official clients round a quotient up at this many further decimals before cutting it."""
_IMMEDIATE = frozenset({TimeInForce.FOK, TimeInForce.FAK})
_RESERVED_BITS = ((1 << 64) - 1) << 40
"""Zero in a position id of protocol v2; a v1 token is a hash."""


class UnsignableOrderError(ValueError):
    """The terms break a rule of the venue that we can see ourselves; nothing was signed."""


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """`expiration_seconds` is Unix wall time, 0 unless GTD. `tick`, `version` and `neg_risk` are the market's, now."""

    token: TokenId
    side: Side
    price: Price
    shares: Shares
    tick: Decimal
    version: ProtocolVersion
    neg_risk: bool
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = True
    expiration_seconds: int = 0


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """`body` is sent as it is, also when sent again: another signature would be another order."""

    venue_order_id: VenueOrderId
    body: bytes


@dataclass(frozen=True, slots=True)
class Amounts:
    """Base units: what the maker of the order gives and takes."""

    maker: int
    taker: int


def is_position_id(token: int) -> bool:
    """A v2 id, by its reserved bits: how the official clients choose the exchange."""
    return token > 0 and token & _RESERVED_BITS == 0


def check(terms: OrderTerms) -> None:
    """Raises UnsignableOrderError."""
    if terms.tick not in AMOUNT_DECIMALS:
        raise UnsignableOrderError(f"tick {terms.tick} is not one the venue has")
    if not terms.tick <= terms.price.value <= 1 - terms.tick or not terms.price.is_on(terms.tick):
        raise UnsignableOrderError(f"price {terms.price} is not a step of {terms.tick} between it and 1 less it")
    if terms.post_only and terms.time_in_force in _IMMEDIATE:
        raise UnsignableOrderError(f"post-only cannot be {terms.time_in_force}")
    if (terms.time_in_force is TimeInForce.GTD) != (terms.expiration_seconds > 0):
        raise UnsignableOrderError("an expiration belongs to GTD, and GTD needs one")
    _check_token(terms)


def _check_token(terms: OrderTerms) -> None:
    if not terms.token.isdecimal() or int(terms.token) >= 1 << 256:
        raise UnsignableOrderError(f"token {terms.token[:90]} is not a decimal number of 256 bits")
    if is_position_id(int(terms.token)) != (terms.version is ProtocolVersion.V2):
        raise UnsignableOrderError(f"token {terms.token} is not of a {terms.version} market")


def amounts_of(terms: OrderTerms) -> Amounts:
    """Shares down to 0.01. A resting order's cash is then exact; an immediate BUY is said in cash, down to a cent.

    Raises UnsignableOrderError when nothing remains.
    """
    shares = terms.shares.value.quantize(SHARE_STEP, ROUND_DOWN)
    cash = shares * terms.price.value
    if terms.side is Side.BUY and terms.time_in_force in _IMMEDIATE:
        cash = cash.quantize(CASH_STEP, ROUND_DOWN)
        shares = _quotient(cash, terms.price.value, AMOUNT_DECIMALS[terms.tick])
    if shares <= 0 or cash <= 0:
        raise UnsignableOrderError(f"{terms.shares} shares at {terms.price} round to nothing")
    given, taken = (cash, shares) if terms.side is Side.BUY else (shares, cash)
    return Amounts(maker=int(given * UNITS_PER_ONE), taker=int(taken * UNITS_PER_ONE))


def _quotient(cash: Decimal, price: Decimal, decimals: int) -> Decimal:
    fine = (cash / price).quantize(Decimal(1).scaleb(-decimals - _ROUND_UP_FIRST), ROUND_CEILING)
    return fine.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)
