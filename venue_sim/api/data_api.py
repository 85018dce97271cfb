"""The part of the Data API that a trader needs: what he holds and what was resolved."""

from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from venue_sim.api.clob import outcome_price
from venue_sim.api.gamma import question
from venue_sim.api.responses import guarded, values
from venue_sim.errors import bad_request
from venue_sim.markets import OUTCOMES, Market
from venue_sim.units import ONE, UNIT
from venue_sim.wire import Payload, own_price
from venue_sim.world import World

SMALLEST_SHOWN = UNIT // 10


class DataApi:
    """Handlers under /data-api. Amounts are JSON doubles, as the venue's are: no source of truth."""

    def __init__(self, world: World) -> None:
        self._exchange = world.exchange

    def routes(self) -> list[BaseRoute]:
        table: list[tuple[str, Any]] = [
            ("/data-api/v2/positions", self.positions),
            ("/data-api/v2/resolutions", self.resolutions),
        ]
        return [Route(path, guarded(handler), methods=["GET"]) for path, handler in table]

    async def positions(self, request: Request) -> object:
        """What is held: open, or resolved and not redeemed yet."""
        user = request.query_params.get("user", "").lower()
        conditions = _conditions(request)
        state = self._exchange.state
        owner = state.wallets.get(user, "")
        rows = [
            self._position(owner, token, shares)
            for token, shares in state.ledger.tokens[owner].items()
            if shares >= SMALLEST_SHOWN and (not conditions or state.by_token[token][0].condition_id in conditions)
        ]
        return {"data": rows, "pagination": {"next_cursor": None, "has_more": False}}

    async def resolutions(self, request: Request) -> object:
        conditions = _conditions(request)
        if not conditions:
            raise bad_request("condition is required")
        found = [self._exchange.state.markets.get(condition) for condition in conditions]
        known = [market for market in found if market is not None and market.resolved]
        return {"data": [_resolution(market) for market in known if not self._exchange.misnames(market)]}

    def _position(self, owner: str, token: str, shares: int) -> Payload:
        market, outcome = self._exchange.state.by_token[token]
        price = own_price(outcome, outcome_price(market, self._exchange, market.winner)) / ONE
        size, cost = shares / UNIT, self._cost(owner, token) / UNIT
        value = size * price
        return {
            "proxy_wallet": owner,
            "token_id": token,
            "condition_id": market.condition_id,
            "current_size": size,
            "total_size": size,
            "avg_price": cost / size,
            "entry_cost_usdc": cost,
            "entry_fees_usdc": 0,
            "total_cost_usdc": cost,
            "current_price": price,
            "current_value": value,
            "realized_pnl": 0,
            "unrealized_pnl": value - cost,
            "total_pnl": value - cost,
            "percent_pnl": 100 * (value - cost) / cost if cost else 0,
            "percent_realized_pnl": 0,
            "status": "REDEEMABLE" if market.resolved else "OPEN",
            "redeemable": market.resolved,
            "mergeable": False,
            "negative_risk": False,
            "archived": False,
            "verified": True,
            "title": question(market),
            "slug": market.slug,
            "event_slug": market.slug,
            "outcome": OUTCOMES[outcome],
            "outcome_index": outcome,
            "opposite_outcome": OUTCOMES[1 - outcome],
            "opposite_token_id": market.tokens[1 - outcome],
        }

    def _cost(self, owner: str, token: str) -> int:
        """Cash paid for all that was bought of a token, fees left out."""
        orders = self._exchange.state.orders.values()
        mine = [order for order in orders if (order.terms.owner, order.terms.token) == (owner, token)]
        return sum(order.paid if order.terms.side == "BUY" else -order.paid for order in mine)


def _conditions(request: Request) -> set[str]:
    """The documented parameter and the official client's."""
    return values(request, "condition") | values(request, "condition_id")


def _resolution(market: Market) -> Payload:
    payouts = [UNIT if outcome == market.winner else 0 for outcome in range(len(OUTCOMES))]
    return {
        "condition_id": market.condition_id,
        "status": "resolved",
        "extended_review": False,
        "was_disputed": False,
        "new_version_q": False,
        "payouts": payouts,
        "reporter": "CHAINLINK",
        "resolution_source": "reported",
        "market_type": "BINARY",
        "last_update_timestamp": (market.resolved_ms or 0) // 1000,
    }
