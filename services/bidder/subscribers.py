"""What reaches the bidder: facts from JetStream, tops and prices as levels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nats.aio.client import Client
from nats.aio.msg import Msg
from prometheus_client import Histogram

from services.bidder.handlers import Bidder
from shared.bus.facts import Facts
from shared.bus.levels import MALFORMED, Newest, subscribe_levels
from shared.domain.clock import Clock
from shared.messages.discovery import ReferencePrice, TopChanged
from shared.messages.envelope import Envelope, MessageError, decode_body

Heard = Callable[[], None]


def subscribe(facts: Facts, bidder: Bidder, account_moved: Heard) -> None:
    """`account_moved` is called after facts that change the account's headroom."""
    facts.subscribe("markets", bidder.on_market)
    facts.subscribe("orders", _and_then(bidder.on_order, account_moved))
    facts.subscribe("fills", _and_then(bidder.on_fill, account_moved))
    facts.subscribe("trading_state", bidder.on_trading_state)


def _and_then(handle: Callable[[Envelope], Awaitable[None]], heard: Heard) -> Callable[[Envelope], Awaitable[None]]:
    async def handle_and_tell(envelope: Envelope) -> None:
        await handle(envelope)
        heard()

    return handle_and_tell


class Tops:
    """Tops from the bus to the plan: the newest of each token. Those that lead to an intent are timed, from the arrival
    of the first that was not planned for yet."""

    def __init__(self, bidder: Bidder, clock: Clock, book_to_intent: Histogram) -> None:
        self._bidder = bidder
        self._clock = clock
        self._book_to_intent = book_to_intent
        self._newest: Newest[TopChanged] = Newest("top", lambda top: top.token)
        self._heard_at_seconds: dict[str, float] = {}

    async def subscribe(self, client: Client) -> None:
        await client.subscribe(f"{TopChanged.SUBJECT}.*", cb=self._receive)

    async def _receive(self, message: Msg) -> None:
        try:
            top = decode_body(TopChanged, message.data)
        except MessageError:
            MALFORMED.labels(TopChanged.SCHEMA).inc()
            return
        self._heard_at_seconds.setdefault(top.token, self._clock.monotonic_seconds())
        self._newest.put(top)

    async def run(self) -> None:
        async for top in self._newest:
            heard_at_seconds = self._heard_at_seconds.pop(top.token)
            sent_before = self._bidder.intents_sent
            self._bidder.on_top(top)
            if self._bidder.intents_sent > sent_before:
                self._book_to_intent.observe(self._clock.monotonic_seconds() - heard_at_seconds)


async def hear_prices(client: Client, bidder: Bidder) -> None:
    """For ever."""
    newest: Newest[ReferencePrice] = Newest("price", lambda price: price.coin)
    await subscribe_levels(client, ReferencePrice, newest)
    async for price in newest:
        bidder.on_price(price)
