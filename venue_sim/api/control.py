"""The simulator's own surface, no part of the venue's protocol: clock, referee, door, health."""

from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from venue_sim import wire
from venue_sim.api.door import Door
from venue_sim.api.responses import body_of, guarded, parse
from venue_sim.errors import bad_request
from venue_sim.facts import CashMoved, ClockSet
from venue_sim.faults.catalogue import BY_NAME, FAULTS, Fault
from venue_sim.faults.switchboard import Faults, Terms, UnknownFaultError
from venue_sim.ledger import FEES, FLOW
from venue_sim.markets import Market
from venue_sim.orders import Order
from venue_sim.state import State, Trade, Transaction
from venue_sim.units import amount_text, price_text
from venue_sim.wire import Payload
from venue_sim.world import World

Instant = Annotated[int, Meta(ge=0, le=1 << 53)]


class ClockBody(Struct, frozen=True):
    origin_wall_ms: Instant
    origin_domain_ms: Instant
    speed: Annotated[float, Meta(gt=0, le=1000)]


class FaultBody(Struct, frozen=True):
    """`terms` count while it is switched on."""

    name: str
    on: bool = True
    terms: Terms = Terms()


class CashBody(Struct, frozen=True):
    """`amount` in base units; negative leaves the wallet."""

    address: str
    amount: Annotated[int, Meta(ge=-(1 << 53), le=1 << 53)]


class Control:
    """Handlers under /sim and /healthz."""

    def __init__(self, world: World, door: Door) -> None:
        self._world = world
        self._door = door

    def routes(self) -> list[BaseRoute]:
        table: list[tuple[str, str, Any]] = [
            ("GET", "/healthz", self.health),
            ("POST", "/sim/clock", self.set_clock),
            ("GET", "/sim/clock", self.clock),
            ("GET", "/sim/referee", self.referee),
            ("GET", "/sim/door", self.door),
            ("GET", "/sim/faults", self.faults),
            ("POST", "/sim/faults", self.set_fault),
            ("POST", "/sim/cash", self.move_cash),
        ]
        return [Route(path, guarded(handler), methods=[method]) for method, path, handler in table]

    async def health(self, _: Request) -> object:
        return {"status": "ok", "clock_set": self._world.exchange.state.time is not None}

    async def set_clock(self, request: Request) -> object:
        body = parse(await body_of(request), ClockBody)
        self._world.set_clock(ClockSet(body.origin_wall_ms, body.origin_domain_ms, body.speed))
        return self._clock()

    async def clock(self, _: Request) -> object:
        return self._clock()

    async def referee(self, _: Request) -> object:
        exchange = self._world.exchange
        state = exchange.state
        return {
            "orders": [_order(order) for order in state.orders.values()],
            "trades": [_trade(trade, state) for trade in state.trades.values()],
            "balances": {address: _balance(state, address) for address in _addresses(state)},
            "exposures": {address: _exposure(state, address) for address in _addresses(state)},
            "house": {
                "flow": _balance(state, FLOW),
                "fees": _balance(state, FEES),
                "vaults": {market: str(held) for market, held in state.ledger.vaults.items()},
                "deposited": str(state.ledger.deposited),
            },
            "transactions": [_transaction(each) for each in state.transactions.values()],
            "markets": [_market(market) for market in state.markets.values()],
            "duplicates_refused": exchange.duplicates_refused,
            "orders_received": exchange.orders_received,
        }

    async def door(self, _: Request) -> object:
        return {"samples": self._door.samples()}

    async def faults(self, _: Request) -> object:
        faults = self._world.exchange.faults
        return {"faults": [_fault(fault, faults) for fault in FAULTS]}

    async def move_cash(self, request: Request) -> object:
        body = parse(await body_of(request), CashBody)
        state = self._world.exchange.state
        owner = state.wallets.get(body.address.lower())
        if owner is None or state.ledger.cash[owner] + body.amount < 0:
            raise bad_request("no such wallet, or not so much in it")
        self._world.exchange.record(CashMoved(owner, body.amount))
        return {"collateral": str(state.ledger.cash[owner])}

    async def set_fault(self, request: Request) -> object:
        body = parse(await body_of(request), FaultBody)
        faults = self._world.exchange.faults
        try:
            if body.on:
                faults.switch_on(body.name, body.terms)
            else:
                faults.switch_off(body.name)
        except UnknownFaultError as error:
            raise bad_request(str(error)) from error
        return _fault(BY_NAME[body.name], faults)

    def _clock(self) -> Payload:
        exchange = self._world.exchange
        time = exchange.state.time
        if time is None:
            return {"set": False}
        return {
            "set": True,
            "origin_wall_ms": time.origin_wall_ms,
            "origin_domain_ms": time.origin_domain_ms,
            "speed": time.speed,
            "wall_ms": exchange.clock.wall_ms(),
            "domain_ms": exchange.domain_ms(),
        }


def _fault(fault: Fault, faults: Faults) -> Payload:
    """`on` holds its terms, or null."""
    return {
        "name": fault.name,
        "what": fault.what,
        "copies": fault.copies,
        "delay_ms": fault.delay_ms,
        "delay_in": fault.delay_in,
        "on": faults.terms(fault.name),
        "struck": faults.struck[fault.name],
    }


def _addresses(state: State) -> set[str]:
    return {key.address for key in state.keys.values()}


def _exposure(state: State, address: str) -> Payload:
    """Cost of what is held and of what rests, in base units, and the most it ever was."""
    exposure = state.exposures[address]
    return {
        "held": str(sum(exposure.costs.values())),
        "resting": str(exposure.resting),
        "now": str(exposure.now),
        "highest": str(exposure.highest),
    }


def _order(order: Order) -> Payload:
    return {
        "order_id": order.id,
        "address": order.terms.owner,
        "market": order.terms.market,
        "asset_id": order.terms.token,
        "side": order.terms.side,
        "price": price_text(order.terms.price),
        "original_size": amount_text(order.terms.shares),
        "size_matched": amount_text(order.matched),
        "size_failed": amount_text(order.failed),
        "status": order.status,
        "domain_ms": order.terms.created_ms,
    }


def _trade(trade: Trade, state: State) -> Payload:
    fact = trade.fact
    tokens = state.markets[fact.market].tokens
    return {
        "id": fact.id,
        "market": fact.market,
        "asset_id": tokens[fact.outcome],
        "side": fact.side,
        "price": price_text(wire.own_price(fact.outcome, fact.up_price)),
        "size": amount_text(fact.shares),
        "status": trade.status,
        "taker_order_id": fact.taker_order_id,
        "maker_orders": [
            {
                "order_id": leg.order_id,
                "matched_amount": amount_text(leg.shares),
                "price": price_text(wire.own_price(leg.outcome, fact.price_of(leg))),
                "asset_id": tokens[leg.outcome],
                "side": leg.side,
            }
            for leg in fact.makers
        ],
        "fee": amount_text(fact.fee),
        "domain_ms": fact.matched_ms,
    }


def _transaction(transaction: Transaction) -> Payload:
    fact = transaction.fact
    moves = [
        {"kind": move.kind, "market": move.market, "outcome": move.outcome, "shares": move.shares}
        for move in fact.moves
    ]
    return {
        "id": fact.id,
        "address": fact.owner,
        "nonce": fact.nonce,
        "state": transaction.state,
        "reason": transaction.reason,
        "moves": moves,
    }


def _balance(state: State, account: str) -> Payload:
    tokens = state.ledger.tokens[account]
    return {
        "collateral": str(state.ledger.cash[account]),
        "tokens": {token: str(held) for token, held in tokens.items() if held},
    }


def _market(market: Market) -> Payload:
    return {
        "condition_id": market.condition_id,
        "slug": market.slug,
        "start": market.start,
        "end": market.end,
        "version": market.version,
        "tokens": list(market.tokens),
        "resolved": market.resolved,
        "winning_asset_id": market.winning_token,
    }
