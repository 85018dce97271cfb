"""Markets by their slugs, several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from services.discovery.domain.missing import Missing
from services.discovery.domain.slots import WantedSlot
from services.discovery.ports import FoundMarket
from shared.domain.clock import Clock
from shared.runtime.logs import Log
from shared.runtime.metrics import Metrics
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.gamma import slug_of
from shared.venue.metadata import MetadataClient

AT_ONCE = 8
SOURCE = "gamma"


class GammaCatalogue:
    def __init__(
        self,
        client: MetadataClient,
        park: Callable[[str, VenueFrameError], None],
        clock: Clock,
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._client = client
        self._park = park
        self._clock = clock
        self._log = log
        self._missing = Missing()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._reads = metrics.counter("catalogue_reads_total", "Reads of the catalogue, by how they ended", ("ended",))

    async def find(self, wanted: Sequence[WantedSlot]) -> Sequence[FoundMarket]:
        self._missing.keep_only({_slug(slot) for slot in wanted})
        found = await asyncio.gather(*(self._find(slot) for slot in wanted))
        return [each for each in found if each is not None]

    async def _find(self, wanted: WantedSlot) -> FoundMarket | None:
        slug = _slug(wanted)
        async with self._at_once:
            try:
                listing = await self._client.event_by_slug(slug)
            except VenueFrameError as error:
                self._park(SOURCE, error)
                return self._missed("malformed", slug, str(error))
            except VenueUnreachableError as error:
                return self._missed("unreachable", slug, str(error))
        if listing is None:
            return self._missed("not_listed", slug, "the catalogue does not know it")
        self._reads.labels("found").inc()
        return FoundMarket(listing.market, listing.strike)

    def _missed(self, ended: str, slug: str, reason: str) -> None:
        self._reads.labels(ended).inc()
        if self._missing.is_news(slug, ended, self._clock.now()):
            self._log.warning("market_not_found", slug=slug, ended=ended, reason=reason)


def _slug(wanted: WantedSlot) -> str:
    return slug_of(wanted.coin, wanted.minutes, wanted.start)
