"""What the operator sees of risk: log lines and metrics."""

from __future__ import annotations

from services.risk.domain.causes import Change, Raise, TradingState
from services.risk.domain.highest_bid import Rise
from services.risk.domain.liveness import WATCHED
from services.risk.domain.staleness import Measure
from services.risk.domain.stop_loss import AwaitSettlement, ExitDecision, Exposed, Hold, Reason, StandDown, Wait
from services.risk.domain.stop_loss import Sell as Selling
from services.risk.ports import AccountState
from shared.domain.money import Price
from shared.messages.risk import Sell
from shared.runtime.logs import Log
from shared.runtime.metrics import Metrics


class OperatorReport:
    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._log = log
        self._state = metrics.gauge("trading_state", "1 for the account's trading state, 0 for the others", ["state"])
        self._causes = metrics.gauge("trading_cause", "1 for each cause of the trading state that stands", ["cause"])
        self._exposure = metrics.gauge(
            "exposure_dollars", "Cost of open positions and notional of orders that may live"
        )
        self._limit = metrics.gauge("exposure_limit_dollars", "The account's limit on it")
        self._service_age = metrics.gauge(
            "service_silence_seconds", "Wall seconds since a service's last sign of life", ["service"]
        )
        self._book_age = metrics.gauge("book_age_seconds", "Age of the freshest usable book, domain seconds")
        self._measure = metrics.gauge(
            "staleness_measure", "0 none, 1 no entries, 2 everything cancelled, 3 the feed is to restart"
        )
        self._rises = metrics.counter("highest_bid_rises_total", "Rises of a position's highest bid, made durable")
        self._second_line = metrics.counter(
            "kill_second_line_total", "Cancels by risk, because orders were still open after a kill"
        )
        self._decisions = metrics.counter(
            "exit_decisions_total",
            "Changes of what is decided about a position, by decision and reason",
            ["decision", "reason"],
        )
        self._offers = metrics.counter("exit_offers_total", "Sales sent to the executor")
        self._failures = metrics.counter("exit_failures_total", "Sales that sold nothing")
        self._last_measure = Measure.NONE
        self._last_state = ""

    def state(self, state: AccountState) -> None:
        for each in TradingState:
            self._state.labels(each).set(int(each is state.state))
        self._exposure.set(float(state.exposure.value))
        self._limit.set(float(state.limit.value))
        self._causes.clear()
        for cause in state.causes:
            self._causes.labels(cause.name).set(1)
        for service in WATCHED:
            self._service_age.labels(service).set(state.ages_seconds.get(service, float("inf")))
        said = f"{state.state} {' '.join(cause.name for cause in state.causes)}"
        if said != self._last_state:
            self._last_state = said
            self._log.info("trading_state", state=state.state, causes=[cause.name for cause in state.causes])

    def freshest_book(self, age_seconds: float | None, measure: Measure) -> None:
        self._book_age.set(age_seconds or 0.0)
        self._measure.set(measure)
        if measure is self._last_measure:
            return
        escalates = measure > self._last_measure and measure >= Measure.CANCEL
        say = self._log.critical if escalates else self._log.warning
        say("books_stale" if measure else "books_fresh", measure=measure.name.lower(), age_seconds=age_seconds)
        self._last_measure = measure

    def changed(self, change: Change) -> None:
        if isinstance(change, Raise):
            cause = change.cause
            self._log.warning("cause_raised", cause=cause.name, cancels=cause.cancels, detail=cause.detail)
        else:
            self._log.info("cause_cleared", cause=change.name)

    def rose(self, rise: Rise) -> None:
        self._rises.inc()
        self._log.debug("highest_bid_rose", market=rise.market, outcome_token=rise.token, bid=str(rise.bid))

    def emptied(self) -> None:
        self._log.info("kill_emptied_the_venue")

    def second_line(self, open_orders: int | None, is_taken: bool) -> None:
        self._second_line.inc()
        self._log.critical("kill_second_line", open_orders=open_orders, is_taken=is_taken)

    def decided(self, exposed: Exposed, decision: ExitDecision, bid: Price | None) -> None:
        word = _word(decision)
        self._decisions.labels(word, decision.reason).inc()
        say = self._log.critical if decision.reason is Reason.MODEL_SILENT else self._log.info
        say(
            "exit_decided",
            market=exposed.market,
            outcome=exposed.outcome,
            decision=word,
            reason=decision.reason,
            bid=None if bid is None else str(bid),
            highest_bid=str(exposed.highest_bid),
        )

    def offered(self, command: Sell) -> None:
        self._offers.inc()
        self._log.warning(
            "exit_offered",
            order_id=command.order_id,
            market=command.market,
            shares=str(command.shares),
            reason=command.reason,
        )

    def sale_failed(self, exposed: Exposed, reason: str, *, alerts: bool) -> None:
        self._failures.inc()
        say = self._log.critical if alerts else self._log.warning
        say(
            "exit_fails" if alerts else "exit_try_failed", market=exposed.market, outcome=exposed.outcome, reason=reason
        )


def _word(decision: ExitDecision) -> str:
    match decision:
        case Hold():
            return "hold"
        case Wait():
            return "wait"
        case Selling():
            return "sell"
        case StandDown():
            return "stand_down"
        case AwaitSettlement():
            return "await_settlement"
