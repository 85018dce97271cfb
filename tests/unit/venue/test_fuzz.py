"""Whatever arrives, a parser answers or raises VenueFrameError; nothing else."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.venue.answers import read_cancelled, read_placed, read_placed_batch
from shared.venue.clob import read_balance, read_heartbeat
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.frames.market import read_book, read_market_frame
from shared.venue.frames.price import read_price_frame
from shared.venue.frames.user import Owner, read_order, read_trade, read_user_frame
from shared.venue.gamma import read_listings, read_market
from shared.venue.http import Response
from shared.venue.rejections import read_error
from shared.venue.relayer import read_submitted
from shared.venue.resolution import read_book_market
from tests.fixtures.venue import ADDRESS, API_KEY, FOLDER

OURS = Owner(API_KEY, ADDRESS)
PARSERS: dict[str, Callable[[str], object]] = {
    "market frame": read_market_frame,
    "book": read_book,
    "user frame": lambda text: read_user_frame(text, OURS),
    "order": read_order,
    "trade": lambda text: read_trade(text, OURS),
    "price frame": read_price_frame,
    "listings": read_listings,
    "market": read_market,
    "book market": read_book_market,
    "balance": lambda text: read_balance(text.encode("utf-8", "surrogatepass")),
    "placed": lambda text: [read_placed(answer) for answer in answers(text)],
    "placed batch": lambda text: [read_placed_batch(answer, 2) for answer in answers(text)],
    "cancelled": lambda text: [read_cancelled(answer, frozenset()) for answer in answers(text)],
    "submitted": lambda text: [read_submitted(answer) for answer in answers(text)],
    "error": lambda text: read_error(400, text.encode("utf-8", "surrogatepass"), text[:10]),
}
parsers = pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS.keys())

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["", "0", "1e-99", "9" * 90, "-1", "NaN", "0x", "LIVE", "BUY", "2026-04-01T07:45:00Z"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
payloads: list[dict[str, Any]] = [
    json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))
]


def answers(text: str) -> list[Response]:
    body = text.encode("utf-8", "surrogatepass")
    return [Response(status, {"retry-after": text[:8]}, body) for status in (200, 400, 425, 500)]


def survives(parse: Callable[[str], object], text: str) -> None:
    problem: VenueFrameError | None = None
    try:
        parse(text)
    except VenueFrameError as error:
        problem = error
    assert problem is None or (len(problem.excerpt) <= 200 and problem.field)


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """A good payload in which some fields, at any depth, were replaced or taken away."""
    payload = json.loads(json.dumps(draw(st.sampled_from(payloads))))
    for _ in range(draw(st.integers(1, 3))):
        spoil(draw, payload)
    return json.dumps(payload)


def spoil(draw: st.DrawFn, node: Any) -> None:
    keys: list[Any] = list(cast("dict[str, Any]", node)) if isinstance(node, dict) else list(range(len(node)))
    if not keys:
        return
    key = draw(st.sampled_from(keys))
    if isinstance(node[key], dict | list) and draw(st.booleans()):
        spoil(draw, node[key])
    elif draw(st.booleans()):
        node[key] = draw(values)
    else:
        del node[key]


@parsers
@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_is_answered(parse: Callable[[str], object], text: str) -> None:
    survives(parse, text)


@parsers
@settings(max_examples=60, deadline=None)
@given(value=values)
def test_any_json_is_answered(parse: Callable[[str], object], value: object) -> None:
    survives(parse, json.dumps(value))


@parsers
@settings(max_examples=150, deadline=None)
@given(text=spoiled())
def test_a_spoiled_payload_is_answered(parse: Callable[[str], object], text: str) -> None:
    survives(parse, text)


@settings(max_examples=100, deadline=None)
@given(text=spoiled() | st.text(max_size=40), status=st.sampled_from([200, 400, 401, 500]))
def test_a_heartbeat_answer_is_answered(text: str, status: int) -> None:
    with suppress(VenueFrameError, VenueUnreachableError):
        read_heartbeat(Response(status, {}, text.encode("utf-8", "surrogatepass")))


LONE_SURROGATE = '{"event_type":"\ud800"}'


@parsers
def test_text_that_is_no_text_is_answered(parse: Callable[[str], object]) -> None:
    survives(parse, LONE_SURROGATE)


@parsers
def test_endless_nesting_is_answered(parse: Callable[[str], object]) -> None:
    survives(parse, '{"data":' * 50_000)
    survives(parse, "[" * 50_000)
