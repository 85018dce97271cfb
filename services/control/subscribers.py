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


async def subscribe_tops(client: Client) -> Newest[TopChanged]:
    tops: Newest[TopChanged] = Newest("top", lambda top: top.token)
    await subscribe_levels(client, TopChanged, tops)
    return tops


async def subscribe_prices(client: Client) -> Newest[ReferencePrice]:
    prices: Newest[ReferencePrice] = Newest("price", lambda price: price.coin)
    await subscribe_levels(client, ReferencePrice, prices)
    return prices


async def hear_each(newest: Newest[L], hear: Callable[[L], None]) -> None:
    """Runs for ever."""
    async for level in newest:
        hear(level)


def subscribe_facts(facts: Facts, changed: Callable[[], None]) -> None:
    async def on_fact(_: Envelope) -> None:
        changed()

    for stream in STREAMS:
        facts.subscribe(stream, on_fact)
