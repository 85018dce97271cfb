"""The venue's spellings of order and trade states, and ours. Protocol sheet, sections 2.7 and 3.2."""

from __future__ import annotations

from enum import StrEnum

from shared.domain.money import Shares
from shared.domain.order import OrderStatus, TimeInForce
from shared.venue.errors import UnknownStatusError

_RESTING = frozenset({"LIVE", "UNMATCHED", "DELAYED"})
_CANCELLED = ("CANCELED", "CANCELLED")
_EXPIRED = "CANCELED_EXPIRED_ORDER"
_IMMEDIATE = frozenset({TimeInForce.FOK, TimeInForce.FAK})
_TRADE_PREFIX = "TRADE_STATUS_"
_ORDER_PREFIX = "ORDER_STATUS_"


class TradeStatus(StrEnum):
    MATCHED = "MATCHED"
    MINED = "MINED"
    CONFIRMED = "CONFIRMED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"


_UNUSUAL = {"MATCHED_NOT_BROADCASTED": TradeStatus.MATCHED}


def trade_status(text: str) -> TradeStatus:
    """With or without its prefix. Raises UnknownStatusError."""
    bare = text.removeprefix(_TRADE_PREFIX)
    try:
        return _UNUSUAL.get(bare) or TradeStatus(bare)
    except ValueError:
        raise UnknownStatusError("status", f"{text[:64]!r} is no trade status we know") from None


def order_status(text: str, original: Shares, matched: Shares, time_in_force: TimeInForce | None) -> OrderStatus:
    """`CANCELED_<free text>` is open-ended: whatever follows, it is cancelled. Raises UnknownStatusError.

    INVALID ends a resting order too (its maker could no longer pay), so it is a cancellation, never a rejection.
    """
    bare = text.removeprefix(_ORDER_PREFIX)
    if bare in _RESTING:
        return OrderStatus.PARTLY_FILLED if matched else OrderStatus.LIVE
    if bare == "MATCHED":
        return _matched(original, matched, time_in_force)
    if bare == _EXPIRED:
        return OrderStatus.EXPIRED
    if bare == "INVALID" or bare.startswith(_CANCELLED):
        return OrderStatus.CANCELLED
    raise UnknownStatusError("status", f"{text[:64]!r} is no order status we know")


def _matched(original: Shares, matched: Shares, time_in_force: TimeInForce | None) -> OrderStatus:
    """An immediate order that got less is over; the rest of it was killed."""
    if time_in_force in _IMMEDIATE and matched and matched < original:
        return OrderStatus.CANCELLED
    return OrderStatus.FILLED
