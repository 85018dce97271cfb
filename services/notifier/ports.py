"""What the notifier needs of the world."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from services.notifier.domain.notification import MarketFacts
from shared.domain.ids import MarketId, TokenId, TradeId


class Sender(Protocol):
    async def send(self, text: str) -> None:
        """Delivers one text. Raises SendFailedError."""
        ...


class SendFailedError(Exception):
    """The text was not delivered; `retry_after_seconds` (wall) when the other side said how long to wait."""

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class Mailbox(Protocol):
    def offer(self, text: str) -> None:
        """Takes the text for delivery. Never waits: when full, the oldest text makes room and is counted."""
        ...


class Records(Protocol):
    """The tables and the latest spot. Nothing here ever fails a notification: what cannot be read is unknown."""

    async def facts(self, market: MarketId) -> MarketFacts:
        """What is known of the market; its id stands in for an unknown slug."""
        ...

    async def entered_at(self, market: MarketId, token: TokenId) -> datetime | None:
        """The position's first fill, domain time."""
        ...

    async def sale_profit(self, trade: TradeId, fill_id: int) -> Decimal | None:
        """Dollars that this sale made."""
        ...

    async def new_alerts(self) -> list[str]:
        """What was recorded as an alert since the last call, oldest first; none of before the first."""
        ...
