"""The executor's figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.executor.domain.entered import Entered
from services.executor.domain.placing_pause import PAUSE_REASONS
from services.executor.domain.redemption import Status
from services.executor.ports import Stage
from shared.domain.money import Cash
from shared.domain.order import FINAL, OrderStatus
from shared.domain.redemption import Action
from shared.messages.executor import OrderChanged
from shared.runtime.metrics import Metrics


class PrometheusMeter:
    """`wall_seconds` is the machine's time, for ages at the instant of a scrape."""

    def __init__(self, metrics: Metrics, wall_seconds: Callable[[], float]) -> None:
        self._refusals = metrics.counter("refusals_total", "Intents refused before anything was sent", ["reason"])
        self._orders = metrics.counter("orders_total", "Orders that entered a status, each once", ["status"])
        self._not_final = metrics.gauge("orders_not_final", "Orders that are not final, by status", ["status"])
        self._placing_paused = metrics.gauge(
            "placing_paused", "1 for why orders are held back until the venue takes them again", ["reason"]
        )
        self.placing_pause("")
        self._cancels = metrics.counter(
            "cancels_requested_total", "Orders asked to be cancelled, by reason", ["reason"]
        )
        self._stages = {
            Stage.SIGN: metrics.latency("sign_seconds", "Building and signing an order"),
            Stage.RESERVE: metrics.latency("reserve_seconds", "The statement that records an order before it is sent"),
            Stage.INTENT_TO_WIRE: metrics.latency("intent_to_wire_seconds", "Intent received to signed order written"),
            Stage.WIRE_TO_ANSWER: metrics.latency("wire_to_answer_seconds", "Order written to the venue's answer"),
        }
        self._beats = metrics.counter("heartbeats_total", "Heartbeats sent to the venue", ["taken"])
        self._beaten_at: float | None = None
        age = metrics.gauge("heartbeat_age_seconds", "Wall seconds since the venue took a heartbeat; 0 without any")
        age.set_function(lambda: 0.0 if self._beaten_at is None else wall_seconds() - self._beaten_at)
        self._redeemed = metrics.counter(
            "redemptions_total", "Tries to turn tokens into cash, by how they ended", ["action", "status"]
        )
        self._spendable = metrics.gauge(
            "venue_cash_dollars", "What the venue says can be spent, read after each redemption; 0 before the first"
        )
        for action in Action:
            self._redeemed.labels(action, Status.PROVEN)
            self._redeemed.labels(action, Status.FAILED)
        self._entered = Entered()
        for status in OrderStatus:
            self._orders.labels(status.value)

    def stage(self, stage: Stage, seconds: float) -> None:
        self._stages[stage].observe(seconds)

    def refused(self, reason: str) -> None:
        self._refusals.labels(reason).inc()

    def order_changed(self, fact: OrderChanged) -> None:
        if self._entered.is_new(fact.order_id, fact.status):
            self._orders.labels(fact.status.value).inc()

    def placing_pause(self, reason: str) -> None:
        for each in PAUSE_REASONS:
            self._placing_paused.labels(each).set(each == reason)

    def cancels(self, reason: str, count: int) -> None:
        self._cancels.labels(reason).inc(count)

    def not_final(self, by_status: Mapping[OrderStatus, int]) -> None:
        for status in OrderStatus:
            if status not in FINAL:
                self._not_final.labels(status.value).set(by_status.get(status, 0))

    def heartbeat(self, *, is_taken: bool, wall_seconds: float) -> None:
        self._beats.labels("yes" if is_taken else "no").inc()
        if is_taken:
            self._beaten_at = wall_seconds

    def redeemed(self, action: Action, status: Status) -> None:
        self._redeemed.labels(action, status).inc()

    def spendable(self, cash: Cash) -> None:
        self._spendable.set(float(cash.value))
