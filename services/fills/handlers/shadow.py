"""Enters the shadow taker at a market's first fill. The offer is noted before the fill is booked; the entry itself is a
level, written once the fill stands in the table, so that neither a crash nor a slow database holds up a booking."""

from __future__ import annotations

from collections import OrderedDict

import structlog

from services.fills.domain.shadow import Offer, enter
from services.fills.domain.sightings import FillSeen
from services.fills.ports import Meter, ShadowBook
from shared.domain.clock import Clock
from shared.domain.ids import TokenId, TradeId
from shared.messages.discovery import TopChanged

OFFERS_KEPT = 4096
"""A quiet book says nothing for long: its offer is kept until that many others have changed since."""
TRADES_KEPT = 1024
LATE_SECONDS = 5.0
"""Domain; the ask of the instant of an older fill is gone."""
log = structlog.get_logger()


class ShadowTaker:
    def __init__(self, book: ShadowBook, clock: Clock, meter: Meter) -> None:
        self._book = book
        self._clock = clock
        self._meter = meter
        self._offers: OrderedDict[TokenId, Offer] = OrderedDict()
        self._at_trade: OrderedDict[TradeId, Offer] = OrderedDict()

    def hear(self, top: TopChanged) -> None:
        """An unknown book offers nothing that anybody knows of."""
        self._offers.pop(top.token, None)
        if top.known:
            self._offers[top.token] = Offer(top.asks[0].price if top.asks else None)
        while len(self._offers) > OFFERS_KEPT:
            self._offers.popitem(last=False)

    def note(self, seen: FillSeen) -> None:
        """Keeps what was offered when the trade was first heard of, if it was heard of in time."""
        offer = self._offers.get(seen.token)
        late = (self._clock.now() - seen.occurred_at).total_seconds() > LATE_SECONDS
        if offer is None or late or seen.trade in self._at_trade:
            return
        self._at_trade[seen.trade] = offer
        while len(self._at_trade) > TRADES_KEPT:
            self._at_trade.popitem(last=False)

    async def enter_due(self) -> None:
        """Every market with a fill and without a shadow gets one. Raises LedgerUnavailableError."""
        for first in await self._book.shadows_due():
            shadow = enter(first, self._at_trade.get(first.trade))
            if await self._book.enter_shadow(shadow):
                self._meter.shadow(shadow.result)
                log.info("shadow_" + shadow.result, market=first.market, ask=str(shadow.bought and shadow.bought.ask))
