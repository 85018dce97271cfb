"""What the venue said to an order or a cancel, as values a caller must handle. Protocol sheet, 2.5 to 2.8.

Only a final 4xx that is not "Duplicated" proves that an order does not exist. Everything between that and a clean
acceptance is uncertain, whatever its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import msgspec

from shared.domain.ids import VenueOrderId
from shared.venue.errors import VenueFrameError
from shared.venue.http import Response
from shared.venue.rejections import Reason, VenueError, read_error, reason_of
from shared.venue.wire import decode

NOT_FINAL = frozenset({408, 425, 429})
"""4xx that say "later", not "no"."""


class PlacedStatus(StrEnum):
    LIVE = "live"
    MATCHED = "matched"
    DELAYED = "delayed"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The order exists at the venue."""

    venue_order_id: VenueOrderId
    status: PlacedStatus


@dataclass(frozen=True, slots=True)
class Rejected:
    """The venue has said no for good: the order does not exist."""

    reason: Reason
    text: str
    code: str
    http_status: int


@dataclass(frozen=True, slots=True)
class Duplicated:
    """The venue has seen these very bytes before: look the order up."""

    text: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing left this machine (no connection, or refused before the write): this try made no order."""

    text: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Nobody knows whether the order exists. `http_status` is None when no answer came."""

    reason: Reason
    text: str
    http_status: int | None
    retry_after_seconds: float | None


PlaceAnswer = Accepted | Rejected | Duplicated | NotSent | Uncertain


class NotCancelled(StrEnum):
    ALREADY_FINAL = "already_final"
    NOT_FOUND = "not_found"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CancelAnswer:
    """Every id asked for is in one of the three. `unanswered` may or may not be cancelled: asking again is harmless."""

    cancelled: frozenset[VenueOrderId]
    not_cancelled: Mapping[VenueOrderId, NotCancelled]
    unanswered: frozenset[VenueOrderId]
    problem: Reason | None = None
    retry_after_seconds: float | None = None

    def merged(self, other: CancelAnswer) -> CancelAnswer:
        return CancelAnswer(
            self.cancelled | other.cancelled,
            {**self.not_cancelled, **other.not_cancelled},
            self.unanswered | other.unanswered,
            self.problem or other.problem,
            self.retry_after_seconds or other.retry_after_seconds,
        )


class _Placed(msgspec.Struct):
    success: bool | None = None
    error_msg: str | None = msgspec.field(default=None, name="errorMsg")
    order_id: str | None = msgspec.field(default=None, name="orderID")
    status: str | None = None
    error: str | None = None


class _Cancelled(msgspec.Struct):
    canceled: list[str] | None = None
    not_canceled: dict[str, str] | None = None


def read_placed(response: Response) -> PlaceAnswer:
    """The answer to `POST /order`; nothing is raised."""
    if response.status == HTTPStatus.OK:
        return _placed(response.body)
    return refused(response)


def read_placed_batch(response: Response, count: int) -> tuple[PlaceAnswer, ...]:
    """The answer to `POST /orders`, one value per leg; nothing is raised."""
    if response.status != HTTPStatus.OK:
        return (refused(response),) * count
    try:
        legs = decode(response.body, list[msgspec.Raw])
    except VenueFrameError as error:
        return (_unreadable(error),) * count
    if len(legs) != count:
        return (_unreadable(VenueFrameError("$", f"{len(legs)} answers to {count} orders", response.body)),) * count
    return tuple(_placed(leg) for leg in legs)


def refused(response: Response) -> Rejected | Duplicated | Uncertain:
    error = read_error(response.status, response.body, response.headers.get("retry-after"))
    is_unknown_400 = response.status == HTTPStatus.BAD_REQUEST and not error.is_readable
    if not _is_final(response.status) or is_unknown_400:
        return _uncertain(response.status, error)
    if error.reason is Reason.DUPLICATED:
        return Duplicated(error.text)
    return Rejected(error.reason, error.text, error.code, response.status)


def _is_final(status: int) -> bool:
    return 400 <= status < 500 and status not in NOT_FINAL


def _uncertain(status: int, error: VenueError) -> Uncertain:
    return Uncertain(error.reason, error.text, status, error.retry_after_seconds)


def _placed(body: bytes | msgspec.Raw) -> PlaceAnswer:
    """A 200 is an acceptance only when all three of its signs agree: legs fail with `success: true` too."""
    try:
        raw = decode(body, _Placed)
        text = raw.error_msg or raw.error or ""
        if raw.success and not text and raw.order_id:
            return Accepted(VenueOrderId(raw.order_id), PlacedStatus(raw.status or "live"))
    except VenueFrameError as error:
        return _unreadable(error)
    except ValueError as error:
        return Uncertain(Reason.UNREADABLE, f"status: {error}"[:200], HTTPStatus.OK, None)
    if "duplicated" in text.lower():
        return Duplicated(text[:512])
    return Uncertain(reason_of(HTTPStatus.OK, "", text), text[:512], HTTPStatus.OK, None)


def _unreadable(error: VenueFrameError) -> Uncertain:
    return Uncertain(Reason.UNREADABLE, str(error), HTTPStatus.OK, None)


def read_cancelled(response: Response, asked: frozenset[VenueOrderId]) -> CancelAnswer:
    """An id the venue does not mention is unanswered; nothing is raised."""
    if response.status != HTTPStatus.OK:
        error = read_error(response.status, response.body, response.headers.get("retry-after"))
        return CancelAnswer(frozenset(), {}, asked, error.reason, error.retry_after_seconds)
    try:
        raw = decode(response.body, _Cancelled)
    except VenueFrameError:
        return CancelAnswer(frozenset(), {}, asked, Reason.UNREADABLE)
    cancelled = frozenset(VenueOrderId(each) for each in raw.canceled or [])
    refusals = {VenueOrderId(each): _why(text) for each, text in (raw.not_canceled or {}).items()}
    left = asked - cancelled - refusals.keys()
    return CancelAnswer(cancelled, refusals, left, Reason.UNREADABLE if left else None)


def _why(text: str) -> NotCancelled:
    lowered = text.lower()
    if "not found" in lowered:
        return NotCancelled.NOT_FOUND
    return NotCancelled.ALREADY_FINAL if "already" in lowered else NotCancelled.OTHER
