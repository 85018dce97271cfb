"""From the venue's JSON to our exact types. Numbers come as text, as numbers or empty; none becomes a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from shared.domain.ids import MarketId
from shared.domain.money import MoneyError, Price, Shares
from shared.venue.errors import VenueFrameError

MAX_FRAME_CHARACTERS = 4 * 1024 * 1024
SHORT_ID_CHARACTERS = 64
"""0x and 31 bytes."""
NOTHING = msgspec.Raw(b"null")
"""Default of a number that may be left out."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
"""Condition id, token, order id, trade id."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECONDS_VALUE = 10**11
"""Larger whole numbers are milliseconds: the venue mixes both in fields of one name (protocol sheet, 3.2)."""
_NUMBER = re.compile(rb"-?[0-9]{1,80}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_ABSENT = frozenset({b"null", b'""', b""})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """What could be read, and for each element that could not be, why. One bad element never costs its neighbours."""

    items: tuple[T, ...]
    malformed: tuple[VenueFrameError, ...] = ()


def decode(text: str | bytes | msgspec.Raw, shape: type[T]) -> T:
    """Raises VenueFrameError naming the field that does not fit `shape`."""
    try:
        return msgspec.json.decode(text, type=shape)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `")
        raise VenueFrameError(path.rstrip("`") or "$", problem, _shown(text)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise VenueFrameError("$", f"not JSON ({type(error).__name__})", _shown(text)) from None


def _shown(text: str | bytes | msgspec.Raw) -> str | bytes:
    return bytes(text) if isinstance(text, msgspec.Raw) else text


def elements(text: str | bytes) -> tuple[str | bytes | msgspec.Raw, ...]:
    """The objects of a frame, which is one object or an array of them. Raises VenueFrameError."""
    if len(text) > MAX_FRAME_CHARACTERS:
        raise VenueFrameError("$", f"oversized: {len(text)} characters, at most {MAX_FRAME_CHARACTERS}", text)
    start = text[:64].lstrip()
    if start[:1] in {"[", b"["}:
        return tuple(decode(text, list[msgspec.Raw]))
    return (text,)


def market_id(text: str) -> MarketId:
    """One spelling for a market: the 62 digits that the catalogue shows of a v2 id are padded as elsewhere (1.4)."""
    return MarketId(text + "00" if len(text) == SHORT_ID_CHARACTERS and text.startswith("0x") else text)


def is_absent(raw: msgspec.Raw) -> bool:
    """Null, left out or empty text."""
    return bytes(raw) in _ABSENT


@lru_cache(maxsize=16384)
def _decimal(token: bytes) -> Decimal | None:
    bare = token[1:-1] if token[:1] == b'"' else token
    if _NUMBER.fullmatch(bare) is None:
        return None
    return Decimal(bare.decode("ascii"))


def exact(raw: msgspec.Raw, field: str) -> Decimal:
    """Raises VenueFrameError."""
    number = _decimal(bytes(raw))
    if number is None:
        raise VenueFrameError(field, "not a number", bytes(raw))
    return number


def optional_exact(raw: msgspec.Raw, field: str) -> Decimal | None:
    """None when absent. Raises VenueFrameError."""
    return None if is_absent(raw) else exact(raw, field)


@lru_cache(maxsize=16384)
def _price(token: bytes) -> Price | None:
    number = _decimal(token)
    try:
        return None if number is None else Price.of(number)
    except MoneyError:
        return None


def price(raw: msgspec.Raw, field: str) -> Price:
    """Raises VenueFrameError outside 0..1."""
    found = _price(bytes(raw))
    if found is None:
        raise VenueFrameError(field, "not a price between 0 and 1", bytes(raw))
    return found


def optional_price(raw: msgspec.Raw, field: str) -> Price | None:
    """None when absent. Raises VenueFrameError."""
    return None if is_absent(raw) else price(raw, field)


def shares(raw: msgspec.Raw, field: str) -> Shares:
    """Raises VenueFrameError below 0."""
    number = exact(raw, field)
    if number < 0:
        raise VenueFrameError(field, "shares are not negative", bytes(raw))
    return Shares(number)


def positive(raw: msgspec.Raw, field: str) -> Decimal:
    """Raises VenueFrameError at 0 and below."""
    number = exact(raw, field)
    if number <= 0:
        raise VenueFrameError(field, "not above 0", bytes(raw))
    return number


def whole(raw: msgspec.Raw, field: str) -> int:
    """Raises VenueFrameError unless it is a whole number."""
    number = exact(raw, field)
    if number != number.to_integral_value() or abs(number) >= Decimal(10) ** 80:
        raise VenueFrameError(field, "not a whole number", bytes(raw))
    return int(number)


def at_milliseconds(milliseconds: int, field: str) -> datetime:
    """UTC. Raises VenueFrameError outside the calendar."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise VenueFrameError(field, "not an instant", str(milliseconds)) from None


def instant(raw: msgspec.Raw, field: str) -> datetime:
    """UTC, from milliseconds, seconds or ISO 8601 text. Raises VenueFrameError."""
    if _decimal(bytes(raw)) is None:
        return iso_instant(decode(raw, str), field)
    number = whole(raw, field)
    return at_milliseconds(number if number > _LAST_SECONDS_VALUE else number * 1000, field)


def optional_instant(raw: msgspec.Raw, field: str) -> datetime | None:
    """None when absent. Raises VenueFrameError."""
    return None if is_absent(raw) else instant(raw, field)


def iso_instant(text: str, field: str) -> datetime:
    """UTC. Raises VenueFrameError, also without a zone."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise VenueFrameError(field, "an instant without a zone", text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if isinstance(error, VenueFrameError):
            raise
        raise VenueFrameError(field, "not an instant", text) from None


def json_text(value: object) -> bytes:
    """Compact JSON of plain values."""
    encoder: Any = msgspec.json.encode
    return encoder(value)
