"""Tops of books as risk hears them."""

from datetime import UTC, datetime, timedelta

from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.messages.discovery import BookLevel, TopChanged

START = datetime(2026, 4, 1, 8, 45, tzinfo=UTC)
SLOT = timedelta(minutes=15)
MARKET, NEXT = MarketId("0xm1"), MarketId("0xm2")
UP = TokenId("111")


def at(**parts: float) -> datetime:
    """An instant that long after the first slot's start."""
    return START + timedelta(**parts)


def level(price: str, shares: str = "10") -> BookLevel:
    return BookLevel(price=Price.of(price), shares=Shares.of(shares))


def top(
    seen_at: datetime, *bids: BookLevel, asks: tuple[BookLevel, ...] = (), market: MarketId = MARKET, known: bool = True
) -> TopChanged:
    return TopChanged(market=market, token=UP, bids=bids, asks=asks, known=known, seen_at=seen_at, sequence=1)
