"""What one of the venue's two sources has said alone, and how long it has stood by it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import datetime, timedelta

from services.settlement.domain.resolution import Resolved, Silent, Word
from shared.domain.ids import MarketId

FINAL_AFTER = timedelta(minutes=60)
"""Domain time, as the strategy gives a market without any word before it is forced. All of 100 recorded slots were
resolved within three minutes: a source that still says the same an hour on waits for a second one that is gone."""


class LoneWords:
    """By market. Restarted, the hour begins anew: that only delays what is final."""

    def __init__(self) -> None:
        self._heard: dict[MarketId, tuple[Resolved, datetime]] = {}

    def weighed(self, market: MarketId, word: Word, now: datetime) -> Word:
        """The word as far as it may be believed: final when both sources say it, or one has said it for an hour, and
        nothing else since. Silence takes nothing back."""
        if isinstance(word, Silent):
            return self._heard[market][0] if market in self._heard else word
        if not isinstance(word, Resolved) or not word.is_lone:
            self._heard.pop(market, None)
            return word
        before = self._heard.get(market)
        since = before[1] if before and before[0].payouts == word.payouts else now
        self._heard[market] = (word, since)
        return replace(word, is_lone=False) if now - since >= FINAL_AFTER else word

    def keep_only(self, markets: Container[MarketId]) -> None:
        """Forgets markets that are no case any more."""
        self._heard = {market: heard for market, heard in self._heard.items() if market in markets}
