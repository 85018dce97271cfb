"""What a number in a case may look like: money exact, instants and probabilities as they are usually written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BeforeValidator, Field

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST = Decimal(10) ** 12
MOST_PLACES = 18
LAST_SECOND = Decimal(250_000_000_000)
"""In the year 9892: there is room behind it."""
LONGEST_SECONDS = 1_000_000_000


def _exact(value: object) -> Decimal:
    """Money, price or size: text or a whole number. A number with a fraction has lost digits before anybody read it."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f'must be a decimal as text, such as "0.80", not {_shown(value)}')
    return _bounded(value)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"must be a number, not {_shown(value)}")
    return _bounded(value)


def _instant(value: object) -> datetime:
    """Unix seconds, fractions allowed, or ISO 8601 with its offset."""
    if isinstance(value, str) and "T" in value:
        return _from_iso(value)
    seconds = _number(value)
    if not 0 <= seconds <= LAST_SECOND:
        raise ValueError(f"must be unix seconds, not {_shown(value)}")
    return EPOCH + timedelta(microseconds=int(seconds * 1_000_000))


def _from_iso(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"must be unix seconds or ISO 8601, not {_shown(text)}") from None
    if found.tzinfo is None:
        raise ValueError(f"must say its offset, such as {text}Z")
    return found.astimezone(UTC)


def _bounded(value: str | int | Decimal) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"must be a number, not {_shown(value)}") from None
    places = number.as_tuple().exponent
    if not number.is_finite() or abs(number) >= MOST or not isinstance(places, int) or places < -MOST_PLACES:
        raise ValueError(f"must be below {MOST:.0e} and have at most {MOST_PLACES} decimals, not {_shown(value)}")
    return number


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


Exact = Annotated[Decimal, BeforeValidator(_exact)]
PriceText = Annotated[Decimal, Field(ge=0, le=1), BeforeValidator(_exact)]
SharesText = Annotated[Decimal, Field(ge=0), BeforeValidator(_exact)]
Probability = Annotated[Decimal, Field(ge=0, le=1), BeforeValidator(_number)]
Seconds = Annotated[Decimal, Field(ge=0, le=LONGEST_SECONDS), BeforeValidator(_number)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
