"""Turns facts into texts and hands them over for delivery."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from services.notifier.domain.notification import (
    Entry,
    MarketFacts,
    entry_of,
    is_news,
    is_stale,
    of_alert,
    of_purchase,
    of_sale,
    of_settlement,
    of_trading_state,
)
from services.notifier.ports import Mailbox, Records
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, MarketId, TokenId
from shared.domain.order import Side
from shared.messages.envelope import Envelope, open_envelope
from shared.messages.fills import FillBooked
from shared.messages.risk import TradingStateChanged
from shared.messages.settlement import PositionSettled

AGE_MAX_SECONDS = 900.0
REMEMBERED_MAX = 5000
ENTRIES_MAX = 1000


class Notifier:
    """Each fact of the account is told once; redelivered and outdated ones are passed over."""

    def __init__(self, account: AccountId, mailbox: Mailbox, records: Records, clock: Clock) -> None:
        self._account = account
        self._mailbox = mailbox
        self._records = records
        self._clock = clock
        self._told: dict[str, None] = {}
        self._entries: OrderedDict[TokenId, Entry] = OrderedDict()

    async def on_fact(self, envelope: Envelope) -> None:
        """Raises MessageError for a body that does not fit its schema."""
        if envelope.message_id in self._told or is_stale(envelope.recorded_at, self._clock.wall(), AGE_MAX_SECONDS):
            return
        text = await self._text(envelope)
        if text is not None:
            self._mailbox.offer(text)
        self._remember(envelope.message_id)

    async def tell_alerts(self) -> None:
        """Those recorded since the last time."""
        for detail in await self._records.new_alerts():
            self._mailbox.offer(of_alert(detail))

    async def _text(self, envelope: Envelope) -> str | None:
        if envelope.schema == FillBooked.SCHEMA:
            fill = open_envelope(FillBooked, envelope)
            if fill.account == self._account and is_news(fill):
                return await self._of_fill(fill, envelope.occurred_at)
        elif envelope.schema == PositionSettled.SCHEMA:
            settled = open_envelope(PositionSettled, envelope)
            if settled.account == self._account:
                market = await self._records.facts(settled.market)
                return of_settlement(settled, market, await self._entry(settled.market, settled.token, market))
        elif envelope.schema == TradingStateChanged.SCHEMA:
            change = open_envelope(TradingStateChanged, envelope)
            if change.account == self._account:
                return of_trading_state(change)
        return None

    async def _of_fill(self, fill: FillBooked, occurred_at: datetime) -> str:
        market = await self._records.facts(fill.market)
        if fill.side is Side.SELL:
            entry = await self._entry(fill.market, fill.token, market)
            return of_sale(fill, market, entry, await self._records.sale_profit(fill.trade, fill.fill_id))
        entry = entry_of(fill.outcome, market, occurred_at)
        self._entries.setdefault(fill.token, entry)
        while len(self._entries) > ENTRIES_MAX:
            self._entries.popitem(last=False)
        return of_purchase(fill, market, entry)

    async def _entry(self, market: MarketId, token: TokenId, facts: MarketFacts) -> Entry:
        """The move is known of fills that this process has told; the minute also of older ones."""
        if token in self._entries:
            return self._entries[token]
        entered_at = await self._records.entered_at(market, token)
        return Entry(None, None if entered_at is None else facts.minutes_into(entered_at))

    def _remember(self, message_id: str) -> None:
        self._told[message_id] = None
        while len(self._told) > REMEMBERED_MAX:
            del self._told[next(iter(self._told))]
