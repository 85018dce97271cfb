"""Market metadata as Gamma serves it."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from venue_sim import wire
from venue_sim.api.clob import outcome_price, shown_tick
from venue_sim.api.hub import market_number
from venue_sim.api.responses import guarded, number, values
from venue_sim.eip712 import keccak
from venue_sim.errors import VenueError
from venue_sim.markets import COINS, OUTCOMES, TRADING_OPENS_BEFORE_MS, Market, duration_name, unused_ids
from venue_sim.units import ONE, UNIT, price_text
from venue_sim.wire import Payload
from venue_sim.world import World

LARGEST_PAGE = 500


class Gamma:
    """Handlers under /gamma."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[BaseRoute]:
        table: list[tuple[str, Any]] = [
            ("/gamma/events/slug/{slug}", self.event_by_slug),
            ("/gamma/markets/slug/{slug}", self.market_by_slug),
            ("/gamma/markets", self.markets),
            ("/gamma/events", self.events),
        ]
        return [Route(path, guarded(handler), methods=["GET"]) for path, handler in table]

    async def event_by_slug(self, request: Request) -> object:
        return self._event(self._by_slug(request.path_params["slug"]))

    async def market_by_slug(self, request: Request) -> object:
        market = self._by_slug(request.path_params["slug"])
        return {**self._payload(market), "events": [self._event_summary(market)]}

    async def markets(self, request: Request) -> object:
        return [{**self._payload(market), "events": [self._event_summary(market)]} for market in self._select(request)]

    async def events(self, request: Request) -> object:
        return [self._event(market) for market in self._select(request)]

    def _select(self, request: Request) -> list[Market]:
        """Open markets unless closed=true is asked for."""
        query = request.query_params
        closed = query.get("closed", "false") == "true"
        slugs, conditions = values(request, "slug"), values(request, "condition_ids")
        tokens = values(request, "clob_token_ids")
        offset, limit = number(query.get("offset"), 0), number(query.get("limit"), 100)
        found = [
            market
            for market in self._world.exchange.state.markets.values()
            if self._closed(market) == closed
            and not self._world.exchange.is_missing(market, "listing_late")
            and (not slugs or market.slug in slugs)
            and (not conditions or conditions & {market.condition_id, market.gamma_condition_id})
            and (not tokens or tokens & set(market.tokens))
        ]
        return found[offset : offset + min(limit, LARGEST_PAGE)]

    def _by_slug(self, slug: str) -> Market:
        market = self._world.exchange.state.by_slug.get(slug)
        if market is None or self._world.exchange.is_missing(market, "listing_late"):
            raise VenueError(404, "slug not found", type="not found error")
        return market

    def _payload(self, market: Market) -> Payload:
        up = outcome_price(market, self._world.exchange, market.winner if self._closed(market) else None)
        texts = ["1", "0"] if up == ONE else ["0", "1"] if up == 0 else [price_text(up), price_text(ONE - up)]
        opened = market.start * 1000 - TRADING_OPENS_BEFORE_MS
        payload: Payload = {
            "id": market_number(market),
            "question": question(market),
            "conditionId": market.gamma_condition_id,
            "slug": market.slug,
            "version": market.version,
            "resolutionSource": f"https://data.chain.link/streams/{market.coin}-usd-twap-60s-streams",
            "endDate": _iso(market.end * 1000),
            "startDate": _iso(opened),
            "endDateIso": _iso(market.end * 1000)[:10],
            "startDateIso": _iso(opened)[:10],
            "eventStartTime": _iso(market.start * 1000),
            "acceptingOrdersTimestamp": _iso(opened),
            "createdAt": _iso(opened),
            "updatedAt": _iso(self._world.exchange.domain_ms()),
            "outcomes": _text(list(OUTCOMES)),
            "outcomePrices": _text(texts),
            "description": RULE,
            "active": True,
            "closed": self._closed(market),
            "archived": False,
            "restricted": True,
            "new": False,
            "featured": False,
            "enableOrderBook": True,
            "acceptingOrders": market.accepts_orders(),
            "negRisk": False,
            "ready": False,
            "funded": False,
            "orderPriceMinTickSize": shown_tick(market, self._world.exchange) / ONE,
            "orderMinSize": market.min_shares // UNIT,
            "makerBaseFee": 1000,
            "takerBaseFee": 1000,
            "feesEnabled": True,
            "feeType": "crypto_fees_v2",
            "feeSchedule": {
                "exponent": 1,
                "rate": market.taker_fee_ppm / 1_000_000,
                "takerOnly": True,
                "rebateRate": 0.2,
            },
            "rewardsMinSize": 50,
            "rewardsMaxSpread": 4.5,
            "automaticallyActive": True,
            "cryptoMarketConfig": {
                "id": f"{market.coin}-{duration_name(market.duration)}-twap-60",
                "twapEnabled": True,
                "twapLookbackSeconds": 60,
            },
            "questionID": "0x" + keccak(f"question/{market.slug}".encode()).hex(),
            **self._ids(market),
            **self._touch(market),
            **self._resolution(market),
        }
        return self._odd(payload, market)

    def _closed(self, market: Market) -> bool:
        """The metadata is silent while the rest of the venue names a wrong winner."""
        return market.resolved and not self._world.exchange.misnames(market)

    def _odd(self, payload: Payload, market: Market) -> Payload:
        """A version that nobody knows, or ids that are no list."""
        if not self._world.exchange.faults.picks("listing_odd", market.condition_id):
            return payload
        odd: Payload = {"version": "v3"} if int(market.condition_id[4], 16) % 2 else {"clobTokenIds": "null"}
        return {**payload, **odd, "outcomePrices": None}

    def _ids(self, market: Market) -> Payload:
        """v1 lists its tokens as JSON text; many v1 markets also list position ids that trade nowhere."""
        if market.version == "v2":
            return {"positionIds": list(market.tokens), "clobTokenIds": _text(list(unused_ids(market)))}
        ids: Payload = {"clobTokenIds": _text(list(market.tokens))}
        if int(market.condition_id[-1], 16) % 3 == 0:
            ids["positionIds"] = list(unused_ids(market))
        return ids

    def _touch(self, market: Market) -> Payload:
        book = self._world.exchange.books[market.condition_id]
        bid, ask = book.best("bid"), book.best("ask")
        touch: Payload = {}
        if bid is not None:
            touch["bestBid"] = bid / ONE
        if ask is not None:
            touch["bestAsk"] = ask / ONE
        if bid is not None and ask is not None:
            touch["spread"] = (ask - bid) / ONE
        if book.last_trade is not None:
            touch["lastTradePrice"] = book.last_trade / ONE
        return touch

    def _resolution(self, market: Market) -> Payload:
        if market.version == "v2":
            status = "resolved" if self._closed(market) else "inactive"
            resolution: Payload = {"resolutionStatus": status}
        else:
            resolution = {"umaResolutionStatuses": "[]"}
            if self._closed(market):
                resolution["umaResolutionStatus"] = "resolved"
        if market.resolved_ms is not None and self._closed(market):
            resolution |= {"closedTime": _iso(market.resolved_ms), "automaticallyResolved": True}
        return resolution

    def _event(self, market: Market) -> Payload:
        series = f"{market.coin}-up-or-down-{duration_name(market.duration)}"
        return {
            **self._event_summary(market),
            "description": RULE,
            "startDate": _iso(market.start * 1000 - TRADING_OPENS_BEFORE_MS),
            "startTime": _iso(market.start * 1000),
            "active": True,
            "archived": False,
            "enableOrderBook": True,
            "negRisk": False,
            "seriesSlug": series,
            "markets": [self._payload(market)],
            "series": [{"id": str(_series_number(series)), "slug": series, "title": series, "recurrence": "daily"}],
            "tags": [{"id": "102127", "label": "Up or Down", "slug": "up-or-down"}],
        }

    def _event_summary(self, market: Market) -> Payload:
        summary: Payload = {
            "id": market_number(market),
            "ticker": market.slug,
            "slug": market.slug,
            "title": question(market),
            "endDate": _iso(market.end * 1000),
            "closed": self._closed(market),
        }
        metadata = self._metadata(market)
        if metadata:
            summary["eventMetadata"] = metadata
        return summary

    def _metadata(self, market: Market) -> Payload:
        """Strike and final price appear about a minute after the fact."""
        now_s = self._world.exchange.domain_ms() // 1000
        metadata: Payload = {}
        for name, second in (("priceToBeat", market.start), ("finalPrice", market.end)):
            value = self._world.source.average(market, second) if now_s >= second + METADATA_DELAY_SECONDS else None
            if value is not None:
                metadata[name] = float(value)
        return metadata


METADATA_DELAY_SECONDS = 60
RULE = (
    'This market will resolve to "Up" if the 60-second average price at the end of the time range is greater than '
    'or equal to the one at its beginning. Otherwise, it will resolve to "Down". (Simulated market.)'
)


def question(market: Market) -> str:
    start = datetime.fromtimestamp(market.start, UTC)
    end = datetime.fromtimestamp(market.end, UTC)
    name = COINS.get(market.coin, market.coin.upper())
    return f"{name} Up or Down - {start:%B} {start.day}, {start:%H:%M}-{end:%H:%M} UTC"


def _text(values: list[str]) -> str:
    """Gamma puts arrays into strings."""
    return wire.encode(values).decode().replace(",", ", ")


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _series_number(slug: str) -> int:
    return int.from_bytes(keccak(slug.encode())[:2], "big")
