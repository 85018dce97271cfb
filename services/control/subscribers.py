"""What control hears: levels for the page's books, facts as a sign that the tables have changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from nats.aio.client import Client

from shared.bus.facts import Facts
from shared.bus.levels import Newest, subscribe_levels
from shared.messages.discovery import ReferencePrice, TopChanged
from shared.messages.envelope import Envelope, Message

STREAMS = ("orders", "fills", "settlements", "trading_state")
L = TypeVar("L", bound=Message)


async def hear_tops(client: Client, hear: Callable[[TopChanged], None]) -> None:
    """Runs for ever."""
    newest: Newest[TopChanged] = Newest("top", lambda top: top.token)
    await subscribe_levels(client, TopChanged, newest)
    await _each(newest, hear)


async def hear_prices(client: Client, hear: Callable[[ReferencePrice], None]) -> None:
    """Runs for ever."""
    newest: Newest[ReferencePrice] = Newest("price", lambda price: price.coin)
    await subscribe_levels(client, ReferencePrice, newest)
    await _each(newest, hear)


def subscribe_facts(facts: Facts, changed: Callable[[], None]) -> None:
    async def on_fact(_: Envelope) -> None:
        changed()

    for stream in STREAMS:
        facts.subscribe(stream, on_fact)


async def _each(newest: Newest[L], hear: Callable[[L], None]) -> None:
    async for level in newest:
        hear(level)
