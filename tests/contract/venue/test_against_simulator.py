"""Our clients on a running simulator: they log in, place, read back, cancel and hear of it, on both versions."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from shared.domain.ids import Coin, TokenId, VenueOrderId
from shared.domain.market import Market, ProtocolVersion
from shared.domain.money import NO_CASH, Cash, Price, Shares
from shared.domain.order import OrderStatus, Side, TimeInForce
from shared.runtime.clock import RealClock
from shared.venue.answers import Accepted, Duplicated, NotCancelled, NotSent, PlacedStatus, Rejected
from shared.venue.auth import Credentials
from shared.venue.books import Books
from shared.venue.clob import Beat, ClobClient, HeartbeatMismatch
from shared.venue.errors import VenueUnreachableError
from shared.venue.frames.market import BookSnapshot, PriceChange
from shared.venue.frames.price import PriceAck, PriceKind, PriceRefusal, PriceTick
from shared.venue.frames.user import Liquidity, OrderEvent, OrderEventKind, TradeEvent
from shared.venue.gamma import slug_of
from shared.venue.http import HttpClient
from shared.venue.login import obtain_credentials
from shared.venue.mailbox import Mailbox
from shared.venue.market_socket import MarketSocket
from shared.venue.metadata import MetadataClient
from shared.venue.order_terms import OrderTerms, SignedOrder
from shared.venue.price_socket import PriceSocket
from shared.venue.rejections import Reason
from shared.venue.sockets import Connected, Disconnected
from shared.venue.trading import DEPOSIT_WALLET, EOA, POLYGON, OrderSigner, new_salt
from shared.venue.user_socket import UserSocket
from shared.venue.wire import Parsed

CLOCK = RealClock()
SLOT_SECONDS = 900
PATIENCE_SECONDS = 20
BTC = Coin("btc")
Event = TypeVar("Event")


@dataclass(frozen=True)
class Account:
    """One trader with a wallet of his own."""

    signer: OrderSigner
    client: ClobClient
    credentials: Credentials

    def signed(self, terms: OrderTerms) -> SignedOrder:
        return self.signer.sign(terms, int(CLOCK.wall().timestamp() * 1000), new_salt())


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    command = [sys.executable, "-m", "venue_sim", "--port", "0", "--seed", "1", "--coins", "btc", "--clock-now"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
        try:
            assert simulator.stdout is not None
            ready: dict[str, Any] = json.loads(simulator.stdout.readline())
            yield ready["port"]
        finally:
            simulator.terminate()


@pytest.fixture
def origin(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@asynccontextmanager
async def account(origin: str, folder: Path, digit: str, signature_type: int = EOA) -> AsyncGenerator[Account]:
    key_file = folder / f"key-{digit}"
    key_file.write_text("0x" + digit * 64)
    maker = "" if signature_type == EOA else "0x" + digit * 40
    stranger = OrderSigner(key_file, POLYGON, maker, signature_type, "")
    http = HttpClient(origin)
    headers = stranger.login_headers(int(CLOCK.wall().timestamp()))
    credentials = await obtain_credentials(http, headers)
    signer = OrderSigner(key_file, POLYGON, maker, signature_type, credentials.api_key)
    client = ClobClient(http, credentials, CLOCK, maker=maker, signature_type=signature_type)
    try:
        yield Account(signer, client, credentials)
    finally:
        await client.close()


@asynccontextmanager
async def metadata(origin: str) -> AsyncGenerator[MetadataClient]:
    client = MetadataClient(f"{origin}/gamma", origin)
    try:
        yield client
    finally:
        await client.close()


async def market_of(origin: str, version: ProtocolVersion) -> Market:
    """A slot that has not begun: it trades already and will not end during a test."""
    async with metadata(origin) as client:
        now = int(CLOCK.now().timestamp())
        first = now - now % SLOT_SECONDS + SLOT_SECONDS
        for start in (first, first + SLOT_SECONDS):
            market = await client.market_by_slug(slug_of(BTC, 15, datetime.fromtimestamp(start, UTC)))
            if market is not None and market.version is version:
                return market
    raise AssertionError(f"no {version} market is listed")


def bid(market: Market, price: str, shares: str = "10", *, outcome: int = 0, **changes: Any) -> OrderTerms:
    return OrderTerms(
        token=market.outcomes[outcome].token,
        side=Side.BUY,
        price=Price.of(price),
        shares=Shares.of(shares),
        tick=market.tick,
        version=market.version,
        neg_risk=market.neg_risk,
        **changes,
    )


versions = pytest.mark.parametrize("version", list(ProtocolVersion))


@versions
async def test_an_order_is_placed_read_back_and_cancelled(
    origin: str, tmp_path: Path, version: ProtocolVersion
) -> None:
    market = await market_of(origin, version)
    async with account(origin, tmp_path, "1") as trader:
        signed = trader.signed(bid(market, "0.05"))
        assert await trader.client.post_order(signed.body) == Accepted(signed.venue_order_id, PlacedStatus.LIVE)

        order = await trader.client.order(signed.venue_order_id)
        assert order is not None
        assert (order.status, order.price, order.shares) == (OrderStatus.LIVE, Price.of("0.05"), Shares.of(10))
        assert (order.market, order.token) == (market.market, market.outcomes[0].token)
        assert order.venue_order_id in {each.venue_order_id for each in (await trader.client.open_orders()).items}

        assert (await trader.client.cancel([signed.venue_order_id])).cancelled == {signed.venue_order_id}
        again = await trader.client.cancel([signed.venue_order_id])
        assert set(again.not_cancelled.values()) <= {NotCancelled.ALREADY_FINAL, NotCancelled.NOT_FOUND}
        assert not again.unanswered


@versions
async def test_the_same_bytes_again_are_seen_as_such(origin: str, tmp_path: Path, version: ProtocolVersion) -> None:
    market = await market_of(origin, version)
    async with account(origin, tmp_path, "1") as trader:
        signed = trader.signed(bid(market, "0.05"))
        await trader.client.post_order(signed.body)
        assert isinstance(await trader.client.post_order(signed.body), Duplicated)
        await trader.client.cancel([signed.venue_order_id])


@versions
async def test_a_deposit_wallet_trades_too(origin: str, tmp_path: Path, version: ProtocolVersion) -> None:
    market = await market_of(origin, version)
    async with account(origin, tmp_path, "3", DEPOSIT_WALLET) as trader:
        signed = trader.signed(bid(market, "0.05"))
        answer = await trader.client.post_order(signed.body)
        assert answer == Accepted(signed.venue_order_id, PlacedStatus.LIVE)
        assert (await trader.client.cancel_all()).cancelled == {signed.venue_order_id}


REFUSALS: dict[str, tuple[dict[str, Any], Reason]] = {
    "crossing though post-only": ({"price": "0.99", "shares": "5"}, Reason.POST_ONLY_WOULD_CROSS),
    "too few shares": ({"price": "0.05", "shares": "4.99"}, Reason.MIN_SHARES),
    "between two ticks": ({"price": "0.051", "tick": Decimal("0.001")}, Reason.TICK),
    "more than there is": ({"price": "0.05", "shares": "10000000"}, Reason.BALANCE),
}


@pytest.mark.parametrize(("changes", "reason"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_a_refusal_comes_with_its_reason(
    origin: str, tmp_path: Path, changes: dict[str, Any], reason: Reason
) -> None:
    market = await market_of(origin, ProtocolVersion.V1)
    tick = changes.get("tick", market.tick)
    terms = bid(market, changes["price"], changes.get("shares", "10"))
    async with account(origin, tmp_path, "1") as trader:
        answer = await trader.client.post_order(trader.signed(dataclasses.replace(terms, tick=tick)).body)
    assert isinstance(answer, Rejected), answer
    assert answer.reason is reason


async def test_an_order_of_anothers_key_is_refused(origin: str, tmp_path: Path) -> None:
    market = await market_of(origin, ProtocolVersion.V1)
    async with account(origin, tmp_path, "1") as one, account(origin, tmp_path, "2") as other:
        answer = await other.client.post_order(one.signed(bid(market, "0.05")).body)
    assert isinstance(answer, Rejected)
    assert answer.reason is Reason.WALLET


async def test_wrong_credentials_read_nothing(origin: str) -> None:
    wrong = Credentials("0x" + "11" * 20, "no-key", "A" * 43 + "=", "no")
    client = ClobClient(HttpClient(origin), wrong, CLOCK)
    with pytest.raises(VenueUnreachableError) as failure:
        await client.open_orders()
    await client.close()
    assert failure.value.http_status == 401


async def test_a_batch_answers_leg_by_leg(origin: str, tmp_path: Path) -> None:
    market = await market_of(origin, ProtocolVersion.V1)
    async with account(origin, tmp_path, "1") as trader:
        good, small = trader.signed(bid(market, "0.05")), trader.signed(bid(market, "0.05", "1"))
        answers = await trader.client.post_orders([good.body, small.body])
        await trader.client.cancel_all()
    assert answers[0] == Accepted(good.venue_order_id, PlacedStatus.LIVE)
    assert not isinstance(answers[1], Accepted | NotSent)


async def test_an_order_nobody_placed_is_unknown(origin: str, tmp_path: Path) -> None:
    async with account(origin, tmp_path, "1") as trader:
        nobody = VenueOrderId("0x" + "00" * 32)
        assert await trader.client.order(nobody) is None
        assert (await trader.client.cancel([nobody])).not_cancelled == {nobody: NotCancelled.NOT_FOUND}


async def test_heartbeats_are_chained(origin: str, tmp_path: Path) -> None:
    async with account(origin, tmp_path, "4") as trader:
        first = await trader.client.heartbeat("")
        assert isinstance(first, Beat)
        assert await trader.client.heartbeat("another") == HeartbeatMismatch(first.next_id)
        assert isinstance(await trader.client.heartbeat(first.next_id), Beat)


async def test_balances_books_ticks_and_time_are_read(origin: str, tmp_path: Path) -> None:
    market = await market_of(origin, ProtocolVersion.V1)
    up = market.outcomes[0].token
    async with account(origin, tmp_path, "5") as trader:
        assert (await trader.client.balance_allowance("COLLATERAL")).cash() == Cash.of(1000)
        assert (await trader.client.balance_allowance("CONDITIONAL", up)).amount == 0
        book = await trader.client.book(up)
        assert book is not None
        assert book.token == up
        assert {each.token for each in (await trader.client.books([up])).items} == {up}
        assert await trader.client.tick_size(up) == market.tick
        assert abs(await trader.client.server_time_seconds() - CLOCK.wall().timestamp()) < 60
        assert await trader.client.book(TokenId("1")) is None


class Heard:
    """What a socket handed over."""

    def __init__(self) -> None:
        self._events: Mailbox[Any] = Mailbox()

    def put(self, value: object) -> None:
        for each in cast("tuple[Any, ...]", value.items if isinstance(value, Parsed) else (value,)):
            self._events.put(each)

    async def first(self, wanted: type[Event], /, **fields: object) -> Event:
        """The next event of that kind with those fields."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                each = await self._events.get()
                if isinstance(each, wanted) and all(getattr(each, name) == want for name, want in fields.items()):
                    return each


@asynccontextmanager
async def running(socket: MarketSocket | UserSocket | PriceSocket) -> AsyncGenerator[None]:
    task = asyncio.create_task(socket.run())
    try:
        yield
    finally:
        await socket.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@versions
async def test_our_book_of_the_stream_is_the_venues_book(origin: str, tmp_path: Path, version: ProtocolVersion) -> None:
    market = await market_of(origin, version)
    heard, books = Heard(), Books()
    socket = MarketSocket(origin.replace("http", "ws") + "/ws/market", heard.put)
    tokens = [outcome.token for outcome in market.outcomes]
    socket.subscribe(tokens)
    async with account(origin, tmp_path, "6") as trader, running(socket):
        await heard.first(Connected)
        for token in tokens:
            books.replace(await heard.first(BookSnapshot, token=token), CLOCK.now())
        signed = trader.signed(bid(market, "0.03", "77"))
        await trader.client.post_order(signed.body)
        level = None
        while level is None:
            books.change(await heard.first(PriceChange, market=market.market), CLOCK.now())
            level = next((each for each in books.bids(tokens[0]) if each.price == Price.of("0.03")), None)
        mirrored = [each for each in books.asks(tokens[1]) if each.price == Price.of("0.97")]
        await trader.client.cancel_all()
    assert level.shares >= Shares.of(77)
    assert mirrored
    assert not books.is_diverged(tokens[0])


async def until_filled(heard: Heard, order: VenueOrderId) -> TradeEvent:
    while True:
        event = await heard.first(TradeEvent)
        if any(fill.venue_order_id == order for fill in event.fills):
            return event


@versions
async def test_an_orders_life_is_heard_by_its_maker(origin: str, tmp_path: Path, version: ProtocolVersion) -> None:
    """One bids for Up, another buys Down at the rest of the dollar: a pair is minted, the bid is filled."""
    market = await market_of(origin, version)
    heard = Heard()
    async with account(origin, tmp_path, "7") as maker, account(origin, tmp_path, "8") as taker:
        socket = UserSocket(origin.replace("http", "ws") + "/ws/user", maker.credentials, heard.put)
        async with running(socket):
            await heard.first(Connected)
            async with asyncio.timeout(PATIENCE_SECONDS):
                order, event = await filled_as_maker(market, maker, taker, heard)
        rows = await maker.client.trades(market=market.market)
    (fill,) = event.fills
    assert (fill.venue_order_id, fill.token, fill.side) == (order, market.outcomes[0].token, Side.BUY)
    assert (fill.price, fill.liquidity, fill.fee) == (Price.of("0.50"), Liquidity.MAKER, NO_CASH)
    assert order in {each.venue_order_id for row in rows.items for each in row.fills}


async def filled_as_maker(
    market: Market, maker: Account, taker: Account, heard: Heard
) -> tuple[VenueOrderId, TradeEvent]:
    signed = maker.signed(bid(market, "0.50", "6"))
    assert isinstance(await maker.client.post_order(signed.body), Accepted)
    placed = await heard.first(OrderEvent, kind=OrderEventKind.PLACEMENT)
    assert placed.order.venue_order_id == signed.venue_order_id
    crossing = bid(market, "0.50", "6", outcome=1, post_only=False, time_in_force=TimeInForce.FAK)
    await taker.client.post_order(taker.signed(crossing).body)
    return signed.venue_order_id, await until_filled(heard, signed.venue_order_id)


async def test_prices_are_heard_after_the_login(origin: str, tmp_path: Path) -> None:
    heard = Heard()
    async with account(origin, tmp_path, "9") as trader:
        socket = PriceSocket(origin.replace("http", "ws") + "/ws/price", trader.credentials, heard.put)
        socket.subscribe([BTC])
        async with running(socket):
            assert (await heard.first(PriceAck, op="authed")).rid == "auth"
            average = await heard.first(PriceTick, kind=PriceKind.TWAP)
            spot = await heard.first(PriceTick, kind=PriceKind.SPOT)
    assert (average.coin, spot.coin) == (BTC, BTC)
    assert average.value > 0


async def test_prices_are_refused_to_strangers(origin: str) -> None:
    heard = Heard()
    stranger = Credentials("0x" + "11" * 20, "no-key", "A" * 43 + "=", "no")
    socket = PriceSocket(origin.replace("http", "ws") + "/ws/price", stranger, heard.put)
    async with running(socket):
        await heard.first(Connected)
        refusal = await heard.first(object)
    assert isinstance(refusal, PriceRefusal) or (isinstance(refusal, Disconnected) and refusal.code == 4001)


async def test_an_open_market_has_no_resolution(origin: str) -> None:
    market = await market_of(origin, ProtocolVersion.V2)
    async with metadata(origin) as client:
        assert await client.resolution(market) is None
        listing = await client.event_by_slug(market.slug)
    assert listing is not None
    assert listing.market == market
