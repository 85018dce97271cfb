"""The strike: the settlement feed's 60 s average at the slot's start, with how we came by it (strategy section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from shared.domain.ids import Coin, MarketId

KEPT = timedelta(minutes=5)
PATIENCE = timedelta(seconds=3)
"""After the start, before a missing second counts as missing: about 3 % of them are (protocol sheet, section 4)."""
PRIOR_AGE_MAX = timedelta(seconds=10)
TOLERANCE = Decimal("1e-6")
"""Relative; the catalogue writes its value as a float."""
METADATA_SOURCE = "gamma"


class Provenance(StrEnum):
    EXACT = "exact"
    PRIOR = "prior"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Average:
    """One tick of the settlement feed, dollars, stamped by the venue."""

    price: Decimal
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Strike:
    """`tick_at` is the stamp of the tick it is taken from: for `prior` its distance to the start is its age."""

    price: Decimal
    source: str
    provenance: Provenance
    tick_at: datetime

    @property
    def is_settled(self) -> bool:
        """Nothing better can come."""
        return self.provenance is not Provenance.PRIOR

    def agrees_with(self, stated: Decimal) -> bool:
        return abs(self.price - stated) <= stated * TOLERANCE


class Averages:
    """The last minutes of each coin, by stamp; ticks may come twice or late."""

    def __init__(self) -> None:
        self._ticks: dict[Coin, dict[datetime, Average]] = {}

    def add(self, coin: Coin, tick: Average) -> None:
        ticks = self._ticks.setdefault(coin, {})
        ticks[tick.at] = tick
        newest = max(ticks)
        for at in [at for at in ticks if at < newest - KEPT]:
            del ticks[at]

    def strike(self, coin: Coin, start: datetime) -> Strike | None:
        """The tick stamped exactly at the start, else, once the feed is clearly past it, the nearest prior one."""
        ticks = self._ticks.get(coin, {})
        exact = ticks.get(start)
        if exact is not None:
            return Strike(exact.price, exact.source, Provenance.EXACT, start)
        if not ticks or max(ticks) < start + PATIENCE:
            return None
        prior = max((at for at in ticks if start - PRIOR_AGE_MAX <= at < start), default=None)
        return None if prior is None else Strike(ticks[prior].price, ticks[prior].source, Provenance.PRIOR, prior)


@dataclass(slots=True)
class _Awaited:
    coin: Coin
    start: datetime
    captured: Strike | None = None
    stated: Decimal | None = None
    is_checked: bool = False


class StrikeDesk:
    """Keeps trying for each market until its strike is settled, and checks it once against the venue's own word."""

    def __init__(self) -> None:
        self._averages = Averages()
        self._markets: dict[MarketId, _Awaited] = {}

    def expect(self, market: MarketId, coin: Coin, start: datetime) -> None:
        self._markets.setdefault(market, _Awaited(coin, start))

    def forget(self, market: MarketId) -> None:
        self._markets.pop(market, None)

    def add(self, coin: Coin, tick: Average) -> None:
        self._averages.add(coin, tick)

    def state(self, market: MarketId, price: Decimal) -> None:
        """The venue's own value, which comes about a minute after the start, or never."""
        awaited = self._markets.get(market)
        if awaited is not None:
            awaited.stated = price

    def due(self) -> list[tuple[MarketId, Strike]]:
        """Strikes to be written: first ones, and better ones than were written."""
        return [
            (market, strike)
            for market, awaited in self._markets.items()
            if (strike := self._better(awaited)) is not None
        ]

    def captured(self, market: MarketId, strike: Strike) -> None:
        """It was written, or the table knows a better one."""
        self._markets[market].captured = strike

    def is_missing(self, now: datetime) -> bool:
        """A started market without a strike: look at the metadata soon."""
        return any(each.captured is None and each.start <= now for each in self._markets.values())

    def checked(self) -> list[tuple[MarketId, bool]]:
        """Each market once, when both values are known: whether they agree."""
        results: list[tuple[MarketId, bool]] = []
        for market, awaited in self._markets.items():
            ours, stated = awaited.captured, awaited.stated
            if awaited.is_checked or ours is None or stated is None:
                continue
            awaited.is_checked = True
            results.append((market, ours.agrees_with(stated)))
        return results

    def _better(self, awaited: _Awaited) -> Strike | None:
        if awaited.captured is not None and awaited.captured.is_settled:
            return None
        found = self._averages.strike(awaited.coin, awaited.start)
        if found is not None and found.is_settled:
            return found
        if awaited.stated is not None:
            return Strike(awaited.stated, METADATA_SOURCE, Provenance.METADATA, awaited.start)
        return found if awaited.captured is None else None
