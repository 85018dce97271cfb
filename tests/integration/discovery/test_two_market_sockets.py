"""Discovery with two market sockets: what befalls one of them is a warning and no gap."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from cli.servers import Servers
from shared.messages.discovery import TopChanged
from shared.messages.envelope import decode_body
from tests.integration.discovery.processes import Service
from tests.integration.discovery.relay import relay
from tests.integration.discovery.test_process import BOUND_SECONDS, bus, discovery, hear, let_time_run, venue
from tests.integration.discovery.test_venue_faults import LOOK_SECONDS, until_true
from tests.venue_sim.process import Address

__all__ = ["bus", "venue"]
pytestmark = pytest.mark.servers
FRAMES = 100
"""After so many both have told every book."""
GIVEN_UP = 'tdmaker_market_socket_repairs_total{act="give_up"}'


async def reaches(running: Service, metric: str, value: float) -> None:
    async with asyncio.timeout(BOUND_SECONDS):
        while await running.metric(metric) < value:
            await asyncio.sleep(LOOK_SECONDS)


async def test_of_two_market_sockets_one_may_fall_or_fall_silent_and_no_book_is_unknown_for_it(
    servers: Servers, postgres_database: str, venue: Address, bus: Client
) -> None:
    heard = await hear(bus)
    gaps: list[TopChanged] = []

    async def note_gap(message: Msg) -> None:
        top = decode_body(TopChanged, message.data)
        if not top.known:
            gaps.append(top)

    await bus.subscribe(f"{TopChanged.SUBJECT}.>", cb=note_gap)
    async with relay(venue) as wires, httpx.AsyncClient() as rest:
        more = {"TDMAKER_MARKET_SOCKETS": "2", "TDMAKER_MARKET_WS_URL": wires.market}
        async with discovery(servers, postgres_database, venue, **more) as running:
            let_time_run(postgres_database, venue)
            await heard.tops(known=True, count=4)
            await reaches(running, "tdmaker_market_frames_total", FRAMES)

            wires.wires[0].cut()
            warning = await running.says("market_socket_lost")
            assert (warning["still_open"], warning["books_lost"]) == (1, 0)
            await reaches(running, "tdmaker_market_connections", 2)

            wires.wires[0].fall_silent()
            await reaches(running, GIVEN_UP, 1)
            warning = await running.says("market_socket_lost")
            assert (warning["still_open"], warning["books_lost"]) == (1, 0)
            await reaches(running, "tdmaker_market_connections", 2)
            await until_true(heard, rest, venue)
            assert gaps == []

            for wire in tuple(wires.wires):
                wire.cut()
            async with asyncio.timeout(BOUND_SECONDS):
                while not gaps:
                    await asyncio.sleep(LOOK_SECONDS)
            await heard.tops(known=True, count=4)
            await until_true(heard, rest, venue)
