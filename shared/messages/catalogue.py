"""Every message there is, by owner: what the AsyncAPI document, the schemas and the tests are made from."""

from __future__ import annotations

from shared.messages.bidder import CancelEntry, PlaceEntry
from shared.messages.discovery import MarketListed, MarketResolved, ReferencePrice, StrikeCaptured, TopChanged
from shared.messages.envelope import Message
from shared.messages.executor import EntriesClosed, OrderChanged
from shared.messages.fills import FillBooked, PositionChanged
from shared.messages.risk import CloseEntries, Sell, TradingStateChanged
from shared.messages.settlement import MergePositions, PositionSettled, RedeemPositions

FACTS: tuple[type[Message], ...] = (
    MarketListed,
    StrikeCaptured,
    OrderChanged,
    EntriesClosed,
    FillBooked,
    PositionChanged,
    PositionSettled,
    TradingStateChanged,
)
COMMANDS: tuple[type[Message], ...] = (PlaceEntry, CancelEntry, CloseEntries, Sell, RedeemPositions, MergePositions)
LEVELS: tuple[type[Message], ...] = (TopChanged, ReferencePrice, MarketResolved)
MESSAGES = FACTS + COMMANDS + LEVELS
