"""The venue's known problems with its market socket: whatever it did, what is told is the venue's book again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from http import HTTPStatus

import httpx
import pytest
from nats.aio.client import Client

from cli.servers import Servers
from shared.messages.discovery import TopChanged
from shared.messages.envelope import decode_body
from tests.integration.discovery.processes import Service
from tests.integration.discovery.test_process import BOUND_SECONDS, Heard, bus, discovery, hear, let_time_run, venue
from tests.venue_sim.faulty import switch, switch_off, times_struck
from tests.venue_sim.process import Address
from venue_sim.prices import seeded

__all__ = ["bus", "venue"]
pytestmark = pytest.mark.servers
LOOK_SECONDS = 0.05
STRIKES = 3
TOKENS_A_MARKET = 2
DIFFERED = 'tdmaker_book_comparisons_total{result="different"}'
OF_FRAMES = (
    "market_frames_duplicated",
    "market_frames_reordered",
    "market_frames_malformed",
    "market_frames_lost",
    "book_emptied",
)
GOING_AWAY, TRY_AGAIN = 1001, 1013
Best = tuple[Decimal | None, Decimal | None]


async def test_whatever_the_socket_does_the_tops_are_the_venues_again(
    servers: Servers, postgres_database: str, venue: Address, bus: Client
) -> None:
    heard = await hear(bus)
    async with discovery(servers, postgres_database, venue) as running, httpx.AsyncClient() as rest:
        let_time_run(postgres_database, venue)
        await heard.tops(known=True, count=4)
        for name in OF_FRAMES:
            await struck(venue, name)
            await until_true(heard, rest, venue)
        await asyncio.gather(*(struck(venue, name) for name in OF_FRAMES[:3]))
        await until_true(heard, rest, venue)

        switch(venue, "market_socket_dropped")
        await running.says("market_socket_lost")
        await running.says("market_socket_connected")
        await until_true(heard, rest, venue)

        switch(venue, "market_socket_silent")
        await compared(running, await running.metric(DIFFERED) + STRIKES)
        await until_true(heard, rest, venue)


async def test_a_book_frozen_by_itself_is_read_by_rest_and_the_others_are_left_alone(
    servers: Servers, postgres_database: str, venue: Address, bus: Client
) -> None:
    heard = await hear(bus)
    async with discovery(servers, postgres_database, venue) as running, httpx.AsyncClient() as rest:
        let_time_run(postgres_database, venue)
        markets = {top.market for top in await heard.tops(known=True, count=4)}
        switch(venue, "market_frozen", chance=chance_of_one(markets))
        await compared(running, await running.metric(DIFFERED) + STRIKES)
        assert (await running.says("books_asked_again"))["tokens"] <= TOKENS_A_MARKET
        await until_true(heard, rest, venue)


async def test_sockets_that_the_venue_refuses_are_tried_until_it_takes_one(
    servers: Servers, postgres_database: str, venue: Address, bus: Client
) -> None:
    heard = await hear(bus)
    async with discovery(servers, postgres_database, venue) as running, httpx.AsyncClient() as rest:
        let_time_run(postgres_database, venue)
        await heard.tops(known=True, count=4)
        switch(venue, "sockets_refused", times=STRIKES)
        switch(venue, "market_socket_dropped")
        codes = [(await running.says("market_socket_lost"))["code"] for _ in range(STRIKES + 1)]
        assert codes == [GOING_AWAY, *[TRY_AGAIN] * STRIKES]
        await heard.tops(known=True, count=4)
        await until_true(heard, rest, venue)


async def test_a_finer_tick_that_the_socket_tells_is_listed(
    servers: Servers, postgres_database: str, venue: Address, bus: Client
) -> None:
    heard = await hear(bus)
    async with discovery(servers, postgres_database, venue) as running, httpx.AsyncClient() as rest:
        let_time_run(postgres_database, venue)
        await heard.tops(known=True, count=4)
        switch(venue, "tick_stale")
        switch(venue, "tick_changed")
        async with asyncio.timeout(BOUND_SECONDS):
            while (await running.says("market_listed"))["tick"] != "0.001":
                pass
        await until_true(heard, rest, venue)


def chance_of_one(markets: Iterable[str]) -> float:
    """Under which the fault picks just one of them."""
    draws = sorted(seeded(0, "market_frozen", market).random() for market in markets)
    return (draws[0] + draws[1]) / 2


async def compared(running: Service, times: float) -> None:
    """A socket that answers pings and says nothing: only REST shows that the books went on."""
    async with asyncio.timeout(BOUND_SECONDS):
        while await running.metric(DIFFERED) < times:
            await asyncio.sleep(LOOK_SECONDS)


async def struck(venue: Address, name: str) -> None:
    """Some times, then over."""
    before = switch(venue, name)["struck"]
    async with asyncio.timeout(BOUND_SECONDS):
        while times_struck(venue, name) < before + STRIKES:
            await asyncio.sleep(LOOK_SECONDS)
    switch_off(venue, name)


def tops(heard: Heard) -> dict[str, Best]:
    """Of the books that are known."""
    told = [decode_body(TopChanged, data) for each, data in heard.messages.items() if TopChanged.SUBJECT in each]
    return {
        top.token: (
            top.bids[0].price.value if top.bids else None,
            top.asks[0].price.value if top.asks else None,
        )
        for top in told
        if top.known
    }


async def until_true(heard: Heard, rest: httpx.AsyncClient, venue: Address) -> None:
    """Each token in turn, since all of them move on meanwhile."""
    async with asyncio.timeout(BOUND_SECONDS):
        for token in tops(heard):
            while await shown(rest, venue, token) not in {None, tops(heard).get(token)}:
                await asyncio.sleep(LOOK_SECONDS)


async def shown(rest: httpx.AsyncClient, venue: Address, token: str) -> Best | None:
    """None once its market is over."""
    answer = await rest.get(f"{venue.http}/book", params={"token_id": token})
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return None
    book = answer.json()
    bids, asks = ([Decimal(level["price"]) for level in book[side]] for side in ("bids", "asks"))
    return max(bids, default=None), min(asks, default=None)
