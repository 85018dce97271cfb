"""Finding markets, keeping their strikes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.discovery.domain.strike import AverageHistory, AverageTick, Provenance, strike_at
from services.discovery.domain.universe import wanted_slots
from services.discovery.domain.watchlist import Watchlist
from services.discovery.ports import Listings, Record, Streams
from shared.domain.clock import Clock
from shared.domain.ids import Coin, TokenId
from shared.domain.market import Market


class Discovery:
    def __init__(
        self, clock: Clock, coins: tuple[Coin, ...], slot_duration: str, listings: Listings, record: Record,
        streams: Streams,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._coins = coins
        self._slot_duration = slot_duration
        self._listings = listings
        self._record = record
        self._streams = streams
        self._averages: dict[Coin, AverageHistory] = {coin: AverageHistory() for coin in coins}
        self.watchlist = Watchlist()

    async def look_for_markets(self) -> None:
        """Lists what is new or changed, subscribes the new ones in one batch, lets go of what has ended."""
        found = [
            market
            for slot in wanted_slots(self._clock.now(), self._coins, self._slot_duration)
            if (market := await self._listings.find(slot.slug)) is not None
        ]
        for market in found:
            await self._record.list_market(market)
        self.watch(found)
        ended = self.watchlist.ended(self._clock.now())
        self._streams.forget_tokens(_tokens(ended))
        self.watchlist.forget(ended)

    def watch(self, markets: Iterable[Market]) -> None:
        new = [market for market in markets if self.watchlist.add(market)]
        self._streams.watch_tokens(_tokens(new))

    def hear_average(self, coin: Coin, tick: AverageTick) -> None:
        if coin in self._averages:
            self._averages[coin].add(tick)

    async def capture_strikes(self) -> None:
        """Tries every started market until its strike is exact, or its slot is over."""
        now = self._clock.now()
        for market in list(self.watchlist.lacking_strike(now)):
            await self._capture(market, now)

    async def _capture(self, market: Market, now: datetime) -> None:
        strike = strike_at(market.start, self._averages[market.coin].ticks, now)
        if strike is None:
            return
        await self._record.capture_strike(market.market, strike)
        if strike.provenance is Provenance.EXACT:
            self.watchlist.struck.add(market.market)


def _tokens(markets: Iterable[Market]) -> list[TokenId]:
    return [outcome.token for market in markets for outcome in market.outcomes]
