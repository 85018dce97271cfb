"""The venue's catalogue as discovery asks it."""

from __future__ import annotations

from prometheus_client import Counter

from services.discovery.ports import Record
from shared.domain.market import Market
from shared.runtime.logs import get_log
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.metadata import MetadataClient


class VenueListings:
    """What the venue lists and we cannot trade (an unknown version, a third outcome) is kept, logged, passed over."""

    def __init__(self, metadata: MetadataClient, record: Record, refused: Counter) -> None:
        self._metadata = metadata
        self._record = record
        self._refused = refused

    async def find(self, slug: str) -> Market | None:
        try:
            return await self._metadata.market_by_slug(slug)
        except VenueFrameError as error:
            self._refused.inc()
            get_log().warning("listing_refused", slug=slug, reason=str(error))
            await self._record.park("gamma", str(error)[:200], slug)
        except VenueUnreachableError as error:
            get_log().warning("listing_unreachable", slug=slug, reason=str(error))
        return None
