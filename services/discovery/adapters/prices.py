"""The price socket's ticks turned into reference prices and averages."""

from __future__ import annotations

from collections.abc import Callable

from services.discovery.domain.strike import AverageTick
from shared.domain.ids import Coin
from shared.messages.discovery import ReferencePrice
from shared.runtime.logs import get_log
from shared.venue.errors import VenueFrameError
from shared.venue.frames.price import PriceEvent, PriceKind, PriceRefusal, PriceTick
from shared.venue.sockets import Connected, Disconnected
from shared.venue.wire import Parsed


class PriceKeeper:
    """The newest spot and average of each coin; history of a new subscription feeds strikes, not the newest price."""

    def __init__(
        self,
        publish: Callable[[ReferencePrice], None],
        hear_average: Callable[[Coin, AverageTick], None],
        malformed: Callable[[VenueFrameError], None],
    ) -> None:
        self._publish = publish
        self._hear_average = hear_average
        self._malformed = malformed
        self._newest: dict[tuple[Coin, PriceKind], PriceTick] = {}

    def take(self, event: Connected | Disconnected | Parsed[PriceEvent]) -> None:
        if not isinstance(event, Parsed):
            get_log().info("price_socket_linked", change=type(event).__name__)
            return
        for item in event.items:
            if isinstance(item, PriceTick):
                self._take_tick(item)
            elif isinstance(item, PriceRefusal):
                get_log().error("price_subscription_refused", channel=item.channel, code=item.code)
        for error in event.malformed:
            self._malformed(error)

    def _take_tick(self, tick: PriceTick) -> None:
        if tick.kind is PriceKind.TWAP:
            self._hear_average(tick.coin, AverageTick(tick.value, tick.at, tick.source))
        newest = self._newest.get((tick.coin, tick.kind))
        if newest is not None and tick.at <= newest.at:
            return
        self._newest[tick.coin, tick.kind] = tick
        if not tick.is_history:
            self._publish(self._reference(tick))

    def _reference(self, tick: PriceTick) -> ReferencePrice:
        spot = self._newest.get((tick.coin, PriceKind.SPOT))
        average = self._newest.get((tick.coin, PriceKind.TWAP))
        return ReferencePrice(
            coin=tick.coin,
            spot=None if spot is None else spot.value,
            spot_at=None if spot is None else spot.at,
            average=None if average is None else average.value,
            average_at=None if average is None else average.at,
            source=tick.source,
        )
