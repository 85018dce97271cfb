"""The halt flag, by whichever way it comes first."""

from __future__ import annotations

import structlog

from services.executor.domain.gate import Gate
from services.executor.handlers.cancel import CancelOrders
from shared.domain.ids import AccountId
from shared.messages.risk import TradingStateChanged

log = structlog.get_logger()


class HearTradingState:
    def __init__(self, account: AccountId, gate: Gate, cancels: CancelOrders) -> None:
        self._account = account
        self._gate = gate
        self._cancels = cancels

    async def fact(self, fact: TradingStateChanged) -> None:
        """Raises TableUnavailableError."""
        if fact.account == self._account:
            await self._hear(fact.state, fact.version, "fact", cancels=fact.cancels)

    async def announced(self, payload: str) -> None:
        """The database's own announcement: account, state, t or f for cancels, version."""
        account, state, cancels, version = payload.split(" ")
        if account == self._account:
            await self._hear(state, int(version), "notify", cancels=cancels == "t")

    async def _hear(self, state: str, version: int, way: str, *, cancels: bool) -> None:
        before = self._gate.state
        must_cancel = self._gate.hear(state, version, cancels=cancels)
        if self._gate.state != before:
            log.info("trading_state_heard", state=state, version=version, way=way, cancels=cancels)
        if must_cancel:
            await self._cancels.cancel_unwanted()
