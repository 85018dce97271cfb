"""The newest spot and 60 s average of each coin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.ids import Coin
from shared.messages.discovery import ReferencePrice


@dataclass(slots=True)
class _Newest:
    spot: Decimal | None = None
    spot_at: datetime | None = None
    average: Decimal | None = None
    average_at: datetime | None = None
    source: str = ""


class PriceBoard:
    """`changed` names the coins to be told of. A late tick never undoes a newer one."""

    def __init__(self) -> None:
        self._newest: dict[Coin, _Newest] = {}
        self.changed: dict[Coin, None] = {}

    def spot(self, coin: Coin, price: Decimal, at: datetime, source: str) -> None:
        newest = self._newest.setdefault(coin, _Newest())
        if newest.spot_at is None or at > newest.spot_at:
            newest.spot, newest.spot_at, newest.source = price, at, source
            self.changed[coin] = None

    def average(self, coin: Coin, price: Decimal, at: datetime, source: str) -> None:
        newest = self._newest.setdefault(coin, _Newest())
        if newest.average_at is None or at > newest.average_at:
            newest.average, newest.average_at, newest.source = price, at, source
            self.changed[coin] = None

    def tell(self, coin: Coin) -> ReferencePrice:
        newest = self._newest[coin]
        return ReferencePrice(
            coin=coin,
            spot=newest.spot,
            spot_at=newest.spot_at,
            average=newest.average,
            average_at=newest.average_at,
            source=newest.source,
        )
