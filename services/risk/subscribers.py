"""What reaches risk: markets, orders, positions and the trading state as facts, tops of books as levels."""

from __future__ import annotations

import asyncio

from services.risk.handlers import Keeper
from shared.bus.facts import Facts
from shared.bus.levels import Newest
from shared.messages.discovery import TopChanged
from shared.messages.envelope import Envelope


def subscribe(facts: Facts, keeper: Keeper, prompted: asyncio.Event) -> None:
    """`prompted` is set when the trading state changed: the next look need not wait for its turn."""

    async def on_trading_state(_fact: Envelope) -> None:
        prompted.set()

    facts.subscribe("markets", keeper.on_market)
    facts.subscribe("orders", keeper.on_order)
    facts.subscribe("fills", keeper.on_fill)
    facts.subscribe("trading_state", on_trading_state)


async def hear_tops(tops: Newest[TopChanged], keeper: Keeper) -> None:
    async for top in tops:
        keeper.on_top(top)
