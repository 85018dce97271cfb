"""The venue's word, from its catalogue and its order book."""

from __future__ import annotations

import structlog
from prometheus_client import Counter

from services.settlement.domain.case import Case
from services.settlement.domain.resolution import Disagreed, Resolved, Silent, Word
from shared.runtime.metrics import Metrics
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.metadata import MetadataClient
from shared.venue.resolution import ResolutionConflict, ResolutionSource

log = structlog.get_logger()


class VenueWord:
    def __init__(self, client: MetadataClient, metrics: Metrics) -> None:
        self._client = client
        self._asked: Counter = metrics.counter(
            "resolution_questions_total", "Questions to the venue about who won, by its answer", ["answer"]
        )

    async def word_on(self, case: Case) -> Word:
        answer, word = await self._ask(case)
        self._asked.labels(answer).inc()
        return word

    async def _ask(self, case: Case) -> tuple[str, Word]:
        try:
            found = await self._client.resolution(case.market)
        except VenueUnreachableError as error:
            log.warning("resolution_unreachable", market=case.market.slug, reason=error.reason)
            return "unreachable", Silent()
        except VenueFrameError as error:
            log.warning("resolution_malformed", market=case.market.slug, reason=str(error))
            return "malformed", Silent()
        if found is None:
            return "open", Silent()
        if isinstance(found, ResolutionConflict):
            return "disagreed", Disagreed(
                f"catalogue says {found.gamma.winner or 'split'}, order book {found.order_book.winner or 'split'}"
            )
        is_lone = found.source is not ResolutionSource.BOTH
        payouts = {payout.token: payout.per_share for payout in found.payouts}
        return "resolved_alone" if is_lone else "resolved", Resolved(payouts, found.source, is_lone)
