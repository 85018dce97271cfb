"""Every message there is, by owner: what the AsyncAPI document, the schemas and the tests are made from."""

from __future__ import annotations

from shared.messages.bidder import CancelEntry, PlaceEntry
from shared.messages.discovery import MarketListed, ReferencePrice, StrikeCaptured, TopChanged
from shared.messages.envelope import Message
from shared.messages.executor import OrderChanged
from shared.messages.fills import FillBooked, PositionChanged
from shared.messages.risk import TradingStateChanged
from shared.messages.settlement import PositionSettled

FACTS: tuple[type[Message], ...] = (
    MarketListed,
    StrikeCaptured,
    OrderChanged,
    FillBooked,
    PositionChanged,
    PositionSettled,
    TradingStateChanged,
)
COMMANDS: tuple[type[Message], ...] = (PlaceEntry, CancelEntry)
LEVELS: tuple[type[Message], ...] = (TopChanged, ReferencePrice)
MESSAGES = FACTS + COMMANDS + LEVELS
