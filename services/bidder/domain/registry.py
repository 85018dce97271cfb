"""The markets we watch: one mapping, so that forgetting one is one deletion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.bidder.domain.market_state import MarketState
from shared.domain.ids import Coin, MarketId
from shared.domain.reference import Spot


class Registry:
    def __init__(self) -> None:
        self._states: dict[MarketId, MarketState] = {}

    def __iter__(self) -> Iterator[MarketState]:
        return iter(tuple(self._states.values()))

    def __len__(self) -> int:
        return len(self._states)

    def get(self, market: MarketId) -> MarketState | None:
        return self._states.get(market)

    def put(self, state: MarketState) -> None:
        self._states[state.market.market] = state

    def forget(self, market: MarketId) -> None:
        self._states.pop(market, None)

    def spot(self, coin: Coin, spot: Spot) -> None:
        for state in self:
            if state.market.coin == coin:
                self.put(replace(state, spot=spot))

    def forget_settled(self, kept: frozenset[MarketId], now: datetime) -> None:
        """Of the ended markets only those still stand that the tables still list: they wait for their settlement."""
        for state in self:
            if state.market.has_ended(now) and state.market.market not in kept:
                self.forget(state.market.market)
