"""The HTTP surface of a running simulator: shapes, and a clear answer to everything malformed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.venue_sim.pen import Pen
from tests.venue_sim.process import ROOT, Address, set_clock, simulator
from venue_sim import eip712
from venue_sim.credentials import request_signature

PEN = Pen(0x21)
ADDRESS = PEN.address


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with simulator("--seed", "7", "--clock-now", "--speed", "10") as running:
        yield running


@pytest.fixture(scope="module")
def venue(address: Address) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address.http) as client:
        yield client


def market(venue: httpx.Client, version: str) -> dict[str, Any]:
    """The slot that starts last: one under way may have gone to the edge, where the tick is finer."""
    listed = venue.get("/gamma/markets", params={"limit": "500"}).json()
    return max((row for row in listed if row["version"] == version), key=lambda row: row["eventStartTime"])


def tokens(row: dict[str, Any]) -> list[str]:
    return row["positionIds"] if row["version"] == "v2" else json.loads(row["clobTokenIds"])


def login_headers() -> dict[str, str]:
    timestamp = str(int(time.time()))
    return {
        "POLY_ADDRESS": ADDRESS,
        "POLY_SIGNATURE": PEN.sign_hex(eip712.auth_digest(ADDRESS, timestamp, 0)),
        "POLY_TIMESTAMP": timestamp,
        "POLY_NONCE": "0",
    }


@pytest.fixture(scope="module")
def key(venue: httpx.Client) -> dict[str, str]:
    return venue.post("/auth/api-key", headers=login_headers()).json()


def call(
    venue: httpx.Client, key: dict[str, str], method: str, path: str, body: bytes = b"", **params: str
) -> httpx.Response:
    timestamp = str(int(time.time()))
    headers = {
        "POLY_ADDRESS": ADDRESS,
        "POLY_API_KEY": key["apiKey"],
        "POLY_PASSPHRASE": key["passphrase"],
        "POLY_TIMESTAMP": timestamp,
        "POLY_SIGNATURE": request_signature(key["secret"], timestamp, method, path, body),
    }
    return venue.request(method, path, headers=headers, content=body, params=params)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_gamma_shows_a_market_in_the_venue_s_shape(venue: httpx.Client, version: str) -> None:
    row = market(venue, version)

    assert json.loads(row["outcomes"]) == ["Up", "Down"]
    assert sum(map(float, json.loads(row["outcomePrices"]))) == pytest.approx(1)
    assert row["feeSchedule"] == {"exponent": 1, "rate": 0.07, "takerOnly": True, "rebateRate": 0.2}
    assert (row["orderMinSize"], row["orderPriceMinTickSize"], row["negRisk"]) == (5, 0.01, False)
    assert len(row["conditionId"]) == (66 if version == "v1" else 64)
    assert venue.get(f"/gamma/markets/slug/{row['slug']}").json()["id"] == row["id"]
    event = venue.get(f"/gamma/events/slug/{row['slug']}").json()
    assert event["markets"][0]["conditionId"] == row["conditionId"]


def test_gamma_finds_markets_by_slug_condition_or_token(venue: httpx.Client) -> None:
    row = market(venue, "v1")
    wanted = {"slug": row["slug"], "condition_ids": row["conditionId"], "clob_token_ids": tokens(row)[1]}
    for name, value in wanted.items():
        assert [found["slug"] for found in venue.get("/gamma/markets", params={name: value}).json()] == [row["slug"]]
    assert venue.get("/gamma/markets", params={"slug": row["slug"], "closed": "true"}).json() == []


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_books_of_both_outcomes_mirror_each_other(venue: httpx.Client, version: str) -> None:
    up_token, down_token = tokens(market(venue, version))
    wanted = [{"token_id": up_token}, {"token_id": down_token}, {"token_id": "1"}]
    up, down = venue.post("/books", json=wanted).json()

    assert [level["price"] for level in up["bids"]] == sorted(level["price"] for level in up["bids"])
    assert [level["price"] for level in up["asks"]] == sorted((level["price"] for level in up["asks"]), reverse=True)
    mirrored = [{"price": f"{1 - float(bid['price']):.2f}".rstrip("0"), "size": bid["size"]} for bid in up["bids"]]
    assert down["asks"] == mirrored
    assert venue.get("/book", params={"token_id": up_token}).json()["asset_id"] == up_token


def test_the_compact_market_speaks_of_the_padded_condition(venue: httpx.Client) -> None:
    row = market(venue, "v2")
    short, padded = row["conditionId"], row["conditionId"] + "00"

    assert venue.get(f"/clob-markets/{short}").status_code == 404
    compact = venue.get(f"/clob-markets/{padded}").json()
    assert [token["t"] for token in compact["t"]] == tokens(row)
    assert (compact["mts"], compact["mos"], compact["v"], compact["fd"]) == (
        0.01,
        5,
        "v2",
        {"r": 0.07, "e": 1, "to": True},
    )
    assert venue.get(f"/markets/{padded}").json()["tokens"][0]["outcome"] == "Up"


def test_small_public_answers(venue: httpx.Client) -> None:
    token = {"token_id": tokens(market(venue, "v1"))[0]}

    assert abs(venue.get("/time").json() - time.time()) < 5
    assert venue.get("/version").json() == {"version": 2}
    assert venue.get("/ok").json() == "OK"
    assert venue.get("/tick-size", params=token).json() == {"minimum_tick_size": 0.01}
    assert venue.get("/neg-risk", params=token).json() == {"neg_risk": False}
    assert venue.get("/fee-rate", params=token).json() == {"base_fee": 1000}
    assert "price" in venue.get("/last-trade-price", params=token).json()


def test_a_key_is_created_once_and_derived_afterwards(venue: httpx.Client, key: dict[str, str]) -> None:
    assert venue.get("/auth/derive-api-key", headers=login_headers()).json() == key
    assert venue.post("/auth/api-key", headers=login_headers()).status_code == 400
    assert call(venue, key, "GET", "/auth/api-keys").json() == {"apiKeys": [key["apiKey"]]}


def test_a_new_address_has_its_balance_and_every_allowance(venue: httpx.Client, key: dict[str, str]) -> None:
    answer = call(venue, key, "GET", "/balance-allowance", asset_type="COLLATERAL", signature_type="0").json()

    assert answer["balance"] == "1000000000"
    assert len(answer["allowances"]) == 3
    token = tokens(market(venue, "v2"))[0]
    held = call(venue, key, "GET", "/balance-allowance", asset_type="CONDITIONAL-V2", token_id=token).json()
    assert held["balance"] == "0"


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/book?token_id=1", 404, "No orderbook exists for the requested token id"),
        ("/book", 404, "No orderbook exists for the requested token id"),
        ("/markets/0x12", 404, "market not found"),
        ("/gamma/markets/slug/no-such-slug", 404, "slug not found"),
        ("/no/such/path", 404, "not found"),
        ("/data/orders", 401, "Unauthorized/Invalid api key"),
        ("/auth/derive-api-key", 401, "Invalid L1 Request headers"),
        ("/gamma/markets?limit=many", 400, "invalid number: many"),
    ],
)
def test_what_does_not_exist_answers_in_the_error_envelope(
    venue: httpx.Client, path: str, status: int, error: str
) -> None:
    answer = venue.get(path)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 20_000,
        b'{"order":{},"owner":"x"}',
        b'{"order":{"salt":-1},"owner":"x","orderType":"GTC"}',
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_malformed_order_is_a_400_and_never_a_crash(venue: httpx.Client, key: dict[str, str], body: bytes) -> None:
    for method, path in (("POST", "/order"), ("POST", "/orders"), ("DELETE", "/order"), ("DELETE", "/orders")):
        if (path, body) == ("/orders", b"[]"):
            continue
        answer = call(venue, key, method, path, body)
        assert (answer.status_code, answer.json()) == (400, {"error": "Invalid order payload"})


def test_too_many_orders_in_one_batch_are_refused(venue: httpx.Client, key: dict[str, str]) -> None:
    word = "0x" + "0" * 64
    order = {
        "salt": 1,
        "maker": ADDRESS,
        "signer": ADDRESS,
        "tokenId": "1",
        "makerAmount": "1",
        "takerAmount": "1",
        "side": "BUY",
        "signatureType": 0,
        "timestamp": "1",
        "metadata": word,
        "builder": word,
        "signature": "0x",
    }
    leg = {"order": order, "owner": key["apiKey"], "orderType": "GTC"}

    answer = call(venue, key, "POST", "/orders", json.dumps([leg] * 16).encode())
    assert answer.json() == {"error": "Too many orders in payload: 16, max allowed: 15"}

    legs = call(venue, key, "POST", "/orders", json.dumps([leg] * 2).encode())
    assert legs.status_code == 200
    assert [(row["success"], row["orderID"], row["errorMsg"]) for row in legs.json()] == [
        (True, "", "No orderbook exists for the requested token id")
    ] * 2


def test_pages_have_cursors_and_made_up_cursors_are_refused(venue: httpx.Client, key: dict[str, str]) -> None:
    page = call(venue, key, "GET", "/data/orders", next_cursor="MA==").json()

    assert page == {"data": [], "next_cursor": "LTE=", "limit": 100, "count": 0}
    assert call(venue, key, "GET", "/data/trades", next_cursor="!").status_code == 400


def test_the_control_plane_says_what_it_is_asked(venue: httpx.Client) -> None:
    assert venue.get("/healthz").json()["status"] == "ok"
    assert venue.get("/sim/clock").json()["speed"] == 10.0
    assert set(venue.get("/sim/referee").json()) >= {
        "orders",
        "trades",
        "balances",
        "markets",
        "duplicates_refused",
        "orders_received",
    }
    assert venue.get("/sim/door").json() == {"samples": []}
    bad = venue.post("/sim/clock", json={"origin_wall_ms": 1, "origin_domain_ms": 1, "speed": 0})
    assert bad.status_code == 400


def test_nothing_is_listed_until_the_clock_is_set_and_a_kill_forgets_nothing(tmp_path: Path) -> None:
    arguments = ("--seed", "7", "--journal", str(tmp_path))
    with simulator(*arguments) as first, httpx.Client(base_url=first.http) as venue:
        assert venue.get("/gamma/markets").json() == []
        set_clock(first, speed=10)
        created = venue.post("/auth/api-key", headers=login_headers()).json()
        listed = [row["slug"] for row in venue.get("/gamma/markets").json()]
        os.kill(first.pid, signal.SIGKILL)
    with simulator(*arguments) as second, httpx.Client(base_url=second.http) as venue:
        assert venue.get("/auth/derive-api-key", headers=login_headers()).json() == created
        assert [row["slug"] for row in venue.get("/gamma/markets").json()][: len(listed)] == listed


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "--port"),
        (["--port", "0"], "--recording"),
        (["--port", "0", "--seed", "1", "--coins", "btc,b/c"], "'b/c' is no coin"),
        (["--port", "0", "--seed", "1", "--durations", "7m"], "unknown duration '7m'"),
        (["--port", "0", "--seed", "1", "--speed", "0"], "speed"),
        (["--port", "0", "--seed", "1", "--balance", "-5"], "whole number"),
        (["--port", "70000", "--seed", "1"], "whole number"),
        (["--port", "0", "--recording", "/no/such/file.jsonl.gz"], "cannot be read"),
        (["--port", "0", "--seed", "1", "--what"], "unrecognized"),
    ],
)
def test_a_bad_command_line_ends_with_one_clear_complaint(arguments: list[str], complaint: str) -> None:
    command = [sys.executable, "-m", "venue_sim", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)

    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr
