"""What the operator sees of settlements: log lines and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import Histogram

from services.settlement.domain.case import Case
from services.settlement.domain.payout import LegProfit
from services.settlement.domain.redemption import Holding, Wanted
from services.settlement.ports import Booking, Settled
from shared.domain.ids import MarketId
from shared.domain.money import Cash
from shared.domain.redemption import Action
from shared.runtime.logs import Log
from shared.runtime.metrics import Metrics

KINDS = ("venue", "provisional", "forced", "adjust", "sale")
END_TO_SETTLEMENT_BUCKETS_SECONDS = (15, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600, 14400, 86400)


class OperatorReport:
    """A disagreement and a refused settlement are logged once a market, until the market is settled."""

    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._log = log
        self._waiting = metrics.gauge("markets_awaiting_settlement", "Markets past their end without the venue's word")
        self._overdue = metrics.gauge(
            "oldest_unsettled_seconds", "Domain seconds since the end of the oldest such market with unpaid shares"
        )
        self._disputed = metrics.gauge("markets_disputed", "Markets on which the venue's sources contradict each other")
        self._settled = metrics.counter("settlements_total", "Bookings of settled positions, by kind", ["kind"])
        self._profit = metrics.gauge("profit_dollars", "Profit of every settled or sold position of the account")
        self._delay = Histogram(
            "tdmaker_market_end_to_settlement_domain_seconds",
            "Domain seconds from a market's end to the first settlement of a position",
            registry=metrics.registry,
            buckets=END_TO_SETTLEMENT_BUCKETS_SECONDS,
        )
        for kind in KINDS:
            self._settled.labels(kind)
        self._said: dict[MarketId, str] = {}
        self._disputes: set[MarketId] = set()

    def recovered(self, profit: Cash) -> None:
        self._profit.set(float(profit.value))

    def waiting(self, cases: Sequence[Case], now: datetime) -> None:
        known = {case.market.market for case in cases}
        self._disputes &= known
        self._said = {market: said for market, said in self._said.items() if market in known}
        unpaid = [case.since_end(now).total_seconds() for case in cases if case.has_unsettled_shares]
        self._waiting.set(len(cases))
        self._overdue.set(max(unpaid, default=0))
        self._disputed.set(len(self._disputes))

    def deferred(self, case: Case, reason: str) -> None:
        self._disputes.discard(case.market.market)
        self._once(case, reason, "settlement_deferred")

    def disagreement(self, case: Case, detail: str) -> None:
        self._disputes.add(case.market.market)
        if self._changes(case, detail):
            self._log.critical("resolution_disputed", market=case.market.slug, detail=detail)

    def not_yet(self, case: Case, answer: Settled) -> None:
        self._once(case, answer, "settlement_waits")

    def settled(self, booking: Booking, legs: Sequence[LegProfit]) -> None:
        self._settled.labels(booking.kind).inc()
        self._profit.inc(float(booking.profit.value))
        if booking.kind in {"venue", "provisional", "forced"}:
            self._delay.observe((booking.occurred_at - booking.market_end).total_seconds())
        say = self._log.critical if booking.kind == "forced" else self._log.info
        say(
            "position_settled",
            market=booking.slug,
            kind=booking.kind,
            payout=str(booking.payout),
            profit=str(booking.profit.to_cents()),
            source=booking.source,
            legs={leg.order_id: str(leg.profit) for leg in legs},
        )

    def _once(self, case: Case, reason: str, action: str) -> None:
        if self._changes(case, reason):
            self._log.info(action, market=case.market.slug, reason=reason)

    def _changes(self, case: Case, said: str) -> bool:
        """Whether it differs from the last thing said of the market."""
        if self._said.get(case.market.market) == said:
            return False
        self._said[case.market.market] = said
        return True


class OperatorCashReport:
    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._log = log
        self._redeemable = metrics.gauge(
            "redeemable_dollars", "Dollars counted as earned that are still winning shares, to be redeemed at the venue"
        )
        self._requested = metrics.counter("redemptions_requested_total", "Commands to redeem or merge", ["action"])
        for action in Action:
            self._requested.labels(action)

    def redeemable(self, cash: Cash) -> None:
        self._redeemable.set(float(cash.value))

    def requested(self, holding: Holding, wanted: Wanted) -> None:
        self._requested.labels(wanted.action).inc()
        self._log.info("redemption_requested", market=holding.slug, action=wanted.action, cash=str(wanted.cash))
