"""What leaving early asks for: the guard through the tables, sales on the stream."""

from __future__ import annotations

from datetime import datetime

from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from services.risk.adapters.postgres import PostgresAccount
from shared.bus.relay import publish
from shared.domain.clock import Clock
from shared.domain.ids import MarketId, TokenId
from shared.fault_points import reach
from shared.messages.envelope import command as command_envelope
from shared.messages.risk import Sell
from shared.runtime.logs import Log


class ExitCommands:
    def __init__(self, account: PostgresAccount, jetstream: JetStreamContext, clock: Clock, log: Log) -> None:
        self._account = account
        self._jetstream = jetstream
        self._clock = clock
        self._log = log

    async def close_entries(self, market: MarketId, reason: str, now: datetime) -> None:
        await self._account.close_entries(market, reason, now)

    async def mark_awaiting(self, market: MarketId, *, is_awaiting: bool) -> None:
        await self._account.mark_awaiting(market, is_awaiting=is_awaiting)

    async def count_override(self, market: MarketId, token: TokenId) -> None:
        await self._account.count_override(market, token)

    async def alert(self, detail: str) -> None:
        await self._account.alert(detail)

    async def sell(self, command: Sell) -> bool:
        """The instant is part of its name: the stream takes an attempt again that was refused before a restart."""
        wall = self._clock.wall()
        envelope = command_envelope(
            command,
            message_id=f"{command.order_id}@{wall.isoformat()}",
            producer="risk",
            key=command.market,
            occurred_at=command.decided_at,
            recorded_at=wall,
        )
        try:
            await publish(self._jetstream, f"{Sell.SUBJECT}.{command.market}", envelope)
        except NatsError as error:
            self._log.warning("sale_not_published", order_id=command.order_id, reason=repr(error))
            return False
        reach("sale_published")
        return True
