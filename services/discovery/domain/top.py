"""What of a book crosses the bus: two bids, since the first may be ours alone, and one ask."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.book import Level


@dataclass(frozen=True, slots=True)
class PublishedTop:
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    known: bool


UNKNOWN = PublishedTop((), (), known=False)


def top_of(bids: list[Level], asks: list[Level]) -> PublishedTop:
    """Levels best first."""
    return PublishedTop(tuple(bids[:2]), tuple(asks[:1]), known=True)
