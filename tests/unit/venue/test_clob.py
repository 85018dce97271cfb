"""What we ask the order book, and what its answers mean."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.ids import MarketId, TokenId, VenueOrderId
from shared.domain.money import Cash
from shared.domain.order import OrderStatus
from shared.venue.answers import Accepted, NotSent, PlacedStatus, Rejected, Uncertain
from shared.venue.auth import Credentials, L2Signer
from shared.venue.clob import Beat, ClobClient, HeartbeatMismatch, read_balance, read_heartbeat
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.http import HttpClient, Response
from shared.venue.rejections import Reason
from tests.fixtures.venue import ADDRESS, API_KEY, MARKET, UP, changed, text_of
from tests.unit.venue.scripted_server import Request, ScriptedServer, reply, scripted

CREDENTIALS = Credentials(ADDRESS, API_KEY, "A" * 43 + "=", "pass")
ID = VenueOrderId("0x" + "ab" * 32)
OTHER = VenueOrderId("0x" + "cd" * 32)
WALL = datetime(2026, 4, 1, 7, 50, tzinfo=UTC)


@dataclass(frozen=True)
class StoppedClock:
    def now(self) -> datetime:
        raise AssertionError("requests are signed by wall time")

    def wall(self) -> datetime:
        return WALL

    def monotonic_seconds(self) -> float:
        return 0.0


def client_of(venue: ScriptedServer) -> ClobClient:
    return ClobClient(HttpClient(venue.origin), CREDENTIALS, StoppedClock())


def always(status: int, body: str) -> Callable[[Request], bytes]:
    return lambda _: reply(status, body)


async def test_an_order_goes_out_as_it_was_signed() -> None:
    accepted = f'{{"success":true,"errorMsg":"","orderID":"{ID}","status":"live"}}'
    async with scripted(always(200, accepted)) as venue:
        client = client_of(venue)
        answer = await client.post_order(b'{"order":1}')
        await client.close()
    (request,) = venue.requests
    assert answer == Accepted(ID, PlacedStatus.LIVE)
    assert (request.method, request.path, request.body) == ("POST", "/order", b'{"order":1}')


async def test_every_request_of_the_account_is_signed_over_its_exact_bytes() -> None:
    async with scripted(always(200, "{}")) as venue:
        client = client_of(venue)
        await client.post_order(b'{"order":1}')
        await client.close()
    headers = venue.requests[0].headers
    timestamp = int(WALL.timestamp())
    assert headers["poly_timestamp"] == str(timestamp)
    assert headers["poly_signature"] == L2Signer(CREDENTIALS).signature(timestamp, "POST", "/order", b'{"order":1}')


async def test_the_query_is_not_part_of_what_is_signed() -> None:
    async with scripted(always(200, '{"data":[],"next_cursor":"LTE="}')) as venue:
        client = client_of(venue)
        await client.open_orders(MarketId(MARKET))
        await client.close()
    (request,) = venue.requests
    assert f"market={MARKET}" in request.path
    expected = L2Signer(CREDENTIALS).signature(int(WALL.timestamp()), "GET", "/data/orders")
    assert request.headers["poly_signature"] == expected


async def test_a_batch_is_an_array_of_the_signed_bodies() -> None:
    async with scripted(always(200, "[{},{}]")) as venue:
        client = client_of(venue)
        answers = await client.post_orders([b'{"a":1}', b'{"b":2}'])
        await client.close()
    assert len(answers) == 2
    assert (venue.requests[0].path, venue.requests[0].body) == ("/orders", b'[{"a":1},{"b":2}]')


@pytest.mark.parametrize("count", [0, 16])
async def test_a_batch_that_does_not_fit_is_not_sent(count: int) -> None:
    client = ClobClient(HttpClient("http://127.0.0.1:1"), CREDENTIALS, StoppedClock())
    with pytest.raises(ValueError, match="batch"):
        await client.post_orders([b"{}"] * count)


async def test_a_lost_answer_leaves_the_order_uncertain() -> None:
    async with scripted(lambda _: None) as venue:
        client = client_of(venue)
        answer = await client.post_order(b"{}")
        await client.close()
    assert isinstance(answer, Uncertain)
    assert (answer.reason, answer.http_status) == (Reason.CONNECTION, None)


async def test_a_halt_seen_in_the_last_step_sends_nothing() -> None:
    async with scripted(always(200, "{}")) as venue:
        client = client_of(venue)
        answer = await client.post_order(b"{}", before_write=lambda: "halted")
        await client.close()
    assert answer == NotSent("halted")
    assert venue.requests == []


async def test_a_final_no_is_a_rejection() -> None:
    async with scripted(always(400, '{"error":"invalid post-only order: order crosses book"}')) as venue:
        client = client_of(venue)
        answer = await client.post_order(b"{}")
        await client.close()
    assert isinstance(answer, Rejected)
    assert answer.reason is Reason.POST_ONLY_WOULD_CROSS


async def test_cancels_go_out_in_batches_and_come_back_as_one_answer() -> None:
    def cancel(request: Request) -> bytes:
        return reply(200, json.dumps({"canceled": json.loads(request.body), "not_canceled": {}}))

    ids = [VenueOrderId(f"0x{number:064x}") for number in range(1001)]
    async with scripted(cancel) as venue:
        client = client_of(venue)
        answer = await client.cancel([*ids, ids[0]])
        await client.close()
    assert answer.cancelled == frozenset(ids)
    assert [(request.method, request.path) for request in venue.requests] == [("DELETE", "/orders")] * 2


async def test_a_lost_cancel_leaves_its_orders_unanswered() -> None:
    async with scripted(lambda _: None) as venue:
        client = client_of(venue)
        answer = await client.cancel([ID])
        await client.close()
    assert (answer.unanswered, answer.problem) == ({ID}, Reason.CONNECTION)


async def test_nothing_to_cancel_asks_nothing() -> None:
    async with scripted(always(500, "")) as venue:
        client = client_of(venue)
        answer = await client.cancel([])
        await client.close()
    assert (answer.unanswered, venue.requests) == (frozenset(), [])


async def test_cancelling_all_has_no_body() -> None:
    async with scripted(always(200, f'{{"canceled":["{ID}"],"not_canceled":{{}}}}')) as venue:
        client = client_of(venue)
        answer = await client.cancel_all()
        await client.close()
    assert answer.cancelled == {ID}
    assert (venue.requests[0].path, venue.requests[0].body) == ("/cancel-all", b"")


async def test_an_order_is_read_back_by_its_id() -> None:
    async with scripted(always(200, text_of("order_row"))) as venue:
        client = client_of(venue)
        order = await client.order(ID)
        await client.close()
    assert order is not None
    assert order.status is OrderStatus.PARTLY_FILLED
    assert venue.requests[0].path == f"/data/order/{ID}"


@pytest.mark.parametrize(("status", "body"), [(404, '{"error":"not found"}'), (200, "null"), (200, ""), (200, "{}")])
async def test_an_order_the_venue_does_not_show_is_none(status: int, body: str) -> None:
    async with scripted(always(status, body)) as venue:
        client = client_of(venue)
        assert await client.order(ID) is None
        await client.close()


async def test_every_page_of_trades_is_read() -> None:
    pages = {"MA==": (text_of("user_trade"), "Mg=="), "Mg==": (text_of("user_trade_taken"), "LTE=")}

    def page(request: Request) -> bytes:
        cursor = request.path.partition("next_cursor=")[2].replace("%3D", "=")
        row, following = pages[cursor]
        return reply(200, f'{{"data":[{row}],"next_cursor":"{following}"}}')

    async with scripted(page) as venue:
        client = client_of(venue)
        trades = await client.trades(market=MarketId(MARKET), after=WALL)
        await client.close()
    assert [event.trade for event in trades.items] == ["t-1", "t-2"]
    assert [len(event.fills) for event in trades.items] == [2, 1]
    assert f"after={int(WALL.timestamp())}" in venue.requests[0].path


async def test_a_trade_of_ours_that_names_none_of_our_orders_cannot_be_read() -> None:
    body = f'{{"data":[{text_of("user_trade")},{changed("user_trade", maker_orders=[])}],"next_cursor":"LTE="}}'
    async with scripted(always(200, body)) as venue:
        client = client_of(venue)
        trades = await client.trades()
        await client.close()
    assert ([event.trade for event in trades.items], len(trades.malformed)) == (["t-1"], 1)


async def test_a_malformed_row_is_handed_back_beside_the_good_ones() -> None:
    body = f'{{"data":[{text_of("order_row")},{changed("order_row", status="PONDERING")}],"next_cursor":"LTE="}}'
    async with scripted(always(200, body)) as venue:
        client = client_of(venue)
        orders = await client.open_orders()
        await client.close()
    assert (len(orders.items), len(orders.malformed)) == (1, 1)


async def test_a_page_that_is_a_bare_array_is_the_only_one() -> None:
    async with scripted(always(200, f"[{text_of('order_row')}]")) as venue:
        client = client_of(venue)
        assert len((await client.open_orders()).items) == 1
        await client.close()


async def test_a_failed_read_says_how_it_failed() -> None:
    async with scripted(lambda _: reply(429, '{"error":"slow down"}', "Retry-After: 2")) as venue:
        client = client_of(venue)
        with pytest.raises(VenueUnreachableError) as failure:
            await client.open_orders()
        await client.close()
    assert (failure.value.http_status, failure.value.retry_after_seconds) == (429, 2)


async def test_a_book_is_public_and_unsigned() -> None:
    async with scripted(always(200, changed("book", event_type=...))) as venue:
        client = client_of(venue)
        book = await client.book(TokenId(UP))
        await client.close()
    assert book is not None
    assert "poly_signature" not in venue.requests[0].headers


async def test_a_resolved_market_has_no_book() -> None:
    async with scripted(always(404, '{"error":"No orderbook exists for the requested token id"}')) as venue:
        client = client_of(venue)
        assert await client.book(TokenId(UP)) is None
        await client.close()


async def test_several_books_are_asked_for_at_once() -> None:
    async with scripted(always(200, f"[{text_of('book')},{{}}]")) as venue:
        client = client_of(venue)
        books = await client.books([TokenId(UP)])
        await client.close()
    assert (len(books.items), len(books.malformed)) == (1, 1)
    assert json.loads(venue.requests[0].body) == [{"token_id": UP}]


async def test_the_tick_and_the_time_are_plain_answers() -> None:
    def answer(request: Request) -> bytes:
        return reply(200, "1775029500" if request.path == "/time" else '{"minimum_tick_size":0.001}')

    async with scripted(answer) as venue:
        client = client_of(venue)
        assert await client.tick_size(TokenId(UP)) == Decimal("0.001")
        assert await client.server_time_seconds() == 1775029500
        await client.close()


def test_a_balance_comes_in_millionths() -> None:
    balance = read_balance(b'{"balance":"1500000","allowances":{"0xe1":"2000000"}}')
    assert (balance.cash(), balance.allowances) == (Cash.of("1.5"), {"0xe1": Decimal(2)})


def test_a_balance_with_a_fraction_is_refused() -> None:
    with pytest.raises(VenueFrameError, match="balance"):
        read_balance(b'{"balance":"250.500000"}')


async def test_a_heartbeat_is_chained_by_its_id() -> None:
    async with scripted(always(200, '{"heartbeat_id":"next"}')) as venue:
        client = client_of(venue)
        assert await client.heartbeat("") == Beat("next")
        await client.close()
    assert (venue.requests[0].path, venue.requests[0].body) == ("/v1/heartbeats", b'{"heartbeat_id":""}')


@pytest.mark.parametrize("key", ["error_msg", "error"])
def test_a_broken_chain_names_the_id_expected(key: str) -> None:
    body = json.dumps({key: "Invalid Heartbeat ID", "heartbeat_id": "other"}).encode()
    assert read_heartbeat(Response(400, {}, body)) == HeartbeatMismatch("other")


def test_a_failed_heartbeat_is_no_mismatch() -> None:
    with pytest.raises(VenueUnreachableError):
        read_heartbeat(Response(500, {}, b'{"error":"x"}'))
