"""The live venue's answers on a real socket, in the executor's words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from services.executor.adapters.live_venue import LiveHeart, LiveVenue
from services.executor.domain.open_order import OpenOrder, SignedEntry
from services.executor.domain.words import (
    Accepted,
    Beaten,
    BeatFailed,
    BeatMismatch,
    CancelWord,
    Duplicated,
    Matched,
    NotSent,
    OrderWord,
    Over,
    Rejected,
    Resting,
    Uncertain,
    Unclear,
    Unknown,
)
from services.executor.ports import VenueSilentError
from shared.domain.ids import MarketId, OrderId, TokenId, VenueOrderId
from shared.domain.money import NO_SHARES, Shares
from shared.domain.order import OrderStatus
from shared.runtime.clock import RealClock
from shared.venue.auth import Credentials
from shared.venue.clob import ClobClient
from shared.venue.http import HttpClient

THEIRS = VenueOrderId("0xabc")
NOW = datetime(2026, 4, 1, 12, 5, tzinfo=UTC)
ENTRY = SignedEntry(OrderId("a"), THEIRS, MarketId("m1"), b'{"order":{}}', NOW)
ORDER = OpenOrder(
    OrderId("a"), THEIRS, MarketId("m1"), TokenId("1"), "Up", "entry", OrderStatus.UNCERTAIN, Shares.of(10), NO_SHARES,
    NO_SHARES, was_seen=False, is_unwanted="", valid_until=NOW, cancel_asked_at=None, slot_end=NOW,
)  # fmt: skip
CREDENTIALS = Credentials("0x" + "11" * 20, "key", "c2VjcmV0", "pass")
SILENCE: None = None
NOTHING: dict[str, object] = {"data": (), "next_cursor": "LTE="}


@dataclass(slots=True)
class Script:
    """A server that answers by method and path; `SILENCE` keeps the caller waiting."""

    answers: dict[str, tuple[int, object] | None] = field(default_factory=dict[str, tuple[int, object] | None])
    heard: list[str] = field(default_factory=list[str])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head.decode(), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = head.split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        await reader.readexactly(length)
        asked = lines[0].rsplit(" ", 1)[0].partition("?")[0]
        self.heard.append(asked)
        answer = self.answers[asked]
        if answer is None:
            return
        status, body = answer
        text = json.dumps(body).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
        await writer.drain()


@dataclass(slots=True)
class Stand:
    script: Script
    venue: LiveVenue
    heart: LiveHeart
    server: asyncio.Server

    def says(self, asked: str, status: int, body: object) -> None:
        self.script.answers[asked] = (status, body)

    async def word(self) -> OrderWord:
        return (await self.venue.look_up([ORDER]))[ORDER.order_id]


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    script = Script({"POST /order": SILENCE})
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    http = HttpClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    clob = ClobClient(http, CREDENTIALS, RealClock(), place_timeout_seconds=0.2, read_timeout_seconds=0.2)
    yield Stand(script, LiveVenue(clob, clob), LiveHeart(clob), server)
    await clob.close()
    server.close()


def let_go() -> str | None:
    return None


def placed(order: str = THEIRS, error: str = "") -> dict[str, object]:
    return {"success": True, "errorMsg": error, "orderID": order, "status": "live"}


def order_row(status: str, matched: str = "0") -> dict[str, object]:
    return {
        "id": THEIRS, "market": "m1", "asset_id": "1", "side": "BUY", "price": "0.80", "original_size": "10",
        "size_matched": matched, "status": status, "order_type": "GTC", "created_at": 1_775_045_100,
    }  # fmt: skip


async def test_an_accepted_order(stand: Stand) -> None:
    stand.says("POST /order", 200, placed())

    assert await stand.venue.place(ENTRY, let_go) == Accepted()


async def test_an_order_that_the_venue_calls_otherwise_is_uncertain(stand: Stand) -> None:
    stand.says("POST /order", 200, placed("0xother"))

    assert isinstance(await stand.venue.place(ENTRY, let_go), Uncertain)


async def test_success_with_an_error_text_is_no_acceptance(stand: Stand) -> None:
    stand.says("POST /order", 200, placed("", "order crosses book"))

    assert not isinstance(await stand.venue.place(ENTRY, let_go), Accepted)


async def test_a_final_refusal(stand: Stand) -> None:
    stand.says("POST /order", 400, {"error": "invalid post-only order: order crosses book"})

    word = await stand.venue.place(ENTRY, let_go)

    assert word == Rejected("post_only_would_cross: invalid post-only order: order crosses book")


async def test_duplicated_is_no_refusal(stand: Stand) -> None:
    stand.says("POST /order", 400, {"error": f"order {THEIRS} is invalid. Duplicated."})

    assert await stand.venue.place(ENTRY, let_go) == Duplicated()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (425, {"error": "restarting"}),
        (429, {"error": "slow down"}),
        (500, {"error": "order timed out"}),
        (503, {"error": "trading is disabled"}),
        (400, "not an envelope"),
    ],
)
async def test_what_is_no_final_refusal_is_uncertain(stand: Stand, status: int, body: object) -> None:
    stand.says("POST /order", status, body)

    assert isinstance(await stand.venue.place(ENTRY, let_go), Uncertain)


async def test_no_answer_within_the_time_out_is_uncertain(stand: Stand) -> None:
    assert isinstance(await stand.venue.place(ENTRY, let_go), Uncertain)
    assert stand.script.heard == ["POST /order"]


async def test_a_last_look_that_refuses_writes_nothing(stand: Stand) -> None:
    assert await stand.venue.place(ENTRY, lambda: "HALTED") == NotSent("HALTED")

    assert stand.script.heard == []


async def test_a_venue_that_cannot_be_reached_was_sent_nothing(stand: Stand) -> None:
    stand.server.close()

    assert isinstance(await stand.venue.place(ENTRY, let_go), NotSent)


@pytest.mark.parametrize(
    ("status", "matched", "expected"),
    [
        ("LIVE", "0", Resting(NO_SHARES)),
        ("LIVE", "4", Resting(Shares.of(4))),
        ("MATCHED", "10", Matched(Shares.of(10))),
        ("CANCELED", "4", Over("cancelled", Shares.of(4), "CANCELED")),
        ("CANCELED_MARKET_RESOLVED", "0", Over("cancelled", NO_SHARES, "CANCELED_MARKET_RESOLVED")),
        ("INVALID", "0", Over("cancelled", NO_SHARES, "INVALID")),
    ],
)
async def test_what_an_order_is_by_its_id(stand: Stand, status: str, matched: str, expected: OrderWord) -> None:
    stand.says(f"GET /data/order/{THEIRS}", 200, order_row(status, matched))

    assert await stand.word() == expected


TRADE = {
    "id": "t1", "market": "m1", "asset_id": "1", "side": "SELL", "size": "4", "price": "0.80", "status": "MINED",
    "match_time": "1775045100", "taker_order_id": "0xtaker", "trader_side": "MAKER",
    "maker_orders": [{"order_id": THEIRS, "owner": "key", "matched_amount": "4", "price": "0.80", "asset_id": "1"}],
}  # fmt: skip


async def test_an_order_not_shown_by_its_id_is_looked_for_among_the_trades(stand: Stand) -> None:
    stand.says(f"GET /data/order/{THEIRS}", 404, {"error": "not found"})
    stand.says("GET /data/trades", 200, {"data": [TRADE, {**TRADE, "id": "t2", "status": "FAILED"}]})

    assert await stand.word() == Unknown(Shares.of(4))


async def test_an_order_of_which_nothing_is_known(stand: Stand) -> None:
    stand.says(f"GET /data/order/{THEIRS}", 404, {"error": "not found"})
    stand.says("GET /data/trades", 200, NOTHING)

    assert await stand.word() == Unknown(NO_SHARES)


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        (f"GET /data/order/{THEIRS}", 500, {"error": "no"}),
        (f"GET /data/order/{THEIRS}", 200, {"id": THEIRS}),
        (f"GET /data/order/{THEIRS}", 200, order_row("SOMETHING_NEW")),
        ("GET /data/trades", 500, {"error": "no"}),
        ("GET /data/trades", 200, {"data": [{"id": "t1"}]}),
        ("GET /data/trades", 200, {"data": [{**TRADE, "maker_orders": []}]}),
    ],
)
async def test_an_answer_that_cannot_be_read_proves_nothing(
    stand: Stand, asked: str, status: int, body: object
) -> None:
    stand.says(f"GET /data/order/{THEIRS}", 404, {"error": "not found"})
    stand.says("GET /data/trades", 200, NOTHING)
    stand.says(asked, status, body)

    assert isinstance(await stand.word(), Unclear)


async def test_only_ids_the_venue_names_are_cancelled(stand: Stand) -> None:
    other = VenueOrderId("0xdef")
    stand.says("DELETE /orders", 200, {"canceled": [THEIRS], "not_canceled": {other: "already canceled or matched"}})

    assert await stand.venue.cancel([THEIRS, other]) == CancelWord(frozenset({THEIRS}))


async def test_a_cancel_without_an_answer_cancels_nothing_for_sure(stand: Stand) -> None:
    stand.script.answers["DELETE /orders"] = SILENCE

    word = await stand.venue.cancel([THEIRS])

    assert word.cancelled == frozenset()
    assert word.problem


async def test_open_orders_that_cannot_be_read_are_not_none(stand: Stand) -> None:
    stand.says("GET /data/orders", 200, {"data": [{"id": "x"}]})

    with pytest.raises(VenueSilentError):
        await stand.venue.foreign_candidates()


async def test_heartbeats(stand: Stand) -> None:
    stand.says("POST /v1/heartbeats", 200, {"heartbeat_id": "id-1"})
    assert await stand.heart.beat("") == Beaten("id-1")
    stand.says("POST /v1/heartbeats", 400, {"error_msg": "Invalid Heartbeat ID", "heartbeat_id": "id-9"})
    assert await stand.heart.beat("id-1") == BeatMismatch("id-9")
    stand.says("POST /v1/heartbeats", 500, {"error": "no"})
    assert isinstance(await stand.heart.beat("id-9"), BeatFailed)
