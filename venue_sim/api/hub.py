"""Who is subscribed to what, and the frames they get when something changes."""

from collections import defaultdict
from dataclasses import dataclass, field

from venue_sim import wire
from venue_sim.api.connection import Connection
from venue_sim.api.door import Door
from venue_sim.clock import Clock
from venue_sim.exchange import Exchange
from venue_sim.faults import payloads
from venue_sim.faults.switchboard import Faults
from venue_sim.markets import OUTCOMES, Market
from venue_sim.orders import BookSide, Order, Side
from venue_sim.prices import Tick
from venue_sim.state import State, Trade
from venue_sim.units import amount_text, price_text
from venue_sim.wire import Payload

GOING_AWAY = 1001
DRAINING = 4003


@dataclass(slots=True, eq=False)
class MarketSubscriber:
    connection: Connection
    assets: set[str] = field(default_factory=set[str])
    custom_features: bool = False


@dataclass(slots=True, eq=False)
class UserSubscriber:
    """`markets` None means all of the key's markets."""

    connection: Connection
    api_key: str
    markets: set[str] | None = None


@dataclass(slots=True, eq=False)
class PriceSubscriber:
    """Sequence numbers run per channel of one connection."""

    connection: Connection
    subscriptions: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    sequences: defaultdict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))


class Hub:
    """The exchange's audience. It has to be told its exchange before anything happens."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self.door = door
        self.markets: set[MarketSubscriber] = set()
        self.users: set[UserSubscriber] = set()
        self.prices: set[PriceSubscriber] = set()
        self._clock = clock
        self._exchange: Exchange | None = None
        self._by_asset: defaultdict[str, set[MarketSubscriber]] = defaultdict(set)
        self._traded: set[str] = set()

    def attach(self, exchange: Exchange) -> None:
        self._exchange = exchange

    # Subscriptions

    def follow(self, subscriber: MarketSubscriber, assets: list[str]) -> None:
        """Subscribes to tokens and sends their books."""
        self.markets.add(subscriber)
        for asset in assets:
            subscriber.assets.add(asset)
            self._by_asset[asset].add(subscriber)
        found = [frame for asset in assets if (frame := self._snapshot(asset)) is not None]
        frames = [frame for frame in found if not self._is_frozen(frame[0])]
        if frames:
            text = wire.encode([payload for _, payload in frames]).decode()
            subscriber.connection.tell(text, self._door_callback([market for market, _ in frames]))

    def unfollow(self, subscriber: MarketSubscriber, assets: list[str]) -> None:
        for asset in assets:
            subscriber.assets.discard(asset)
            self._by_asset[asset].discard(subscriber)

    def leave(self, subscriber: MarketSubscriber) -> None:
        self.markets.discard(subscriber)
        self.unfollow(subscriber, list(subscriber.assets))

    # Everyone is put out

    def drop_markets(self) -> None:
        for subscriber in self.markets:
            subscriber.connection.push_close(GOING_AWAY)

    def drop_users(self) -> None:
        for user in self.users:
            user.connection.push_close(GOING_AWAY)

    def drop_prices(self) -> None:
        for subscriber in self.prices:
            subscriber.connection.push_close(DRAINING)

    # Audience of the exchange

    def market_listed(self, market: Market) -> None:
        frame: Payload = {
            "event_type": "new_market",
            "id": market_number(market),
            "question": market.slug,
            "market": market.condition_id,
            "slug": market.slug,
            "assets_ids": list(market.tokens),
            "clob_token_ids": list(market.tokens),
            "outcomes": list(OUTCOMES),
            "condition_id": market.condition_id,
            "active": True,
            "order_price_min_tick_size": price_text(market.tick),
            "timestamp": str(self._state_exchange().domain_ms()),
        }
        self._to_custom(frame)

    def book_changed(self, market: Market, changes: list[tuple[BookSide, int, int]]) -> None:
        """After a trade the venue sends whole books, otherwise the changed levels."""
        if self._is_frozen(market):
            return
        if market.condition_id in self._traded or self._faults.terms("book_emptied"):
            self._traded.discard(market.condition_id)
            for asset in market.tokens:
                self._send_book(asset)
            return
        book = self._state_exchange().books[market.condition_id]
        hashes: dict[int, str] = {}
        texts: dict[tuple[int, ...], str] = {}
        for subscriber in self._followers(market):
            outcomes = tuple(at for at, asset in enumerate(market.tokens) if asset in subscriber.assets)
            if outcomes not in texts:
                for at in outcomes:
                    hashes[at] = hashes.get(at) or wire.book(market, book, at, book.changed_ms)["hash"]
                payload = wire.price_change(market, book, changes, {at: hashes[at] for at in outcomes})
                texts[outcomes] = wire.encode(payload).decode()
            subscriber.connection.tell(texts[outcomes], self._door_callback([market]))

    def printed(self, market: Market, side: Side, up_price: int, shares: int) -> None:
        self._traded.add(market.condition_id)
        payload: Payload = {
            "event_type": "last_trade_price",
            "market": market.condition_id,
            "asset_id": market.tokens[0],
            "price": price_text(up_price),
            "size": amount_text(shares),
            "side": side,
            "fee_rate_bps": "0",
            "transaction_hash": "",
            "timestamp": str(self._state_exchange().domain_ms()),
        }
        self._to_asset(market.tokens[0], payload)

    def tick_changed(self, market: Market, old: int) -> None:
        for asset in market.tokens:
            payload: Payload = {
                "event_type": "tick_size_change",
                "market": market.condition_id,
                "asset_id": asset,
                "old_tick_size": price_text(old),
                "new_tick_size": price_text(market.tick),
                "timestamp": str(self._state_exchange().domain_ms()),
            }
            self._to_asset(asset, payload)

    def market_resolved(self, market: Market) -> None:
        if self._faults.strikes("resolved_event_lost"):
            return
        winner = self._state_exchange().named_winner(market) or 0
        payload: Payload = {
            "event_type": "market_resolved",
            "id": market_number(market),
            "market": market.condition_id,
            "assets_ids": list(market.tokens),
            "winning_asset_id": market.tokens[winner],
            "winning_outcome": OUTCOMES[winner],
            "timestamp": str(market.resolved_ms),
        }
        text = wire.encode(payload).decode()
        for subscriber in self._followers(market):
            if subscriber.custom_features:
                subscriber.connection.tell(text)

    def order_changed(self, order: Order, kind: str) -> None:
        exchange = self._state_exchange()
        for user in self._users_of({order.terms.api_key}, order.terms.market):
            payload = payloads.order_event(wire.order_event(order, kind, exchange.domain_ms()), self._faults)
            user.connection.tell(wire.encode(payload).decode())

    def trade_changed(self, trade: Trade) -> None:
        state = self._state_exchange().state
        for user in self._users_of(wire.keys_of(trade, state), trade.fact.market):
            payload = payloads.trade_event(wire.trade_event(trade, state, user.api_key), self._faults)
            user.connection.tell(wire.encode(payload).decode())

    # Prices

    def price(self, tick: Tick) -> None:
        for subscriber in self.prices:
            if (tick.channel, tick.symbol) in subscriber.subscriptions:
                self.send_price(subscriber, tick.channel, {**_point(tick), **_stream(tick)}, snapshot=False)

    def send_price_snapshot(self, subscriber: PriceSubscriber, ticks: list[Tick]) -> None:
        payload: Payload = {**_stream(ticks[-1]), "data": [_point(tick) for tick in ticks]}
        self.send_price(subscriber, ticks[-1].channel, payload, snapshot=True)

    def send_price(self, subscriber: PriceSubscriber, channel: str, payload: Payload, *, snapshot: bool) -> None:
        subscriber.sequences[channel] += 1
        frame: Payload = {
            "v": 1,
            "channel": channel,
            "seq": subscriber.sequences[channel],
            "ts": self._state_exchange().domain_ms(),
            "payload": payload,
        }
        if snapshot:
            frame["snapshot"] = True
        subscriber.connection.tell(wire.encode(frame).decode())

    # Inside

    @property
    def _faults(self) -> Faults:
        return self._state_exchange().faults

    @property
    def state(self) -> State:
        return self._state_exchange().state

    def _state_exchange(self) -> Exchange:
        if self._exchange is None:
            raise RuntimeError("the hub has no exchange yet")
        return self._exchange

    def _followers(self, market: Market) -> set[MarketSubscriber]:
        first, second = market.tokens
        return self._by_asset[first] | self._by_asset[second]

    def _users_of(self, api_keys: set[str], market: str) -> list[UserSubscriber]:
        return [
            user for user in self.users if user.api_key in api_keys and (user.markets is None or market in user.markets)
        ]

    def _to_asset(self, asset: str, payload: Payload) -> None:
        followers = self._by_asset.get(asset)
        if followers:
            text = wire.encode(payload).decode()
            for subscriber in followers:
                subscriber.connection.tell(text)

    def _to_custom(self, payload: Payload) -> None:
        text = wire.encode(payload).decode()
        for subscriber in self.markets:
            if subscriber.custom_features:
                subscriber.connection.tell(text)

    def _send_book(self, asset: str) -> None:
        followers = self._by_asset.get(asset)
        found = self._snapshot(asset) if followers else None
        if followers and found is not None:
            market, payload = found
            text = wire.encode(payload).decode()
            for subscriber in followers:
                subscriber.connection.tell(text, self._door_callback([market]))

    def _snapshot(self, asset: str) -> tuple[Market, Payload] | None:
        found = self.state.tradable(asset)
        if found is None:
            return None
        market, outcome = found
        exchange = self._state_exchange()
        book = exchange.books[market.condition_id]
        frame = wire.book_frame(market, book, outcome, exchange.domain_ms())
        if self._faults.strikes("book_emptied"):
            frame |= {"bids": [], "asks": []}
        return market, frame

    def _is_frozen(self, market: Market) -> bool:
        return self._faults.picks("market_frozen", market.condition_id)

    def _door_callback(self, markets: list[Market]) -> "_DoorNote | None":
        """Notes the instant for markets that show a bid inside the range for the first time."""
        books = self._state_exchange().books
        fresh = [market.condition_id for market in markets if self.door.opens(market.condition_id, books)]
        return _DoorNote(self.door, fresh) if fresh else None


@dataclass(slots=True)
class _DoorNote:
    door: Door
    markets: list[str]

    def __call__(self) -> None:
        for market in self.markets:
            self.door.frame_leaves(market)


def market_number(market: Market) -> str:
    """Gamma's numeric id of a market."""
    return str(int(market.condition_id[4:14], 16))


def _point(tick: Tick) -> Payload:
    return {"value": float(tick.text), "full_accuracy_value": tick.text, "timestamp": tick.timestamp_ms}


def _stream(tick: Tick) -> Payload:
    stream: Payload = {"symbol": tick.symbol, "source": tick.source}
    if tick.channel.endswith(".twap"):
        stream["window_seconds"] = 60
    return stream
