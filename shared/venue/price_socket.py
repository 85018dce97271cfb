"""The price stream (PolyBolt): spot and 60-second average of each coin. Protocol sheet, section 4."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from shared.domain.ids import Coin
from shared.venue.auth import Credentials
from shared.venue.frames.price import QUOTE, TWAP_WINDOW_SECONDS, PriceAck, PriceEvent, PriceKind, read_price_frame
from shared.venue.sockets import Connected, Dial, Disconnected, Link, Pace, Tap, dial
from shared.venue.wire import Parsed

PACE = Pace(ping_seconds=None)
"""The server pings by itself; the average ticks once a second, so silence is a fault."""
_AUTH_ID = "auth"

PriceConsumer = Callable[[Connected | Disconnected | Parsed[PriceEvent]], None]
"""Called in the step that read the frame. `Connected` comes before the login is answered; ticks follow the acks."""


class PriceSocket:
    """Logs in, then keeps the wished coins subscribed across reconnections."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        consumer: PriceConsumer,
        *,
        tap: Tap | None = None,
        pace: Pace = PACE,
        dial: Dial = dial,
    ) -> None:
        self._credentials = credentials
        self._consumer = consumer
        self._wanted: dict[Coin, None] = {}
        self._told: set[Coin] = set()
        self._is_authed = False
        self._requests = 0
        self._link = Link(url, self, pace=pace, tap=tap, dial=dial)

    async def run(self) -> None:
        await self._link.run()

    async def close(self) -> None:
        await self._link.close()

    async def reconnect(self, reason: str) -> None:
        await self._link.reconnect(reason)

    def subscribe(self, coins: Iterable[Coin]) -> None:
        self._wanted.update(dict.fromkeys(coins))
        self._link.wake()

    def greeting(self) -> Iterable[str]:
        self._is_authed = False
        self._told = set()
        auth = {
            "apiKey": self._credentials.api_key,
            "secret": self._credentials.secret,
            "passphrase": self._credentials.passphrase,
        }
        yield msgspec.json.encode({"op": "auth", "rid": _AUTH_ID, "auth": auth}).decode()

    def pending(self) -> Iterable[str]:
        coins = [coin for coin in self._wanted if coin not in self._told]
        if not self._is_authed or not coins:
            return
        self._told.update(coins)
        self._requests += 1
        subscriptions = [item for coin in coins for item in _subscriptions(coin)]
        message = {"op": "subscribe", "rid": f"s{self._requests}", "subscriptions": subscriptions}
        yield msgspec.json.encode(message).decode()

    def linked(self, change: Connected | Disconnected) -> None:
        self._consumer(change)

    def received(self, text: str) -> None:
        parsed = read_price_frame(text)
        if any(isinstance(event, PriceAck) and event.op == "authed" for event in parsed.items):
            self._is_authed = True
            self._link.wake()
        self._consumer(parsed)


def _subscriptions(coin: Coin) -> Iterable[dict[str, object]]:
    symbol = f"{coin}{QUOTE}"
    yield {"channel": PriceKind.TWAP.value, "filter": {"symbol": symbol, "window_seconds": TWAP_WINDOW_SECONDS}}
    yield {"channel": PriceKind.SPOT.value, "filter": {"symbol": symbol}}
