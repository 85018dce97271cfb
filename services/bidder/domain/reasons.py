"""Why an entry is refused, a fill is not taken or a resting entry goes: the codes of strategy section 3."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    HALTED = "HALTED"
    MARKET_CLOSED = "MARKET_CLOSED"
    TOO_EARLY = "TOO_EARLY"
    AWAITING_SETTLEMENT = "AWAITING_SETTLEMENT"
    EXITED = "EXITED"
    UNMATCHED_FILL = "UNMATCHED_FILL"
    STALE_BOOK = "STALE_BOOK"
    NO_BID = "NO_BID"
    BID_OUT_OF_RANGE = "BID_OUT_OF_RANGE"
    NO_REFERENCE_PRICE = "NO_REFERENCE_PRICE"
    INSUFFICIENT_MOVE = "INSUFFICIENT_MOVE"
    EXCESSIVE_MOVE = "EXCESSIVE_MOVE"
    TOO_LATE = "TOO_LATE"
    ABOVE_FAIR_VALUE = "ABOVE_FAIR_VALUE"
    MODEL_SKIP = "MODEL_SKIP"
    EDGE_TOO_SMALL = "EDGE_TOO_SMALL"
    THIN_BOOK = "THIN_BOOK"
    AVOIDED_HOUR = "AVOIDED_HOUR"
    OTHER_SIDE_HELD = "OTHER_SIDE_HELD"
    LADDER_COMPLETE = "LADDER_COMPLETE"
    ALREADY_WORKING = "ALREADY_WORKING"
    RUNG_TAKEN = "RUNG_TAKEN"
    WOULD_CROSS = "WOULD_CROSS"
    SELF_CROSSING = "SELF_CROSSING"
    NO_ASK = "NO_ASK"
    CANCEL_IN_FLIGHT = "CANCEL_IN_FLIGHT"
    NO_HEADROOM = "NO_HEADROOM"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    DUPLICATE_ORDER = "DUPLICATE_ORDER"
    DUPLICATE_FILL = "DUPLICATE_FILL"
    OVERSIZE_FILL = "OVERSIZE_FILL"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"


@dataclass(frozen=True, slots=True)
class Refused:
    """A transition that did not happen; the state is as it was."""

    reason: Reason
