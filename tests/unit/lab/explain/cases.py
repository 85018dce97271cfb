"""A market in the range and its variations, as a case file says them: each test says only what differs."""

from __future__ import annotations

import copy
import json
from typing import Any

from lab.explain.answer import Answer, answers
from lab.explain.case import read_cases

START = 1775044800
MINUTE = 60
Document = dict[str, Any]

BASE: Document = {
    "question": "entry",
    "settings": {},
    "market": {
        "id": "btc-updown-15m-1775044800",
        "start": START,
        "end": START + 15 * MINUTE,
        "outcomes": ["Up", "Down"],
        "tokens": ["111", "222"],
        "tick": "0.01",
        "min_shares": "5",
        "taker_fee_rate": "0.07",
        "accepting_orders": True,
        "awaiting_settlement": False,
    },
    "evaluate": "Up",
    "now": START + 11 * MINUTE,
    "strike": "100000",
    "reference_price": "100350",
    "trading_state": "active",
    "headroom_usd": "100",
    "books": {
        "Up": {"bid": "0.80", "bid_size": "120", "ask": "0.82", "ask_size": "80", "age_s": 0.4},
        "Down": {"bid": "0.18", "bid_size": "80", "ask": "0.20", "ask_size": "120", "age_s": 0.4},
    },
    "position": None,
    "orders": [],
    "filled_rungs": [],
    "model_p_up": None,
    "fair_value": None,
}
POSITION: Document = {
    "outcome": "Up",
    "shares": "6.25",
    "confirmed_shares": "6.25",
    "entry_price": "0.80",
    "cost": "5.00",
    "highest_bid": "0.84",
    "filled_at": START + 6 * MINUTE,
    "bid_below_exit_since": None,
}
STOP_LOSS: Document = {"stoploss_peak": "0.75", "stoploss_exit": "0.40"}


def document(**changes: object) -> Document:
    """`market__tick="0.001"` changes the tick of the market; a value of `...` leaves the field out."""
    made = copy.deepcopy(BASE)
    for path, value in changes.items():
        *parents, name = path.split("__")
        place: Document = made
        for parent in parents:
            place = place[parent]
        if value is ...:
            del place[name]
        else:
            place[name] = value
    return made


def book(bid: str | None, ask: str | None = None, age: float = 0.4, bid_size: str | None = "120") -> Document:
    return {"bid": bid, "bid_size": bid_size, "ask": ask, "ask_size": "80", "age_s": age}


def order(
    status: str = "live", price: str = "0.80", outcome: str = "Up", shares: str = "6.25", **more: Any
) -> Document:
    return {"id": "a", "outcome": outcome, "price": price, "shares": shares, "status": status, **more}


def asked(**changes: object) -> Answer:
    cases, _ = read_cases(json.dumps(document(**changes)))
    (given,) = answers(cases)
    return given


def exit_asked(**changes: object) -> Answer:
    """With the stop-loss on and a position that has been above its peak."""
    return asked(**{"question": "exit", "settings": STOP_LOSS, "position": POSITION, **changes})
