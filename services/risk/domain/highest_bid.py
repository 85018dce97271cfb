"""The highest bid since the first fill, of each position. Strategy section 9: durable, and it never falls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.domain.book import Level, net_of_own
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.messages.discovery import TopChanged

SPACING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Rise:
    market: MarketId
    token: TokenId
    bid: Price


@dataclass(slots=True)
class _Watch:
    market: MarketId
    highest: Price | None
    version: int
    is_held: bool
    is_due: bool = False
    told_at_seconds: float = float("-inf")


class HighestBids:
    """Gathers rises of held positions; hands each on once a second at most, none is lost in between."""

    def __init__(self) -> None:
        self._watches: dict[TokenId, _Watch] = {}

    def hold(self, market: MarketId, token: TokenId, shares: Shares, version: int, highest: Price | None) -> None:
        """A position as it is now; an older version than the known one changes nothing. `highest`: None where the
        source does not say."""
        watch = self._watches.get(token)
        if watch is None:
            self._watches[token] = _Watch(market, highest, version, is_held=bool(shares))
            return
        if version >= watch.version:
            watch.version, watch.is_held = version, bool(shares)
        if highest is not None and (watch.highest is None or highest > watch.highest):
            watch.highest = highest

    def tokens(self) -> frozenset[TokenId]:
        return frozenset(self._watches)

    def forget(self, tokens: Iterable[TokenId]) -> None:
        for token in tokens:
            self._watches.pop(token, None)

    def hear(self, top: TopChanged, own: Mapping[Price, Shares]) -> None:
        """`own`: our resting shares by price; our bid is not evidence for our bid."""
        watch = self._watches.get(top.token)
        if watch is None or not watch.is_held or not top.known:
            return
        best = net_of_own([Level(level.price, level.shares) for level in top.bids], dict(own))
        if best is not None and (watch.highest is None or best.price > watch.highest):
            watch.highest, watch.is_due = best.price, True

    def due(self, now_seconds: float) -> list[Rise]:
        """`now_seconds` is monotonic. Each rise is handed out once; give it back with `failed` if it was not kept."""
        rises: list[Rise] = []
        for token, watch in self._watches.items():
            if watch.is_due and watch.highest is not None and now_seconds - watch.told_at_seconds >= SPACING_SECONDS:
                rises.append(Rise(watch.market, token, watch.highest))
                watch.is_due, watch.told_at_seconds = False, now_seconds
        return rises

    def failed(self, rise: Rise) -> None:
        watch = self._watches.get(rise.token)
        if watch is not None:
            watch.is_due = True
