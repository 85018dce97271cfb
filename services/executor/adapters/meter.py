"""The executor's figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.executor.domain.open_order import Exposure
from services.executor.ports import Stage
from shared.domain.order import FINAL, OrderStatus
from shared.runtime.metrics import Metrics


class PrometheusMeter:
    """`wall_seconds` is the machine's time, for ages at the instant of a scrape."""

    def __init__(self, metrics: Metrics, wall_seconds: Callable[[], float]) -> None:
        self._reserved = metrics.counter("reservations_total", "Entry intents that became orders")
        self._refusals = metrics.counter("refusals_total", "Intents refused before anything was sent", ["reason"])
        self._entered = metrics.counter("orders_total", "Orders, by the status they entered", ["status"])
        self._cancels = metrics.counter("cancels_requested_total", "Orders to be cancelled, by reason", ["reason"])
        self._stages = {
            Stage.SIGN: metrics.latency("sign_seconds", "Building and signing an order"),
            Stage.RESERVE: metrics.latency("reserve_seconds", "The reservation's round trip, commit included"),
            Stage.INTENT_TO_WIRE: metrics.latency("intent_to_wire_seconds", "Intent received to signed order written"),
            Stage.WIRE_TO_ANSWER: metrics.latency("wire_to_answer_seconds", "Order written to the venue's answer"),
        }
        self._orders = metrics.gauge("orders_open", "Orders that are not final, by status", ["status"])
        self._unresolved = metrics.gauge("orders_unresolved", "Orders whose fate the venue has yet to tell")
        self._exposure = metrics.gauge("exposure_usd", "Dollars at risk: open positions and live orders")
        self._limit = metrics.gauge("exposure_limit_usd", "The most dollars that may be at risk")
        self._beats = metrics.counter("heartbeats_total", "Heartbeats sent to the venue", ["taken"])
        self._beaten_at: float | None = None
        age = metrics.gauge("heartbeat_age_seconds", "Wall seconds since the venue took a heartbeat; 0 without any")
        age.set_function(lambda: 0.0 if self._beaten_at is None else wall_seconds() - self._beaten_at)

    def reserved(self) -> None:
        self._reserved.inc()

    def refused(self, reason: str) -> None:
        self._refusals.labels(reason).inc()

    def entered(self, status: OrderStatus) -> None:
        self._entered.labels(str(status)).inc()

    def stage(self, stage: Stage, seconds: float) -> None:
        self._stages[stage].observe(seconds)

    def cancels(self, reason: str, count: int) -> None:
        self._cancels.labels(reason).inc(count)

    def orders(self, by_status: Mapping[str, int], unresolved: int) -> None:
        for status in OrderStatus:
            if status not in FINAL:
                self._orders.labels(str(status)).set(by_status.get(str(status), 0))
        self._unresolved.set(unresolved)

    def exposure(self, exposure: Exposure) -> None:
        self._exposure.set(float(exposure.used))
        self._limit.set(float(exposure.limit))

    def heartbeat(self, *, is_taken: bool, wall_seconds: float) -> None:
        self._beats.labels("yes" if is_taken else "no").inc()
        if is_taken:
            self._beaten_at = wall_seconds
