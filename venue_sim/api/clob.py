"""The order book's REST surface."""

import asyncio
import base64
import binascii
from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from venue_sim import credentials, wire
from venue_sim.api.door import Door
from venue_sim.api.order_desk import OrderDesk
from venue_sim.api.passage import BEATING, CANCELLING, PLACING, READING, Passage, through
from venue_sim.api.responses import body_of, guarded, number, parse
from venue_sim.api.view import View
from venue_sim.eip712 import EXCHANGE_V3, NEG_RISK_EXCHANGE, STANDARD_EXCHANGE
from venue_sim.errors import VenueError, bad_request, market_not_found, no_orderbook
from venue_sim.exchange import Exchange
from venue_sim.facts import KeyDeleted, KeyIssued
from venue_sim.faults import payloads
from venue_sim.intake import WireRequest
from venue_sim.limits import Limits
from venue_sim.markets import OUTCOMES, WIDE_TICK, Market
from venue_sim.state import Trade
from venue_sim.units import ONE, UNIT, amount_text, price_text
from venue_sim.wire import Payload
from venue_sim.world import World

LARGEST_BATCH = 15
LARGEST_CANCEL = 1000
LARGEST_BOOKS = 500
PAGE = 100
FIRST_CURSOR = "MA=="
LAST_CURSOR = "LTE="
UNLIMITED = str((1 << 256) - 1)


class CancelOne(Struct, frozen=True):
    orderID: Annotated[str, Meta(max_length=200)]  # noqa: N815 - the venue's spelling


class CancelMarket(Struct, frozen=True):
    market: str = ""
    asset_id: str = ""


class HeartbeatBody(Struct, frozen=True):
    heartbeat_id: str | None = ""


class BookRequest(Struct, frozen=True):
    token_id: str
    side: str = ""


class Clob:
    """Handlers over one exchange. Public ones first, then those that need L1 or L2 headers."""

    def __init__(self, world: World, door: Door, limits: Limits) -> None:
        self._world = world
        self._door = door
        self._limits = limits
        self._exchange: Exchange = world.exchange
        self._faults = world.exchange.faults
        self._desk = OrderDesk(world)
        self._view = View(world.exchange)

    def routes(self) -> list[BaseRoute]:
        fragile: list[tuple[str, str, Passage, Any]] = [
            ("POST", "/order", PLACING, self.post_order),
            ("DELETE", "/order", CANCELLING, self.cancel_order),
            ("POST", "/orders", PLACING, self.post_orders),
            ("DELETE", "/orders", CANCELLING, self.cancel_orders),
            ("DELETE", "/cancel-all", CANCELLING, self.cancel_all),
            ("DELETE", "/cancel-market-orders", CANCELLING, self.cancel_market_orders),
            ("POST", "/v1/heartbeats", BEATING, self.heartbeat),
            ("GET", "/data/orders", READING, self.orders),
            ("GET", "/data/order/{order_id}", READING, self.order),
            ("GET", "/data/trades", READING, self.trades),
            ("GET", "/balance-allowance", READING, self.balance),
        ]
        table: list[tuple[str, str, Any]] = [
            *((method, path, through(each, self._faults, handler)) for method, path, each, handler in fragile),
            ("GET", "/balance-allowance/update", self.update_balance),
            ("GET", "/book", self.book),
            ("POST", "/books", self.books),
            ("GET", "/time", self.time),
            ("GET", "/ok", self.healthy),
            ("GET", "/", self.healthy),
            ("GET", "/version", self.version),
            ("GET", "/tick-size", self.tick_size),
            ("GET", "/neg-risk", self.neg_risk),
            ("GET", "/fee-rate", self.fee_rate),
            ("GET", "/last-trade-price", self.last_trade_price),
            ("GET", "/midpoint", self.midpoint),
            ("GET", "/spread", self.spread),
            ("GET", "/markets/{condition_id}", self.market),
            ("GET", "/clob-markets/{condition_id}", self.compact_market),
            ("GET", "/markets-by-token/{token_id}", self.market_by_token),
            ("POST", "/auth/api-key", self.create_key),
            ("DELETE", "/auth/api-key", self.delete_key),
            ("GET", "/auth/derive-api-key", self.derive_key),
            ("GET", "/auth/api-keys", self.list_keys),
            ("GET", "/auth/ban-status/closed-only", self.closed_only),
        ]
        return [Route(path, guarded(handler), methods=[method]) for method, path, handler in table]

    # Public

    async def time(self, _: Request) -> object:
        return (self._exchange.clock.wall_ms() + self._faults.delays("clock_skewed")) // 1000

    async def healthy(self, _: Request) -> object:
        return "OK"

    async def version(self, _: Request) -> object:
        return {"version": 2}

    async def book(self, request: Request) -> object:
        market, outcome = self._tradable(request.query_params.get("token_id"))
        return self._view.book(market, outcome)

    async def books(self, request: Request) -> object:
        wanted = parse(await body_of(request), list[BookRequest])
        if len(wanted) > LARGEST_BOOKS:
            raise bad_request(f"Too many books in payload: {len(wanted)}, max allowed: {LARGEST_BOOKS}")
        found = [self._exchange.state.tradable(item.token_id) for item in wanted]
        shown = [item for item in found if item is not None and self._view.shows_market(item[0])]
        return [self._view.book(market, outcome) for market, outcome in shown]

    async def tick_size(self, request: Request) -> object:
        market, _ = self._tradable(request.query_params.get("token_id"))
        return {"minimum_tick_size": market.tick / ONE}

    async def neg_risk(self, request: Request) -> object:
        self._tradable(request.query_params.get("token_id"))
        return {"neg_risk": False}

    async def fee_rate(self, request: Request) -> object:
        self._tradable(request.query_params.get("token_id"))
        return {"base_fee": 1000}

    async def last_trade_price(self, request: Request) -> object:
        market, outcome = self._tradable(request.query_params.get("token_id"))
        last = self._exchange.books[market.condition_id].last_trade
        return {"price": price_text(wire.own_price(outcome, ONE // 2 if last is None else last)), "side": ""}

    async def midpoint(self, request: Request) -> object:
        bid, ask = self._touch(request)
        return {"mid": amount_text((bid + ask) * UNIT // (2 * ONE))}

    async def spread(self, request: Request) -> object:
        bid, ask = self._touch(request)
        return {"spread": price_text(ask - bid)}

    async def market(self, request: Request) -> object:
        return full_market(self._market(request.path_params["condition_id"]), self._exchange)

    async def compact_market(self, request: Request) -> object:
        market = self._market(request.path_params["condition_id"])
        return {
            "c": market.condition_id,
            "v": market.version,
            "t": [{"t": token, "o": name} for token, name in zip(market.tokens, OUTCOMES, strict=True)],
            "mos": market.min_shares // UNIT,
            "mts": market.tick / ONE,
            "mbf": 1000,
            "tbf": 1000,
            "nr": False,
            "ao": market.accepts_orders(),
            "cbos": False,
            "itode": True,
            "fd": {"r": market.taker_fee_ppm / 1_000_000, "e": 1, "to": True},
            "r": {"mi": 50, "ma": 4.5},
        }

    async def market_by_token(self, request: Request) -> object:
        found = self._exchange.state.by_token.get(request.path_params["token_id"])
        if found is None:
            raise market_not_found()
        primary, secondary = sorted(found[0].tokens, key=int)
        return {
            "condition_id": found[0].condition_id,
            "primary_token_id": primary,
            "secondary_token_id": secondary,
        }

    # Credentials

    async def create_key(self, request: Request) -> object:
        address, nonce = credentials.login(request.headers, self._wall_s())
        key = credentials.issue(self._exchange.state, address, nonce, self._exchange.settings.deposit)
        self._exchange.record(key)
        return _credentials(key)

    async def derive_key(self, request: Request) -> object:
        return _credentials(
            credentials.derive(self._exchange.state, *credentials.login(request.headers, self._wall_s()))
        )

    async def delete_key(self, request: Request) -> object:
        key = await self._key(request)
        self._exchange.cancel(self._live_ids(key), key.api_key)
        self._exchange.record(KeyDeleted(key.api_key))
        return "OK"

    async def list_keys(self, request: Request) -> object:
        key = await self._key(request)
        keys = self._exchange.state.keys.values()
        return {"apiKeys": [each.api_key for each in keys if each.address == key.address]}

    async def closed_only(self, request: Request) -> object:
        await self._key(request)
        return {"closed_only": False}

    # Orders

    async def post_order(self, request: Request) -> object:
        arrived_ns = self._exchange.clock.monotonic_ns()
        key = await self._key(request)
        wanted = parse(await body_of(request), WireRequest)
        self._note_arrival(wanted, arrived_ns)
        self._limits.order(key.address, 1)
        return await self._desk.place(wanted, key)

    async def post_orders(self, request: Request) -> object:
        arrived_ns = self._exchange.clock.monotonic_ns()
        key = await self._key(request)
        batch = parse(await body_of(request), list[WireRequest])
        if len(batch) > LARGEST_BATCH:
            raise bad_request(f"Too many orders in payload: {len(batch)}, max allowed: {LARGEST_BATCH}")
        for wanted in batch:
            self._note_arrival(wanted, arrived_ns)
        self._limits.order(key.address, len(batch))
        return await asyncio.gather(*(self._desk.place_leg(wanted, key) for wanted in batch))

    async def cancel_order(self, request: Request) -> object:
        key = await self._key(request)
        wanted = parse(await body_of(request), CancelOne)
        self._limits.cancel(key.address, 1)
        return self._desk.cancel([wanted.orderID], key)

    async def cancel_orders(self, request: Request) -> object:
        key = await self._key(request)
        wanted = parse(await body_of(request), list[str])
        if len(wanted) > LARGEST_CANCEL:
            raise bad_request(f"Too many orders in payload: {len(wanted)}, max allowed: {LARGEST_CANCEL}")
        self._limits.cancel(key.address, len(wanted))
        return self._desk.cancel(list(dict.fromkeys(wanted)), key)

    async def cancel_all(self, request: Request) -> object:
        key = await self._key(request)
        return self._swept(self._live_ids(key), key)

    async def cancel_market_orders(self, request: Request) -> object:
        key = await self._key(request)
        wanted = parse(await body_of(request) or b"{}", CancelMarket)
        return self._swept(self._live_ids(key, wanted.market or None, wanted.asset_id or None), key)

    async def heartbeat(self, request: Request) -> object:
        key = await self._key(request)
        wanted = parse(await body_of(request) or b"{}", HeartbeatBody)
        if self._faults.strikes("heartbeat_mismatch"):
            self._world.heartbeats.lose_step(key.api_key)
        return {"heartbeat_id": self._world.beat(key.api_key, wanted.heartbeat_id or "")}

    # Reading back

    async def orders(self, request: Request) -> object:
        key = await self._key(request)
        query = request.query_params
        found = self._exchange.state.live_of(key.api_key, query.get("market") or None, query.get("asset_id") or None)
        shown = [order for order in found if self._view.shows_order(order)]
        kept = [wire.order(order) for order in shown if query.get("id") in {None, "", order.id}]
        return _page(kept, query.get("next_cursor"))

    async def order(self, request: Request) -> object:
        key = await self._key(request)
        order = self._exchange.state.orders.get(request.path_params["order_id"])
        if order is None or order.terms.api_key != key.api_key or not self._view.shows_order(order):
            raise VenueError(404, "order not found")
        return wire.order(order)

    async def trades(self, request: Request) -> object:
        key = await self._key(request)
        query = request.query_params
        before, after = number(query.get("before"), 1 << 62), number(query.get("after"), 0)
        found = [
            payloads.trade_row(wire.trade(trade, self._exchange.state, key.api_key), self._faults)
            for trade in reversed(self._exchange.state.trades.values())
            if after <= trade.fact.matched_ms // 1000 <= before
            and query.get("id") in {None, "", trade.fact.id}
            and query.get("market") in {None, "", trade.fact.market}
            and self._involves(trade, key)
            and self._view.shows_trade(trade)
        ]
        asset, maker = query.get("asset_id"), query.get("maker_address")
        kept = [row for row in found if _matches(row, asset, maker)]
        return _page(kept, query.get("next_cursor"))

    async def balance(self, request: Request) -> object:
        key = await self._key(request)
        ledger = self._exchange.state.ledger
        query = request.query_params
        number(query.get("signature_type"), 0)
        kind = query.get("asset_type", "COLLATERAL")
        if kind == "COLLATERAL":
            held = ledger.cash[key.address]
        elif kind in {"CONDITIONAL", "CONDITIONAL-V2"}:
            if query.get("token_id") not in self._exchange.state.by_token:
                raise bad_request("invalid token id")
            held = ledger.tokens[key.address][query["token_id"]]
        else:
            raise bad_request("invalid asset type")
        held = self._view.balance(key.address, query.get("token_id") or "", held)
        spenders = (STANDARD_EXCHANGE, NEG_RISK_EXCHANGE, EXCHANGE_V3)
        return {"balance": str(held), "allowances": dict.fromkeys(spenders, UNLIMITED)}

    async def update_balance(self, request: Request) -> object:
        key = await self._key(request)
        self._view.forget_balances(key.address)
        return {}

    # Inside

    async def _key(self, request: Request) -> KeyIssued:
        return credentials.authenticate(
            self._exchange.state,
            request.headers,
            method=request.method,
            path=request.url.path,
            body=await body_of(request),
            wall_s=self._wall_s(),
        )

    def _live_ids(self, key: KeyIssued, market: str | None = None, token: str | None = None) -> list[str]:
        return [order.id for order in self._exchange.state.live_of(key.api_key, market, token)]

    def _swept(self, order_ids: list[str], key: KeyIssued) -> Payload:
        self._limits.sweep(key.address, len(order_ids))
        return self._desk.cancel(order_ids, key)

    def _note_arrival(self, wanted: WireRequest, arrived_ns: int) -> None:
        found = self._exchange.state.by_token.get(wanted.order.tokenId)
        if found is not None:
            self._door.order_arrives(found[0].condition_id, arrived_ns)

    def _involves(self, trade: Trade, key: KeyIssued) -> bool:
        return key.api_key in wire.keys_of(trade, self._exchange.state)

    def _tradable(self, token: str | None) -> tuple[Market, int]:
        found = self._exchange.state.tradable(token or "")
        if found is None or not self._view.shows_market(found[0]):
            raise no_orderbook()
        return found

    def _touch(self, request: Request) -> tuple[int, int]:
        market, outcome = self._tradable(request.query_params.get("token_id"))
        book = self._exchange.books[market.condition_id]
        bid, ask = book.best("bid") or 0, book.best("ask") or ONE
        return (bid, ask) if outcome == 0 else (ONE - ask, ONE - bid)

    def _market(self, condition_id: str) -> Market:
        market = self._exchange.state.markets.get(condition_id)
        if market is None or not self._view.shows_market(market):
            raise market_not_found()
        return market

    def _wall_s(self) -> int:
        return self._exchange.clock.wall_ms() // 1000


def full_market(market: Market, exchange: Exchange) -> Payload:
    """The /markets/{condition_id} shape."""
    winner = exchange.named_winner(market)
    up = outcome_price(market, exchange, winner)
    prices = (up, ONE - up)
    return {
        "enable_order_book": market.accepts_orders(),
        "active": True,
        "closed": market.resolved,
        "archived": False,
        "accepting_orders": market.accepts_orders(),
        "minimum_order_size": market.min_shares // UNIT,
        "minimum_tick_size": shown_tick(market, exchange) / ONE,
        "condition_id": market.condition_id,
        "market_slug": market.slug,
        "seconds_delay": 0,
        "maker_base_fee": 1000,
        "taker_base_fee": 1000,
        "neg_risk": False,
        "is_50_50_outcome": False,
        "tokens": [
            {
                "token_id": token,
                "outcome": name,
                "price": price / ONE,
                "winner": winner == outcome,
            }
            for outcome, (token, name, price) in enumerate(zip(market.tokens, OUTCOMES, prices, strict=True))
        ],
    }


def shown_tick(market: Market, exchange: Exchange) -> int:
    """The tick where it is served from a cache of markets."""
    return WIDE_TICK if exchange.faults.picks("tick_stale", market.condition_id) else market.tick


def outcome_price(market: Market, exchange: Exchange, winner: int | None) -> int:
    """Up's price in 1/10000: 1 or 0 once there is a winner, else the middle of the book."""
    if winner is not None:
        return ONE if winner == 0 else 0
    book = exchange.books[market.condition_id]
    bid, ask = book.best("bid"), book.best("ask")
    if bid is None or ask is None:
        return book.last_trade or ONE // 2
    return (bid + ask) // 2


def _credentials(key: KeyIssued) -> Payload:
    return {"apiKey": key.api_key, "secret": key.secret, "passphrase": key.passphrase}


def _matches(row: Payload, asset: str | None, maker: str | None) -> bool:
    """Filters look at the taker's side and at every maker's."""
    parts = [row, *row["maker_orders"]]
    by_asset = not asset or any(part["asset_id"] == asset for part in parts)
    by_maker = not maker or any(part["maker_address"].lower() == maker.lower() for part in parts)
    return by_asset and by_maker


def _page(rows: list[Payload], cursor: str | None) -> Payload:
    """One page; cursors are base64 offsets. Raises VenueError 400 on a made-up one."""
    start = _offset(cursor or FIRST_CURSOR)
    end = start + PAGE
    following = LAST_CURSOR if end >= len(rows) else base64.b64encode(str(end).encode()).decode()
    page = rows[start:end]
    return {"data": page, "next_cursor": following, "limit": PAGE, "count": len(page)}


def _offset(cursor: str) -> int:
    if cursor == LAST_CURSOR:
        return 1 << 62
    try:
        return number(base64.b64decode(cursor, validate=True).decode("ascii"), 0)
    except (binascii.Error, ValueError) as error:
        raise bad_request("invalid next_cursor") from error
