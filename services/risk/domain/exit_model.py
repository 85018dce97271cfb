"""A trained model's answer about a held position (strategy section 6, exit features)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from services.risk.domain.stop_loss import Exposed
from shared.domain.book import Top
from shared.domain.features import BookRing, Holding, book_view, entry_features, exit_features
from shared.domain.ids import MarketId
from shared.domain.market import Market
from shared.domain.reference import UP
from shared.domain.win_model import WinModel

PLACES = Decimal("0.000001")


class ExitModel:
    """Remembers the books of each market, net of our own orders, for what changed in them."""

    def __init__(self, model: WinModel) -> None:
        self._model = model
        self._rings: dict[MarketId, BookRing] = {}

    def see(self, market: MarketId, up: Top, down: Top, now: datetime) -> None:
        self._rings.setdefault(market, BookRing()).see(book_view(up, down, now))

    def keep(self, markets: Iterable[MarketId]) -> None:
        """Forgets the books of every other market."""
        kept = frozenset(markets)
        self._rings = {market: ring for market, ring in self._rings.items() if market in kept}

    def p_win(
        self, exposed: Exposed, market: Market, up: Top, down: Top, up_move_pct: Decimal, now: datetime
    ) -> Decimal:
        """Probability that the held outcome wins, 0 to 1."""
        ring = self._rings.setdefault(market.market, BookRing())
        entry = entry_features(book_view(up, down, now), ring, float(up_move_pct), market.start, now)
        holding = _holding(exposed, up if exposed.outcome == UP else down)
        p_up = Decimal(str(self._model.p_up(exit_features(entry, holding, market.end, now)))).quantize(PLACES)
        return p_up if exposed.outcome == UP else 1 - p_up


def _holding(exposed: Exposed, top: Top) -> Holding:
    bid = 0.0 if top.bid is None else float(top.bid.price.value)
    highest = max(float(exposed.highest_bid.value), bid)
    return Holding(float(exposed.entry_price.value), highest, bid, exposed.filled_at)
