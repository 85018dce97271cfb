"""What reaches settlement: orders and fills as facts, tops of books and hints of results as levels."""

from __future__ import annotations

from services.settlement.handlers import Settler
from shared.bus.facts import Facts
from shared.bus.levels import Newest
from shared.messages.discovery import MarketResolved, TopChanged


def subscribe(facts: Facts, settler: Settler) -> None:
    facts.subscribe("orders", settler.on_order)
    facts.subscribe("fills", settler.on_fill)


async def hear_tops(tops: Newest[TopChanged], settler: Settler) -> None:
    async for top in tops:
        settler.on_top(top)


async def hear_resolved(hints: Newest[MarketResolved], settler: Settler) -> None:
    async for hint in hints:
        settler.on_resolved(hint)
