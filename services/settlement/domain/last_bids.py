"""The last bid each token showed, for markets on which the venue stays silent."""

from __future__ import annotations

from collections import OrderedDict

from shared.domain.ids import TokenId
from shared.domain.money import Price
from shared.messages.discovery import TopChanged

TOKENS_MAX = 4000
"""Two days of eight markets a quarter of an hour."""


class LastBids:
    """A side that went empty is no bid: the last one shown stays. The token heard of longest ago is forgotten first."""

    def __init__(self) -> None:
        self._bids: OrderedDict[TokenId, Price] = OrderedDict()

    def hear(self, top: TopChanged) -> None:
        if not top.known or not top.bids:
            return
        self._bids[top.token] = top.bids[0].price
        self._bids.move_to_end(top.token)
        if len(self._bids) > TOKENS_MAX:
            self._bids.popitem(last=False)

    def last(self, token: TokenId | None) -> Price | None:
        return None if token is None else self._bids.get(token)
