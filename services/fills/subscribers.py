"""Facts in, the paper desk told."""

from __future__ import annotations

from services.fills.handlers.paper import PaperDesk
from shared.bus.facts import Facts
from shared.domain.order import Order
from shared.messages.envelope import Envelope, open_envelope
from shared.messages.executor import OrderChanged


def subscribe(facts: Facts, desk: PaperDesk | None) -> None:
    """Live trading hears of its orders from the venue and the table; the facts are read all the same, and let go."""

    async def order_changed(envelope: Envelope) -> None:
        if desk is not None:
            desk.hear_order(_order(open_envelope(OrderChanged, envelope)))

    facts.subscribe("orders", order_changed)


def _order(message: OrderChanged) -> Order:
    return Order(
        order_id=message.order_id,
        market=message.market,
        token=message.token,
        outcome=message.outcome,
        side=message.side,
        rung=message.rung,
        attempt=message.attempt,
        price=message.price,
        shares=message.shares,
        filled=message.filled,
        status=message.status,
        venue_order_id=message.venue_order_id,
        placed_at=message.placed_at,
        version=message.version,
    )
