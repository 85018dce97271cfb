"""A trained model's answer about a market (strategy section 6, entry features)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from services.bidder.domain.market_state import MarketState
from services.bidder.domain.rules import Rules
from shared.domain.book import Top
from shared.domain.features import BookRing, BookView, book_view, entry_features
from shared.domain.ids import MarketId
from shared.domain.market import Outcome
from shared.domain.reference import UP, up_move_pct
from shared.domain.win_model import WinModel

PLACES = Decimal("0.000001")


class EntryModel:
    """Remembers the books of each market, net of our own orders, for what changed in them."""

    def __init__(self, model: WinModel, rules: Rules) -> None:
        self._model = model
        self._rules = rules
        self._rings: dict[MarketId, BookRing] = {}

    def see(self, state: MarketState, now: datetime) -> None:
        """A market whose books are both known, at domain instant `now`; called on each change of one."""
        view = self._view(state, now)
        if view is not None:
            self._rings.setdefault(state.market.market, BookRing()).see(view)

    def keep(self, markets: Iterable[MarketId]) -> None:
        """Forgets the books of every other market."""
        kept = frozenset(markets)
        self._rings = {market: ring for market, ring in self._rings.items() if market in kept}

    def p_up(self, state: MarketState, now: datetime) -> Decimal | None:
        """Probability that Up wins, 0 to 1. None without both books, the strike or a fresh price."""
        view, move_pct = self._view(state, now), self._up_move_pct(state, now)
        if view is None or move_pct is None:
            return None
        market = state.market
        ring = self._rings.setdefault(market.market, BookRing())
        values = entry_features(view, ring, float(move_pct), market.start, now)
        return Decimal(str(self._model.p_up(values))).quantize(PLACES)

    def _up_move_pct(self, state: MarketState, now: datetime) -> Decimal | None:
        reference = state.reference(now, self._rules.stale_seconds)
        return None if reference is None else up_move_pct(*reference)

    def _view(self, state: MarketState, now: datetime) -> BookView | None:
        tops = {outcome.name: self._top(state, outcome) for outcome in state.market.outcomes}
        up, down = tops.pop(UP, None), next(iter(tops.values()), None)
        return None if up is None or down is None else book_view(up, down, now)

    def _top(self, state: MarketState, outcome: Outcome) -> Top | None:
        quote = state.quotes.get(outcome.token)
        if quote is None or not quote.known:
            return None
        return Top(outcome.token, state.best_bid(outcome, self._rules), state.best_ask(outcome), quote.seen_at)
