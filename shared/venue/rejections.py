"""The venue's error texts in our words. Texts explain; what happened to an order is told by status and code.

Protocol sheet, sections 2.6 and 2.8, and recorded error bodies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import msgspec

from shared.venue.errors import VenueFrameError
from shared.venue.wire import NOTHING, decode, is_absent, optional_exact


class Reason(StrEnum):
    POST_ONLY_WOULD_CROSS = "post_only_would_cross"
    TICK = "tick"
    MIN_SHARES = "min_shares"
    AMOUNT_DECIMALS = "amount_decimals"
    DUPLICATED = "duplicated"
    BALANCE = "balance"
    EXPIRATION = "expiration"
    NOT_FILLED = "not_filled"
    MARKET_NOT_READY = "market_not_ready"
    MARKET_CLOSED = "market_closed"
    ORDER_VERSION = "order_version"
    SIGNATURE = "signature"
    ACCOUNT = "account"
    WALLET = "wallet"
    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    TOO_MANY_ORDERS = "too_many_orders"
    RATE_LIMITED = "rate_limited"
    RESTARTING = "restarting"
    POST_ONLY_MODE = "post_only_mode"
    TRADING_DISABLED = "trading_disabled"
    VENUE_TIMEOUT = "venue_timeout"
    VENUE_FAULT = "venue_fault"
    CONNECTION = "connection"
    UNREADABLE = "unreadable"
    OTHER = "other"


_BY_CODE = {"post_only_mode": Reason.POST_ONLY_MODE}
_BY_TEXT = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (r"is invalid\. duplicated", Reason.DUPLICATED),
        (r"post-only mode", Reason.POST_ONLY_MODE),
        (r"crosses (the )?book", Reason.POST_ONLY_WOULD_CROSS),
        (r"minimum tick size rule", Reason.TICK),
        (r"lower than the minimum", Reason.MIN_SHARES),
        (r"invalid amounts", Reason.AMOUNT_DECIMALS),
        (r"not enough balance|insufficient balance", Reason.BALANCE),
        (r"invalid expiration", Reason.EXPIRATION),
        (r"fully filled or killed|no orders found to match|fok order", Reason.NOT_FILLED),
        (r"not yet ready to process|match delayed", Reason.MARKET_NOT_READY),
        (r"no orderbook exists|market not found", Reason.MARKET_CLOSED),
        (r"order_version_mismatch|invalid order version", Reason.ORDER_VERSION),
        (r"invalid signature", Reason.SIGNATURE),
        (r"rate limit", Reason.RATE_LIMITED),
        (r"too many orders", Reason.TOO_MANY_ORDERS),
        (r"maker address not allowed|has to be the (address|owner) of", Reason.WALLET),
        (r"banned|closed only mode", Reason.ACCOUNT),
        (r"trading is disabled", Reason.TRADING_DISABLED),
        (r"order timed out", Reason.VENUE_TIMEOUT),
        (r"could not insert order", Reason.VENUE_FAULT),
    )
)
_BY_STATUS = {
    401: Reason.UNAUTHORIZED,
    403: Reason.FORBIDDEN,
    404: Reason.MARKET_CLOSED,
    425: Reason.RESTARTING,
    429: Reason.RATE_LIMITED,
    503: Reason.TRADING_DISABLED,
}


@dataclass(frozen=True, slots=True)
class VenueError:
    """An error answer. `text` and `code` are the venue's; `is_readable` is False when the body was not its envelope."""

    reason: Reason
    text: str
    code: str
    retry_after_seconds: float | None
    is_readable: bool


class _Envelope(msgspec.Struct):
    error: str | None = None
    error_msg: str | None = None
    message: str | None = msgspec.field(default=None, name="errorMsg")
    code: str | int | None = None
    retry_after_seconds: msgspec.Raw = NOTHING


def reason_of(http_status: int, code: str, text: str) -> Reason:
    """Code, then text, then status: the most telling first."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    for pattern, reason in _BY_TEXT:
        if pattern.search(text):
            return reason
    if http_status in _BY_STATUS:
        return _BY_STATUS[http_status]
    return Reason.VENUE_FAULT if http_status >= HTTPStatus.INTERNAL_SERVER_ERROR else Reason.OTHER


def read_error(http_status: int, body: bytes, retry_after: str | None = None) -> VenueError:
    """Any error answer, readable or not; nothing is raised."""
    try:
        raw = decode(body, _Envelope)
        text = raw.error or raw.error_msg or raw.message or ""
        said = None if is_absent(raw.retry_after_seconds) else optional_exact(raw.retry_after_seconds, "retry_after")
    except VenueFrameError as error:
        return VenueError(reason_of(http_status, "", ""), error.excerpt, "", _seconds(retry_after), is_readable=False)
    code = "" if raw.code is None else str(raw.code)[:64]
    wait = _seconds(retry_after) if said is None else float(said)
    return VenueError(reason_of(http_status, code, text), text[:512], code, wait, is_readable=bool(text))


def _seconds(retry_after: str | None) -> float | None:
    """The header in seconds; its date form is not used by the venue."""
    said = "" if retry_after is None else retry_after.strip()
    return float(said) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", said, re.ASCII) else None
