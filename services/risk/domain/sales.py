"""Our sales of each token, as orders: how many there were, and what is still being sold."""

from __future__ import annotations

from collections.abc import Iterable

from shared.domain.ids import OrderId, TokenId
from shared.domain.money import NO_SHARES, Shares
from shared.domain.order import Order, Side


class Sales:
    def __init__(self) -> None:
        self._orders: dict[TokenId, dict[OrderId, Order]] = {}

    def put(self, order: Order) -> None:
        """A purchase, or an older version than the known one, changes nothing."""
        if order.side is not Side.SELL:
            return
        orders = self._orders.setdefault(order.token, {})
        known = orders.get(order.order_id)
        if known is None or known.version <= order.version:
            orders[order.order_id] = order

    def keep(self, tokens: Iterable[TokenId]) -> None:
        """Forgets every other token."""
        kept = frozenset(tokens)
        self._orders = {token: orders for token, orders in self._orders.items() if token in kept}

    def count(self, token: TokenId) -> int:
        """The attempt that the next one may have."""
        return max((order.attempt + 1 for order in self._of(token)), default=0)

    def is_selling(self, token: TokenId) -> bool:
        return any(not order.is_final for order in self._of(token))

    def in_hand(self, token: TokenId) -> Shares:
        """Shares that open sales may still sell."""
        return sum((order.remaining for order in self._of(token) if not order.is_final), NO_SHARES)

    def _of(self, token: TokenId) -> Iterable[Order]:
        return self._orders.get(token, {}).values()
