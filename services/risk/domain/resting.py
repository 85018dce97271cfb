"""Our own resting entries, to be taken out of the books we read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.domain.ids import OrderId, TokenId
from shared.domain.money import NO_SHARES, Price, Shares
from shared.domain.order import Order, Side


class Resting:
    """Every bid of ours that may stand in a book, until its token is forgotten. `books_show_them` is false on paper,
    where nobody else's book holds an order of ours."""

    def __init__(self, *, books_show_them: bool) -> None:
        self._books_show_them = books_show_them
        self._orders: dict[TokenId, dict[OrderId, Order]] = {}

    def put(self, order: Order) -> None:
        """A sale, or an older version than the known one, changes nothing. One that is over is kept: an older word does
        not bring it back."""
        if order.side is Side.SELL:
            return
        orders = self._orders.setdefault(order.token, {})
        known = orders.get(order.order_id)
        if known is None or known.version <= order.version:
            orders[order.order_id] = order

    def tokens(self) -> frozenset[TokenId]:
        return frozenset(self._orders)

    def forget(self, tokens: Iterable[TokenId]) -> None:
        for token in tokens:
            self._orders.pop(token, None)

    def bids(self, token: TokenId) -> Mapping[Price, Shares]:
        by_price: dict[Price, Shares] = {}
        if not self._books_show_them:
            return by_price
        for order in self._orders.get(token, {}).values():
            if order.is_final:
                continue
            by_price[order.price] = by_price.get(order.price, NO_SHARES) + order.remaining
        return by_price
