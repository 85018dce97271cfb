"""Use cases: look for markets, list them, watch their books, capture their strikes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.discovery.domain.slots import seconds_to_next_look, wanted_slots
from services.discovery.domain.strikes import Average, StrikeDesk
from services.discovery.domain.tops import TopBoard
from services.discovery.ports import Catalogue, FoundMarket, Listings, Report, Streams
from shared.domain.clock import Clock
from shared.domain.ids import Coin, MarketId, TokenId
from shared.domain.market import Market

WATCHED_AFTER_END = timedelta(minutes=5)
STRIKE_RETRY_SECONDS = 10.0


class Discovery:
    def __init__(
        self,
        coins: Sequence[Coin],
        durations: Sequence[int],
        interval_seconds: float,
        *,
        clock: Clock,
        catalogue: Catalogue,
        listings: Listings,
        streams: Streams,
        board: TopBoard,
        report: Report,
    ) -> None:
        self._coins = coins
        self._durations = durations
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._catalogue = catalogue
        self._listings = listings
        self._streams = streams
        self._board = board
        self._report = report
        self._markets: dict[MarketId, Market] = {}
        self._desk = StrikeDesk()

    async def look(self) -> float:
        """Lists what is new or changed and subscribes it in one batch. Returns the domain seconds to the next look."""
        wanted = wanted_slots(self._clock.now(), self._coins, self._durations)
        found = await self._catalogue.find(wanted)
        for each in found:
            await self._list(self._with_newest_tick(each.market))
            self._hear_strike(each)
        self._watch([each.market for each in found if not self._board.is_watched(each.market.outcomes[0].token)])
        self._forget_ended()
        now = self._clock.now()
        wait = seconds_to_next_look(now, self._durations, self._interval_seconds, len(found) == len(wanted))
        return min(wait, STRIKE_RETRY_SECONDS) if self._desk.is_missing(now) else wait

    def on_average(self, coin: Coin, tick: Average) -> None:
        self._desk.add(coin, tick)

    async def capture_strikes(self) -> None:
        """Writes what is due; a failed write is due again."""
        for market, strike in self._desk.due():
            version = await self._listings.capture_strike(market, strike, self._clock.now())
            self._desk.captured(market, strike)
            self._report.strike_captured(market, strike, version)
        for market, agrees in self._desk.checked():
            self._report.strike_checked(market, agrees)

    async def relist(self) -> None:
        """Writes the tick sizes that the market channel told; a failed write is tried again."""
        for market in tuple(self._markets.values()):
            await self._list(self._with_newest_tick(market))

    def tokens_in_play(self, now: datetime) -> frozenset[TokenId]:
        """Of markets that are not over."""
        return _tokens(market for market in self._markets.values() if not market.has_ended(now))

    def tokens_in_slot(self, now: datetime) -> frozenset[TokenId]:
        """Of markets that have started and are not over."""
        return _tokens(
            market for market in self._markets.values() if market.has_started(now) and not market.has_ended(now)
        )

    async def _list(self, market: Market) -> None:
        if self._markets.get(market.market) == market:
            return
        version = await self._listings.list_market(market, self._clock.now())
        self._markets[market.market] = market
        self._report.market_listed(market, version)

    def _with_newest_tick(self, market: Market) -> Market:
        """The channel knows a new tick long before the catalogue does."""
        for outcome in market.outcomes:
            tick = self._board.tick_of(outcome.token)
            if tick is not None:
                return replace(market, tick=tick)
        return market

    def _hear_strike(self, found: FoundMarket) -> None:
        market = found.market
        self._desk.expect(market.market, market.coin, market.start)
        if found.strike is not None:
            self._desk.state(market.market, found.strike)

    def _watch(self, markets: Sequence[Market]) -> None:
        tokens = [outcome.token for market in markets for outcome in market.outcomes]
        for market in markets:
            self._board.watch(market.market, [outcome.token for outcome in market.outcomes], self._clock.now())
        if tokens:
            self._streams.subscribe(tokens)

    def _forget_ended(self) -> None:
        horizon = self._clock.now() - WATCHED_AFTER_END
        over = [market for market in self._markets.values() if market.has_ended(horizon)]
        tokens = [outcome.token for market in over for outcome in market.outcomes]
        for market in over:
            del self._markets[market.market]
            self._desk.forget(market.market)
        self._board.forget(tokens)
        if tokens:
            self._streams.unsubscribe(tokens)


def _tokens(markets: Iterable[Market]) -> frozenset[TokenId]:
    return frozenset(outcome.token for market in markets for outcome in market.outcomes)
