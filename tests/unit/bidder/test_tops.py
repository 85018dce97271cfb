"""Tops as they come from the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from nats.aio.client import Client
from nats.aio.msg import Msg

from services.bidder.subscribers import Tops
from shared.messages.discovery import TopChanged
from shared.messages.envelope import encode_body
from shared.runtime.metrics import Metrics
from tests.unit.bidder.test_bidder import Desk, top, trading

STEP_SECONDS = 0.25


@dataclass
class SteppingClock(Desk):
    """Every look at it takes a quarter of a second."""

    seconds: float = 0.0

    def monotonic_seconds(self) -> float:
        self.seconds += STEP_SECONDS
        return self.seconds


@dataclass
class FakeBus:
    heard: list[Callable[[Msg], Awaitable[None]]] = field(default_factory=list[Callable[[Msg], Awaitable[None]]])

    async def subscribe(self, _subject: str, cb: Callable[[Msg], Awaitable[None]]) -> None:
        self.heard.append(cb)

    async def tell(self, top: TopChanged) -> None:
        client = cast("Client", self)
        for hear in self.heard:
            await hear(Msg(client, subject=TopChanged.SUBJECT, data=encode_body(top)))


async def planned() -> None:
    """The follower had its turns."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_of_tops_those_that_lead_to_an_intent_are_timed_from_their_arrival() -> None:
    desk, bus, metrics = trading(), FakeBus(), Metrics("bidder")
    tops = Tops(desk.bidder, SteppingClock(), metrics.latency("book_to_intent_seconds", "x"))
    await tops.subscribe(cast("Client", bus))
    following = asyncio.create_task(tops.run())

    for bid in ("0.60", "0.80", "0.80"):
        await bus.tell(top(bid))
        await planned()
    following.cancel()

    shown = metrics.exposition().decode()
    assert len(desk.places) == 1
    assert "tdmaker_book_to_intent_seconds_count 1.0" in shown
    assert f"tdmaker_book_to_intent_seconds_sum {STEP_SECONDS}" in shown
