"""The three sockets of a running simulator, through real connections."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.venue_sim.process import Address, set_clock, simulator
from tests.venue_sim.recordings import Tape
from tests.venue_sim.signing import Account
from venue_sim.markets import new_market

SPEED = 150
SLOT = 1_899_999_900  # a quarter hour in domain time


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bid for Up leaves 0.78 after ten minutes, goes to the edge, and Up wins."""
    tape = Tape(winners=(0,))
    for second in range(-5, 901):
        tape.average(second, f"{100 + second / 1000:.3f}")
    tape.book(0.5, 0, 0, {"0.78": "100"}, {"0.80": "50"})
    tape.book(600, 0, 0, {"0.75": "100"}, {"0.80": "50"})
    tape.book(700, 0, 0, {"0.97": "100"}, {"0.98": "50"})
    return tape.write(tmp_path_factory.mktemp("recording") / "one.jsonl.gz")


@pytest.fixture
def address(recording: Path) -> Iterator[Address]:
    with simulator("--recording", str(recording), "--protocol-version", "v1") as running:
        yield running


@asynccontextmanager
async def socket(address: Address, name: str, *greetings: dict[str, Any]) -> AsyncGenerator[ClientConnection]:
    async with connect(f"{address.ws}/{name}", compression=None) as connection:
        for greeting in greetings:
            await connection.send(json.dumps(greeting))
        yield connection


async def frames(connection: ClientConnection, until: str, field: str = "event_type") -> list[dict[str, Any]]:
    """Everything that arrives up to and including the first frame whose `field` says `until`."""
    seen: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        async for text in connection:
            message = json.loads(text)
            seen += message if isinstance(message, list) else [message]
            if any(frame.get(field) == until for frame in seen):
                return seen
    raise AssertionError(f"closed before {until}")


def market_greeting(tokens: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "market", "assets_ids": list(tokens), "custom_feature_enabled": True}


async def test_a_market_s_life_on_the_market_socket(address: Address) -> None:
    market = new_market("btc", SLOT, 900, "v1")
    async with socket(address, "market", market_greeting(market.tokens)) as connection:
        await _answered(connection, "PING", "PONG")
        set_clock(address, speed=SPEED, domain_s=SLOT)
        seen = await frames(connection, "market_resolved")

    kinds = [frame["event_type"] for frame in seen]
    opening, changes = [frame["price_changes"] for frame in seen if frame["event_type"] == "price_change"][:2]
    assert [(change["price"], change["size"]) for change in opening[:2]] == [("0.78", "100"), ("0.8", "50")]
    assert [(change["asset_id"], change["price"], change["side"], change["size"]) for change in changes] == [
        (market.tokens[0], "0.78", "BUY", "0"),
        (market.tokens[0], "0.75", "BUY", "100"),
        (market.tokens[1], "0.22", "SELL", "0"),
        (market.tokens[1], "0.25", "SELL", "100"),
    ]
    assert {change["best_bid"] for change in changes} == {"0.75", "0.2"}
    tick = next(frame for frame in seen if frame["event_type"] == "tick_size_change")
    assert (tick["old_tick_size"], tick["new_tick_size"]) == ("0.01", "0.001")
    assert seen[-1]["winning_asset_id"] == market.tokens[0]
    assert "new_market" in kinds
    async with httpx.AsyncClient(base_url=address.http) as venue:
        assert (await venue.get("/book", params={"token_id": market.tokens[0]})).status_code == 404
        row = (await venue.get(f"/gamma/markets/slug/{market.slug}")).json()
        assert (row["closed"], row["outcomePrices"]) == (True, '["1", "0"]')
        resolution = (await venue.get("/data-api/v2/resolutions", params={"condition": market.condition_id})).json()
        assert resolution["data"][0]["payouts"] == [1_000_000, 0]


async def test_ping_unsubscribe_and_nonsense(address: Address) -> None:
    set_clock(address, speed=1, domain_s=SLOT)
    market = new_market("btc", SLOT, 900, "v1")
    await asyncio.to_thread(_wait_for_book, address, market.tokens[0])
    async with socket(address, "market", market_greeting(market.tokens)) as connection:
        books = await frames(connection, "book")
        assert [(book["asset_id"], book["bids"]) for book in books] == [
            (market.tokens[0], [{"price": "0.78", "size": "100"}]),
            (market.tokens[1], [{"price": "0.2", "size": "50"}]),
        ]
        await _answered(connection, "PING", "PONG")
        await _answered(connection, "{not json", "INVALID OPERATION")
        await connection.send(json.dumps({"operation": "unsubscribe", "assets_ids": list(market.tokens)}))
        await connection.send(json.dumps({"operation": "subscribe", "assets_ids": [market.tokens[1]]}))
        assert [frame["asset_id"] for frame in await frames(connection, "book")] == [market.tokens[1]]


async def test_an_order_s_life_on_the_user_socket_and_in_the_bank(address: Address) -> None:
    account = Account(address, 0x31)
    market = new_market("btc", SLOT, 900, "v1")
    greeting: dict[str, Any] = {"type": "user", "auth": account.key, "markets": []}
    async with (
        socket(address, "market", market_greeting(market.tokens)) as books,
        socket(address, "user", greeting) as connection,
    ):
        await _answered(books, "PING", "PONG")
        await _answered(connection, "PING", "PONG")
        set_clock(address, speed=SPEED, domain_s=SLOT)
        await frames(books, "price_change")
        placed = account.post(market, outcome=0, price="0.78", shares="10", post_only=True)
        kept = account.post(market, outcome=0, price="0.50", shares="10", post_only=True)
        seen = await frames(connection, "CONFIRMED", "status")
        seen += await frames(connection, "CANCELLATION", "type")

    assert (placed["status"], kept["status"]) == ("live", "live")
    mine = [frame for frame in seen if frame.get("id") == placed["orderID"]]
    assert [(frame["type"], frame["size_matched"]) for frame in mine] == [("PLACEMENT", "0"), ("UPDATE", "10")]
    trades = [frame for frame in seen if frame["event_type"] == "trade"]
    assert [trade["status"] for trade in trades] == ["MATCHED", "MINED", "CONFIRMED"]
    assert len({trade["id"] for trade in trades}) == 1
    (maker,) = trades[0]["maker_orders"]
    assert (maker["order_id"], maker["matched_amount"], maker["price"], maker["side"]) == (
        placed["orderID"],
        "10",
        "0.78",
        "BUY",
    )
    assert seen[-1]["status"] == "CANCELED_MARKET_RESOLVED"
    assert account.get("/data/trades")["data"][0]["trader_side"] == "MAKER"
    assert account.get(f"/data/order/{placed['orderID']}")["status"] == "MATCHED"
    await asyncio.to_thread(_wait_for_resolution, address, market.slug)
    assert account.get("/balance-allowance", asset_type="COLLATERAL")["balance"] == "1002200000"
    assert account.get("/data/orders")["data"] == []
    door = account.get("/sim/door")["samples"]
    assert [sample["market"] for sample in door] == [market.condition_id]
    assert 0 < door[0]["order_arrived_ns"] - door[0]["frame_sent_ns"] < 5_000_000_000


async def test_the_user_socket_shuts_out_strangers(address: Address) -> None:
    stranger = {"type": "user", "auth": {"apiKey": "a", "secret": "b", "passphrase": "c"}}
    async with socket(address, "user", stranger) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4001


def price_item(channel: str, symbol: str = "btcusd", **more: object) -> dict[str, Any]:
    return {"channel": channel, "filter": {"symbol": symbol, **more}}


async def test_prices_come_with_a_snapshot_then_in_sequence(address: Address) -> None:
    set_clock(address, speed=SPEED, domain_s=SLOT)
    account = Account(address, 0x32)
    items = [price_item("price.crypto.twap", window_seconds=60), price_item("price.crypto.twap", window_seconds=30)]
    subscribe = {"op": "subscribe", "rid": "s1", "subscriptions": [*items, price_item("price.gold")]}
    async with socket(address, "price", {"op": "auth", "rid": "a1", "auth": account.key}, subscribe) as connection:
        seen = [json.loads(await connection.recv()) for _ in range(8)]

    assert seen[0] == {"op": "authed", "rid": "a1"}
    assert {"op": "subscribed", "rid": "s1", "channel": "price.crypto.twap"} in seen
    assert {"op": "error", "rid": "s1", "channel": "price.crypto.twap", "code": "bad_filter"} in seen
    assert {"op": "error", "rid": "s1", "channel": "price.gold", "code": "bad_channel"} in seen
    prices = [frame for frame in seen if "payload" in frame]
    assert [frame["seq"] for frame in prices] == list(range(1, len(prices) + 1))
    assert prices[0]["snapshot"] is True
    ticks = [(frame["payload"]["timestamp"], frame["payload"]["full_accuracy_value"]) for frame in prices[1:]]
    stamps = [stamp for stamp, _ in ticks]
    assert [later - sooner for sooner, later in pairwise(stamps)] == [1000] * (len(stamps) - 1)
    assert {frame["payload"]["source"] for frame in prices} == {"synthetic"}


async def test_prices_need_credentials(address: Address) -> None:
    subscribe = {"op": "subscribe", "rid": "1", "subscriptions": [price_item("price.crypto")]}
    async with socket(address, "price", subscribe) as connection:
        assert json.loads(await connection.recv()) == {"op": "error", "rid": "1", "code": "auth_required"}
        await connection.send(json.dumps({"op": "auth", "rid": "2", "auth": {"apiKey": "x"}}))
        assert json.loads(await connection.recv())["code"] == "auth_invalid"
        with pytest.raises(ConnectionClosed):
            await connection.recv()


def test_a_taker_s_answer_says_what_it_paid_and_got(address: Address) -> None:
    set_clock(address, speed=1, domain_s=SLOT)
    account = Account(address, 0x33)
    market = new_market("btc", SLOT, 900, "v1")
    _wait_for_book(address, market.tokens[0])

    taken = account.post(market, outcome=0, price="0.81", shares="10")

    assert (taken["status"], taken["makingAmount"], taken["takingAmount"]) == ("matched", "8", "10")
    assert len(taken["tradeIDs"]) == 1


async def _answered(connection: ClientConnection, text: str, answer: str) -> None:
    await connection.send(text)
    async with asyncio.timeout(20):
        assert await connection.recv() == answer


def _wait_for_book(address: Address, token: str) -> None:
    deadline = time.monotonic() + 10
    while not httpx.get(f"{address.http}/book", params={"token_id": token}).json()["asks"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _wait_for_resolution(address: Address, slug: str) -> None:
    deadline = time.monotonic() + 10
    while not httpx.get(f"{address.http}/gamma/markets/slug/{slug}").json()["closed"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
