"""Whatever a server answers, a client gives a value or raises its own two errors; nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.ids import TokenId
from shared.venue.clob import ClobClient
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.frames.market import read_market_frame
from shared.venue.frames.price import read_price_frame
from shared.venue.frames.user import Owner, read_user_frame
from shared.venue.gamma import Listing, read_listings
from shared.venue.http import HttpClient, MayHaveBeenSentError, Response
from shared.venue.login import LoginRefusedError, obtain_credentials
from shared.venue.metadata import MetadataClient
from shared.venue.relayer import RelayerClient, RelayerKey
from shared.venue.wire import Parsed
from tests.fixtures.venue import ADDRESS, API_KEY, SLUG, UP, text_of
from tests.unit.venue.scripted_server import scripted
from tests.unit.venue.test_clob import CREDENTIALS, ID, StoppedClock
from tests.unit.venue.test_fuzz import spoiled, values

TOKEN = TokenId(UP)
Ask = Callable[[str], Awaitable[object]]


@dataclass(frozen=True)
class Answering:
    """A connection on which every answer is this text."""

    text: str

    async def request(self, *_: object, **__: object) -> Response:
        return Response(200, {}, self.text.encode("utf-8", "surrogatepass"))


def clob(text: str) -> ClobClient:
    return ClobClient(cast("Any", Answering(text)), CREDENTIALS, StoppedClock())


def relayer(text: str) -> RelayerClient:
    return RelayerClient(cast("Any", Answering(text)), RelayerKey("key", ADDRESS))


def metadata(text: str) -> MetadataClient:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=text.encode("utf-8", "surrogatepass"))

    return MetadataClient("http://gamma", "http://clob", transport=httpx.MockTransport(answer))


ASKED: dict[str, Ask] = {
    "open orders": lambda text: clob(text).open_orders(),
    "order": lambda text: clob(text).order(ID),
    "trades": lambda text: clob(text).trades(),
    "books": lambda text: clob(text).books([TOKEN]),
    "tick size": lambda text: clob(text).tick_size(TOKEN),
    "time": lambda text: clob(text).server_time_seconds(),
    "nonce": lambda text: relayer(text).nonce(ADDRESS),
    "transaction": lambda text: relayer(text).transaction("1"),
    "login": lambda text: obtain_credentials(cast("Any", Answering(text)), {"POLY_ADDRESS": ADDRESS}),
    "listed market": lambda text: metadata(text).market_by_slug(SLUG),
    "listed event": lambda text: metadata(text).event_by_slug(SLUG),
    "metadata's books": lambda text: metadata(text).books([TOKEN]),
    "metadata's time": lambda text: metadata(text).server_time_seconds(),
}
asked = pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())


def survives(ask: Ask, text: str) -> None:
    async def once() -> None:
        with suppress(VenueFrameError, VenueUnreachableError, LoginRefusedError):
            await ask(text)

    asyncio.run(once())


@asked
@settings(max_examples=20, deadline=None)
@given(text=st.text(max_size=200) | st.integers().map(str) | values.map(json.dumps))
def test_any_answer_is_answered(ask: Ask, text: str) -> None:
    survives(ask, text)


@asked
@settings(max_examples=30, deadline=None)
@given(text=spoiled() | st.lists(spoiled(), max_size=3).map(lambda rows: f"[{','.join(rows)}]"))
def test_a_spoiled_answer_is_answered(ask: Ask, text: str) -> None:
    survives(ask, text)


async def frame(parsed: Parsed[Any]) -> Parsed[Any]:
    return parsed


LISTS: dict[str, tuple[str, Callable[[str], Awaitable[Any]]]] = {
    "market frame": ("price_change", lambda text: frame(read_market_frame(text))),
    "user frame": ("user_order", lambda text: frame(read_user_frame(text, Owner(API_KEY, ADDRESS)))),
    "price frame": ("price_twap", lambda text: frame(read_price_frame(text))),
    "open orders": ("order_row", lambda text: clob(text).open_orders()),
    "trades": ("user_trade", lambda text: clob(text).trades()),
    "books": ("book", lambda text: clob(text).books([TOKEN])),
}


@pytest.mark.parametrize(("name", "read"), LISTS.values(), ids=LISTS.keys())
@settings(max_examples=40, deadline=None)
@given(spoilt=spoiled() | values.map(json.dumps))
def test_what_cannot_be_read_costs_its_neighbours_nothing(
    name: str, read: Callable[[str], Awaitable[Any]], spoilt: str
) -> None:
    good = text_of(name)
    (item,) = asyncio.run(_items(read, f"[{good}]"))
    assert (asyncio.run(_items(read, f"[{good},{spoilt},{good}]"))).count(item) >= 2


async def _items(read: Callable[[str], Awaitable[Any]], text: str) -> tuple[object, ...]:
    return (await read(text)).items


@settings(max_examples=40, deadline=None)
@given(spoilt=spoiled() | values.map(json.dumps))
def test_a_listing_that_cannot_be_read_costs_its_neighbours_nothing(spoilt: str) -> None:
    good = text_of("gamma_market")
    (listing,) = read_listings(good)
    assert isinstance(listing, Listing)
    assert read_listings(f"[{good},{spoilt},{good}]").count(listing) >= 2


@asked
@pytest.mark.parametrize("text", ['{"data":' * 50_000, "[" * 50_000, '{"x":"\ud800"}'], ids=["object", "array", "text"])
def test_endless_nesting_and_text_that_is_none_are_answered(ask: Ask, text: str) -> None:
    survives(ask, text)


@pytest.mark.parametrize("nonce", ["-1", "1.5", "", "1" * 5000, "٣"])
async def test_a_nonce_that_is_no_number_of_a_wallet_is_refused(nonce: str) -> None:
    with pytest.raises(VenueFrameError, match="nonce"):
        await relayer(json.dumps({"nonce": nonce})).nonce(ADDRESS)


def latin(size: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(max_codepoint=255), max_size=size)


@settings(max_examples=30, deadline=None)
@given(
    head=latin(40) | st.sampled_from(["HTTP/1.1 200 OK", "HTTP/1.1 204 X"]),
    header=st.sampled_from(["content-length", "transfer-encoding"]),
    value=latin(10) | st.sampled_from(["chunked", "3", "-1", "9" * 30]),
    body=st.binary(max_size=40),
)
@example(head="HTTP/1.1 ²00 OK", header="content-length", value="0", body=b"")
@example(head="HTTP/1.1 " + "9" * 5000, header="content-length", value="0", body=b"")
def test_bytes_that_are_no_http_are_an_uncertain_answer(head: str, header: str, value: str, body: bytes) -> None:
    """Cut off there: the server closes."""
    answer = f"{head}\r\n{header}: {value}\r\nConnection: close\r\n\r\n".encode("latin-1") + body

    async def once() -> None:
        async with scripted(lambda _: answer) as server:
            client = HttpClient(server.origin)
            with suppress(MayHaveBeenSentError):
                await client.request("GET", "/", timeout_seconds=2)
            await client.close()

    asyncio.run(once())
