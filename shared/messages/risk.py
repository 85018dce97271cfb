"""What risk reports: the account's trading state."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from shared.domain.ids import AccountId, MarketId, OrderId, TokenId
from shared.domain.money import Price, Shares
from shared.messages.envelope import Instant, Message


class TradingCause(msgspec.Struct, frozen=True, kw_only=True):
    cause: str
    state: str
    detail: str


class TradingStateChanged(Message, frozen=True, kw_only=True):
    """The state with every cause of it; `cancels` says whether resting entries go too. The higher version is newer."""

    SCHEMA: ClassVar[str] = "risk.trading_state_changed.v1"
    SUBJECT: ClassVar[str] = "pm.v1.risk.trading_state_changed"

    account: AccountId
    state: str
    cancels: bool
    causes: tuple[TradingCause, ...]
    version: int


class CloseEntries(Message, frozen=True, kw_only=True):
    """A command: the market is being left early. Cancel every entry in it and say `EntriesClosed`; the guard EXITED was
    set in the commit that wrote this, so none follows."""

    SCHEMA: ClassVar[str] = "risk.close_entries.v1"
    SUBJECT: ClassVar[str] = "pm.v1.risk.close_entries"

    account: AccountId
    market: MarketId
    reason: str
    decided_at: Instant


class Sell(Message, frozen=True, kw_only=True):
    """A command: sell confirmed shares down to any bid, `price` being the lowest that is taken. Valid for a second
    (wall); what is not sold at once is gone, and risk decides anew."""

    SCHEMA: ClassVar[str] = "risk.sell.v1"
    SUBJECT: ClassVar[str] = "pm.v1.risk.sell"

    order_id: OrderId
    account: AccountId
    strategy_tag: str
    market: MarketId
    token: TokenId
    outcome: str
    attempt: int
    price: Price
    shares: Shares
    reason: str
    decided_at: Instant
    valid_until: Instant
