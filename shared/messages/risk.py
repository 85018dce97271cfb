"""What risk reports: the account's trading state."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from shared.domain.ids import AccountId
from shared.messages.envelope import Message


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
