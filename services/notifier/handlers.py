"""Turns facts into texts and hands them over for delivery."""

from __future__ import annotations

from services.notifier.domain.notification import is_stale, of_fill, of_settlement, of_trading_state
from services.notifier.ports import Mailbox, Markets
from shared.domain.clock import Clock
from shared.domain.ids import AccountId
from shared.messages.envelope import Envelope, open_envelope
from shared.messages.fills import FillBooked
from shared.messages.risk import TradingStateChanged
from shared.messages.settlement import PositionSettled

AGE_MAX_SECONDS = 900.0
REMEMBERED_MAX = 5000


class Notifier:
    """Each fact of the account is told once; redelivered and outdated ones are passed over."""

    def __init__(self, account: AccountId, mailbox: Mailbox, markets: Markets, clock: Clock) -> None:
        self._account = account
        self._mailbox = mailbox
        self._markets = markets
        self._clock = clock
        self._told: dict[str, None] = {}

    async def on_fact(self, envelope: Envelope) -> None:
        """Raises MessageError for a body that does not fit its schema."""
        if envelope.message_id in self._told or is_stale(envelope.recorded_at, self._clock.wall(), AGE_MAX_SECONDS):
            return
        text = await self._text(envelope)
        if text is not None:
            self._mailbox.offer(text)
        self._remember(envelope.message_id)

    async def _text(self, envelope: Envelope) -> str | None:
        if envelope.schema == FillBooked.SCHEMA:
            fill = open_envelope(FillBooked, envelope)
            if fill.account == self._account:
                return of_fill(fill, await self._markets.facts(fill.market), envelope.occurred_at)
        elif envelope.schema == PositionSettled.SCHEMA:
            settled = open_envelope(PositionSettled, envelope)
            if settled.account == self._account:
                return of_settlement(settled, await self._markets.facts(settled.market))
        elif envelope.schema == TradingStateChanged.SCHEMA:
            change = open_envelope(TradingStateChanged, envelope)
            if change.account == self._account:
                return of_trading_state(change)
        return None

    def _remember(self, message_id: str) -> None:
        self._told[message_id] = None
        while len(self._told) > REMEMBERED_MAX:
            del self._told[next(iter(self._told))]
