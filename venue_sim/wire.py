"""What the venue's payloads look like. Pure: state in, plain objects out."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from venue_sim.book import Book
from venue_sim.eip712 import keccak
from venue_sim.facts import MakerLeg
from venue_sim.ledger import FLOW
from venue_sim.markets import OUTCOMES, Market
from venue_sim.orders import BookSide, Order
from venue_sim.state import State, Trade
from venue_sim.units import ONE, amount_text, price_text

Payload = dict[str, Any]
FLOW_ADDRESS = "0x" + keccak(b"venue_sim flow")[12:].hex()
FLOW_KEY = "00000000-0000-4000-8000-000000000000"

encode = msgspec.json.Encoder().encode


def own_price(outcome: int, up_price: int) -> int:
    return up_price if outcome == 0 else ONE - up_price


def book_levels(book: Book, outcome: int, *, bids: bool) -> list[Payload]:
    """Levels of one token, worst first: bids ascending, asks descending, as observed at the venue."""
    side: BookSide = "bid" if bids == (outcome == 0) else "ask"
    prices = {own_price(outcome, price): shares for price, shares in book.levels(side).items()}
    ordered = sorted(prices, reverse=not bids)
    return [{"price": price_text(price), "size": amount_text(prices[price])} for price in ordered]


def book(market: Market, book: Book, outcome: int, now_ms: int) -> Payload:
    """The /book answer; its hash is the SHA-1 the official client computes over the same fields."""
    last = "" if book.last_trade is None else price_text(own_price(outcome, book.last_trade))
    payload: Payload = {
        "market": market.condition_id,
        "asset_id": market.tokens[outcome],
        "timestamp": str(book.changed_ms or now_ms),
        "hash": "",
        "bids": book_levels(book, outcome, bids=True),
        "asks": book_levels(book, outcome, bids=False),
        "min_order_size": amount_text(market.min_shares),
        "tick_size": price_text(market.tick),
        "neg_risk": False,
        "last_trade_price": last,
    }
    payload["hash"] = hashlib.sha1(encode(payload), usedforsecurity=False).hexdigest()
    if market.version == "v2":
        payload["version"] = "v2"
    return payload


def book_frame(market: Market, state: Book, outcome: int, now_ms: int) -> Payload:
    payload = book(market, state, outcome, now_ms)
    del payload["min_order_size"], payload["neg_risk"]
    return {"event_type": "book", **payload}


def best_prices(state: Book, outcome: int) -> tuple[str, str]:
    """(best bid, best ask) of a token as text; an empty side shows "0" and "1"."""
    bid, ask = state.best("bid"), state.best("ask")
    low, high = (bid, ask) if outcome == 0 else (ask and ONE - ask, bid and ONE - bid)
    return price_text(low or 0), price_text(high or ONE)


def price_change(
    market: Market, state: Book, changes: list[tuple[BookSide, int, int]], outcomes: Mapping[int, str]
) -> Payload:
    """Absolute sizes of the changed levels of the given outcomes ({outcome: book hash})."""
    entries: list[Payload] = []
    for outcome, digest in outcomes.items():
        bid, ask = best_prices(state, outcome)
        for side, price, shares in changes:
            entries.append(
                {
                    "asset_id": market.tokens[outcome],
                    "price": price_text(own_price(outcome, price)),
                    "size": amount_text(shares),
                    "side": "BUY" if (side == "bid") == (outcome == 0) else "SELL",
                    "hash": digest,
                    "best_bid": bid,
                    "best_ask": ask,
                }
            )
    return {
        "event_type": "price_change",
        "market": market.condition_id,
        "price_changes": entries,
        "timestamp": str(state.changed_ms),
    }


def order(order: Order) -> Payload:
    """An order as /data/orders and the user channel show it."""
    return {
        "id": order.id,
        "status": order.status,
        "owner": order.terms.api_key,
        "maker_address": order.terms.maker,
        "market": order.terms.market,
        "asset_id": order.terms.token,
        "side": order.terms.side,
        "original_size": amount_text(order.terms.shares),
        "size_matched": amount_text(order.matched + order.failed),
        "price": price_text(order.terms.price),
        "outcome": OUTCOMES[order.terms.outcome],
        "order_type": order.terms.order_type,
        "expiration": str(order.terms.expiration),
        "associate_trades": order.trades,
        "created_at": order.terms.created_ms // 1000,
    }


def order_event(changed: Order, kind: str, now_ms: int) -> Payload:
    return {
        **order(changed),
        "event_type": "order",
        "type": kind,
        "order_owner": changed.terms.api_key,
        "created_at": str(changed.terms.created_ms // 1000),
        "timestamp": str(now_ms),
    }


def trade(trade: Trade, state: State, viewer: str) -> Payload:
    """A trade as the key `viewer` sees it: the top level is the taker's, `maker_orders` holds the others' parts."""
    fact = trade.fact
    taker = state.orders.get(fact.taker_order_id)
    return {
        "id": fact.id,
        "taker_order_id": fact.taker_order_id,
        "market": fact.market,
        "asset_id": state.markets[fact.market].tokens[fact.outcome],
        "side": fact.side,
        "size": amount_text(fact.shares),
        "price": price_text(own_price(fact.outcome, fact.up_price)),
        "fee_rate_bps": "0",
        "status": trade.status,
        "match_time": str(fact.matched_ms // 1000),
        "match_time_nano": str(fact.matched_ms * 1_000_000),
        "last_update": str(trade.moved_ms // 1000),
        "outcome": OUTCOMES[fact.outcome],
        "bucket_index": fact.bucket,
        "owner": taker.terms.api_key if taker else FLOW_KEY,
        "maker_address": taker.terms.maker if taker else FLOW_ADDRESS,
        "transaction_hash": trade.transaction,
        "trader_side": "TAKER" if taker and taker.terms.api_key == viewer else "MAKER",
        "maker_orders": [_maker_order(leg, fact.price_of(leg), state, fact.market) for leg in fact.makers],
    }


def trade_event(moved: Trade, state: State, viewer: str) -> Payload:
    return {
        **trade(moved, state, viewer),
        "event_type": "trade",
        "type": "TRADE",
        "trade_owner": viewer,
        "timestamp": str(moved.moved_ms),
    }


def keys_of(moved: Trade, state: State) -> set[str]:
    """The API keys that have an order in a trade."""
    ids = [moved.fact.taker_order_id, *(leg.order_id for leg in moved.fact.makers)]
    return {state.orders[order_id].terms.api_key for order_id in ids if order_id in state.orders}


def _maker_order(leg: MakerLeg, up_price: int, state: State, market: str) -> Payload:
    maker = state.orders.get(leg.order_id) if leg.account != FLOW else None
    return {
        "order_id": leg.order_id,
        "owner": maker.terms.api_key if maker else FLOW_KEY,
        "maker_address": maker.terms.maker if maker else FLOW_ADDRESS,
        "matched_amount": amount_text(leg.shares),
        "price": price_text(own_price(leg.outcome, up_price)),
        "fee_rate_bps": "0",
        "asset_id": state.markets[market].tokens[leg.outcome],
        "outcome": OUTCOMES[leg.outcome],
        "side": leg.side,
    }
