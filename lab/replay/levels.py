"""Level books by token, for recordings of whole books: what the best bid and ask are after each frame."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Literal

from msgspec import Struct


class TextLevel(Struct, frozen=True, gc=False):
    """Price and shares as the venue spelled them."""

    price: str
    size: str


class Change(Struct, frozen=True, gc=False):
    """`size` is the level's new total, 0 = it is gone."""

    asset_id: str
    price: str
    size: str
    side: Literal["BUY", "SELL"]


Top = tuple[TextLevel | None, TextLevel | None]
_Side = dict[Decimal, TextLevel]
INFINITE = float("inf")
"""A float is exact enough to tell some shares from none, and ten times faster than a decimal."""


class Levels:
    """A book is unknown until its first snapshot. Prices outside 0..1, ends excluded, are no levels."""

    def __init__(self) -> None:
        self._books: dict[str, tuple[_Side, _Side]] = {}
        self._prices: dict[str, Decimal] = {}

    def replace(self, token: str, bids: list[TextLevel] | None, asks: list[TextLevel] | None) -> Top:
        """Raises ValueError for text that is no number."""
        book = self._side(bids), self._side(asks)
        self._books[token] = book
        return _top(book)

    def change(self, changes: Iterable[Change]) -> list[tuple[str, TextLevel | None, TextLevel | None]]:
        """The known tokens it touched, each with its top afterwards. Raises ValueError for text that is no number."""
        touched: dict[str, None] = {}
        for change in changes:
            book = self._books.get(change.asset_id)
            if book is not None:
                self._set(book[0 if change.side == "BUY" else 1], TextLevel(change.price, change.size))
                touched[change.asset_id] = None
        return [(token, *_top(self._books[token])) for token in touched]

    def _side(self, levels: list[TextLevel] | None) -> _Side:
        """One call a side, not one a level: most of a replay's reading is done here."""
        side: _Side = {}
        known = self._prices
        for level in levels or ():
            price = known.get(level.price) or self._price(level.price)
            if 0 < price < 1 and 0 < float(level.size) < INFINITE:
                side[price] = level
        return side

    def _set(self, side: _Side, level: TextLevel) -> None:
        price = self._price(level.price)
        if 0 < price < 1 and 0 < float(level.size) < INFINITE:
            side[price] = level
        else:
            side.pop(price, None)

    def _price(self, text: str) -> Decimal:
        known = self._prices.get(text)
        if known is None:
            known = self._prices[text] = number(text)
        return known


def number(text: str) -> Decimal:
    """Raises ValueError for anything but a finite number."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is not finite")
    return value


def _top(book: tuple[_Side, _Side]) -> Top:
    bids, asks = book
    return (bids[max(bids)] if bids else None), (asks[min(asks)] if asks else None)
