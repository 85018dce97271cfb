"""What reaches risk: markets, orders, positions and the trading state as facts, tops of books and prices as
levels."""

from __future__ import annotations

import asyncio

from services.risk.handlers.keep import Keeper
from services.risk.handlers.leave import LeaveEarly
from shared.bus.facts import Facts
from shared.bus.levels import Newest
from shared.messages.discovery import ReferencePrice, TopChanged
from shared.messages.envelope import Envelope


def subscribe(
    facts: Facts, keeper: Keeper, leave: LeaveEarly, state_moved: asyncio.Event, moved: asyncio.Event
) -> None:
    """`state_moved` is set when the trading state changed, `moved` when an exit may have to be looked at: the next look
    need not wait for its turn."""

    async def on_market(fact: Envelope) -> None:
        await keeper.on_market(fact)
        await leave.on_market(fact)

    async def on_order(fact: Envelope) -> None:
        await keeper.on_order(fact)
        await leave.on_order(fact)
        moved.set()

    async def on_fill(fact: Envelope) -> None:
        await keeper.on_fill(fact)
        await leave.on_fill(fact)
        moved.set()

    async def on_trading_state(_fact: Envelope) -> None:
        state_moved.set()

    facts.subscribe("markets", on_market)
    facts.subscribe("orders", on_order)
    facts.subscribe("fills", on_fill)
    facts.subscribe("trading_state", on_trading_state)


async def hear_tops(tops: Newest[TopChanged], keeper: Keeper, leave: LeaveEarly, moved: asyncio.Event) -> None:
    async for top in tops:
        keeper.on_top(top)
        if leave.on_top(top):
            moved.set()


async def hear_prices(prices: Newest[ReferencePrice], leave: LeaveEarly) -> None:
    async for price in prices:
        leave.on_price(price)
