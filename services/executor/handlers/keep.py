"""Keeps the table and the venue in step: a level, looked at again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet

import structlog

from services.executor.domain.gate import Gate
from services.executor.domain.open_order import UNANSWERED, OpenOrder
from services.executor.domain.pauses import Pauses
from services.executor.domain.resolution import Cancel
from services.executor.domain.unwanted import Unwanted, unwanted
from services.executor.handlers.cancel import CancelOrders
from services.executor.handlers.refusals import HearRefusals
from services.executor.handlers.resolve import Resolver
from services.executor.ports import Guard, Meter, OrderTable
from shared.domain.clock import Clock
from shared.domain.ids import OrderId

RISK = "risk"
RISK_MISSING = "service_missing:risk"
log = structlog.get_logger()


class KeepOrders:
    def __init__(
        self,
        table: OrderTable,
        resolver: Resolver,
        cancels: CancelOrders,
        refusals: HearRefusals,
        guard: Guard,
        gate: Gate,
        clock: Clock,
        meter: Meter,
        in_flight: AbstractSet[OrderId],
    ) -> None:
        self._table = table
        self._resolver = resolver
        self._cancels = cancels
        self._refusals = refusals
        self._guard = guard
        self._gate = gate
        self._clock = clock
        self._meter = meter
        self._in_flight = in_flight
        self._pauses = Pauses()
        self._silent: frozenset[str] = frozenset()
        self._misses_risk = True  # a cause of an earlier life may still stand

    async def round(self) -> None:
        """Cancels what is unwanted, asks about what is unresolved, says which markets being left have no entry left.

        Raises TableUnavailableError.
        """
        state, cancels, version = await self._guard.heard_state()
        self._gate.hear(state, version, cancels=cancels)
        silent = await self._guard.silent_services()
        await self._tell_of(silent)
        orders = await self._table.open_orders()
        await self._cancels.cancel(unwanted(orders, state_cancels=self._gate.cancels, is_watched=not silent))
        await self._resolve([order for order in orders if self._is_due(order)])
        await self._cancels.report_closed()
        await self._refusals.look()
        self._pauses.keep_only(order.order_id for order in orders)
        self._meter.not_final(Counter(order.status for order in orders))

    async def _tell_of(self, silent: frozenset[str]) -> None:
        """Risk tells of the others, and of risk we: nobody else would."""
        if silent != self._silent:
            log.warning("watchers_silent", services=sorted(silent))
        self._silent = silent
        if RISK in silent and not self._misses_risk:
            await self._guard.set_cause(RISK_MISSING, "reducing", "silent for more than 5 s", cancels=True)
        elif RISK not in silent and self._misses_risk:
            await self._guard.clear_cause(RISK_MISSING)
        self._misses_risk = RISK in silent

    def _is_due(self, order: OpenOrder) -> bool:
        is_open_question = (
            order.status in UNANSWERED
            or order.is_cancelling
            or order.is_immediate
            or order.has_ended(self._clock.now())
        )
        return (
            is_open_question
            and order.order_id not in self._in_flight
            and self._pauses.is_due(order.order_id, self._clock.monotonic_seconds())
        )

    async def _resolve(self, due: list[OpenOrder]) -> None:
        now_seconds = self._clock.monotonic_seconds()
        for order in due:
            self._pauses.asked(order.order_id, now_seconds)
        outcomes = await self._resolver.ask(due)
        again = [(order, outcome) for order in due if isinstance(outcome := outcomes[order.order_id], Cancel)]
        await self._cancels.tell_venue([order for order, _ in again if order.is_cancelling])
        await self._cancels.cancel([Unwanted(order, step.reason) for order, step in again if not order.is_cancelling])
