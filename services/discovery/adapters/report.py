"""What an operator hears of discovery."""

from __future__ import annotations

from services.discovery.domain.strikes import Strike
from shared.domain.ids import MarketId
from shared.domain.market import Market
from shared.runtime.logs import Log
from shared.runtime.metrics import Metrics


class OperatorReport:
    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._log = log
        self._listed = metrics.counter("markets_listed_total", "Listings written, new and changed")
        self._captured = metrics.counter("strikes_captured_total", "Strikes written, by provenance", ("provenance",))
        self._checked = metrics.counter("strikes_checked_total", "Strikes held against the venue's own", ("result",))

    def market_listed(self, market: Market, version: int | None) -> None:
        if version is None:
            return
        self._listed.inc()
        self._log.info(
            "market_listed",
            slug=market.slug,
            market=market.market,
            version=version,
            tick=str(market.tick),
            accepting_orders=market.accepting_orders,
        )

    def strike_captured(self, market: MarketId, strike: Strike, version: int | None) -> None:
        if version is None:
            return
        self._captured.labels(strike.provenance.value).inc()
        self._log.info(
            "strike_captured",
            market=market,
            price=str(strike.price),
            source=strike.source,
            provenance=strike.provenance.value,
            tick_at=strike.tick_at.isoformat(),
        )

    def strike_checked(self, market: MarketId, agrees: bool) -> None:
        self._checked.labels("agrees" if agrees else "differs").inc()
        if not agrees:
            self._log.error("strike_differs", market=market)
