"""Which slots we want to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.domain.ids import Coin

SLOT_MINUTES = {"5m": (5,), "15m": (15,), "both": (5, 15)}


@dataclass(frozen=True, slots=True)
class WantedSlot:
    """The slug's form is the venue's (protocol sheet, 2.2); its times are the market's own once it is listed."""

    coin: Coin
    minutes: int
    start: datetime

    @property
    def slug(self) -> str:
        return f"{self.coin}-updown-{self.minutes}m-{int(self.start.timestamp())}"


def wanted_slots(now: datetime, coins: Iterable[Coin], slot_duration: str) -> Iterator[WantedSlot]:
    """The current and the next slot of each coin and length."""
    for coin in coins:
        for minutes in SLOT_MINUTES[slot_duration]:
            length_seconds = minutes * 60
            current = int(now.timestamp()) // length_seconds * length_seconds
            for start in (current, current + length_seconds):
                yield WantedSlot(coin, minutes, datetime.fromtimestamp(start, UTC))
