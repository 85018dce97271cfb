"""The newest book and price of each key, as heard on the bus."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from services.control.domain.overview import TopView
from shared.messages.discovery import ReferencePrice, TopChanged

TOKENS_MAX = 2000


class HeardLevels:
    """Remembers so many tokens; the one not heard of for longest is forgotten first."""

    def __init__(self) -> None:
        self._tops: dict[str, TopChanged] = {}
        self._prices: dict[str, ReferencePrice] = {}

    def hear_top(self, top: TopChanged) -> None:
        self._tops.pop(top.token, None)
        self._tops[top.token] = top
        if len(self._tops) > TOKENS_MAX:
            del self._tops[next(iter(self._tops))]

    def hear_price(self, price: ReferencePrice) -> None:
        self._prices[price.coin] = price

    def remember(self, tops: Iterable[TopChanged], prices: Iterable[ReferencePrice]) -> None:
        """Fills in what was not heard yet; what was heard is newer."""
        for top in tops:
            self._tops.setdefault(top.token, top)
        for price in prices:
            self._prices.setdefault(price.coin, price)

    def top(self, outcome: str, token: str) -> TopView:
        heard = self._tops.get(token)
        if heard is None:
            return TopView(outcome, token, None, None, None, None, known=False, seen_at=None)
        bid = heard.bids[0] if heard.bids else None
        ask = heard.asks[0] if heard.asks else None
        return TopView(
            outcome=outcome,
            token=token,
            bid=bid.price.value if bid else None,
            bid_shares=bid.shares.value if bid else None,
            ask=ask.price.value if ask else None,
            ask_shares=ask.shares.value if ask else None,
            known=heard.known,
            seen_at=heard.seen_at,
        )

    def spot(self, coin: str) -> tuple[Decimal, str] | None:
        price = self._prices.get(coin)
        return None if price is None or price.spot is None else (price.spot, price.source)
