"""The venue seen through credentials that read and cancel, and cannot place."""

from __future__ import annotations

import structlog

from shared.venue.clob import ClobClient
from shared.venue.errors import VenueFrameError, VenueUnreachableError

log = structlog.get_logger()


class VenueOrders:
    def __init__(self, client: ClobClient) -> None:
        self._client = client

    async def open_orders(self) -> int | None:
        """A malformed row is an open order that cannot be named."""
        try:
            orders = await self._client.open_orders()
        except (VenueUnreachableError, VenueFrameError) as error:
            log.warning("open_orders_unknown", reason=str(error))
            return None
        return len(orders.items) + len(orders.malformed)

    async def cancel_all(self) -> bool:
        return (await self._client.cancel_all()).problem is None
