"""What the notifier needs of the world."""

from typing import Protocol

from services.notifier.domain.notification import MarketFacts
from shared.domain.ids import MarketId


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


class Markets(Protocol):
    async def facts(self, market: MarketId) -> MarketFacts:
        """What is known of the market; its id stands in for an unknown slug."""
        ...
