"""The order-book API: place, cancel, read back. Protocol sheet, section 2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from shared.domain.clock import Clock
from shared.domain.ids import MarketId, TokenId, VenueOrderId
from shared.domain.money import Cash
from shared.venue.answers import CancelAnswer, NotSent, PlaceAnswer, Uncertain, read_cancelled, read_placed
from shared.venue.answers import read_placed_batch as read_batch
from shared.venue.auth import Credentials, L2Signer
from shared.venue.errors import (
    MayHaveBeenSentError,
    NotSentError,
    VenueFrameError,
    VenueUnreachableError,
)
from shared.venue.frames.market import BookSnapshot, read_book
from shared.venue.frames.user import Owner, TradeEvent, VenueOrder, read_order, read_trade
from shared.venue.http import BeforeWrite, HttpClient, Response
from shared.venue.order_terms import UNITS_PER_ONE
from shared.venue.rejections import Reason, read_error
from shared.venue.wire import NOTHING, Parsed, decode, is_absent, positive, whole

MAX_BATCH = 15
MAX_CANCELS = 1000
MAX_BOOKS = 500
MAX_PAGES = 1000
FIRST_CURSOR = "MA=="
LAST_CURSOR = "LTE="
_EMPTY = frozenset({b"", b"null", b"{}"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Balance:
    """Cash or shares (6 decimals), and what each spender contract may move of it."""

    amount: Decimal
    allowances: dict[str, Decimal]

    def cash(self) -> Cash:
        return Cash(self.amount)


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat was taken; the next one must carry this id."""

    next_id: str


@dataclass(frozen=True, slots=True)
class HeartbeatMismatch:
    """Another id was expected: send again with it. The deadline was not refreshed."""

    expected: str


class _Page(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    next_cursor: str | None = None


class _Balance(msgspec.Struct):
    balance: msgspec.Raw
    allowances: dict[str, msgspec.Raw] | None = None
    allowance: msgspec.Raw = NOTHING


class _Heartbeat(msgspec.Struct):
    heartbeat_id: str | None = None


class _TickSize(msgspec.Struct):
    minimum_tick_size: msgspec.Raw


class ClobClient:
    """One account's client. Reads raise VenueUnreachableError or VenueFrameError; placing and cancelling never raise.

    A cancelled task leaves its request unknown: treat it as `Uncertain`.
    """

    def __init__(
        self,
        http: HttpClient,
        credentials: Credentials,
        clock: Clock,
        *,
        maker: str = "",
        signature_type: int = 0,
        place_timeout_seconds: float = 5.0,
        read_timeout_seconds: float = 5.0,
    ) -> None:
        self._http = http
        self._signer = L2Signer(credentials)
        self._clock = clock
        self.owner = Owner(credentials.api_key, maker or credentials.address)
        self._signature_type = signature_type
        self._place_timeout_seconds = place_timeout_seconds
        self._read_timeout_seconds = read_timeout_seconds

    async def warm(self, connections: int) -> None:
        """Opens them ahead of need. Raises NotSentError."""
        await self._http.warm(connections)

    async def close(self) -> None:
        await self._http.close()

    async def post_order(self, body: bytes, before_write: BeforeWrite | None = None) -> PlaceAnswer:
        """Sends signed bytes as they are."""
        sent = await self._place("/order", body, before_write)
        return read_placed(sent) if isinstance(sent, Response) else sent

    async def post_orders(
        self, bodies: Sequence[bytes], before_write: BeforeWrite | None = None
    ) -> tuple[PlaceAnswer, ...]:
        """At most 15, one answer each. Raises ValueError for more."""
        if not 0 < len(bodies) <= MAX_BATCH:
            raise ValueError(f"{len(bodies)} orders in a batch, 1 to {MAX_BATCH} fit")
        sent = await self._place("/orders", b"[" + b",".join(bodies) + b"]", before_write)
        return read_batch(sent, len(bodies)) if isinstance(sent, Response) else (sent,) * len(bodies)

    async def _place(self, path: str, body: bytes, before_write: BeforeWrite | None) -> Response | NotSent | Uncertain:
        try:
            return await self._send("POST", path, body, self._place_timeout_seconds, before_write)
        except NotSentError as error:
            return NotSent(error.reason)
        except MayHaveBeenSentError as error:
            return Uncertain(Reason.CONNECTION, error.reason, None, None)

    async def cancel(self, orders: Iterable[VenueOrderId]) -> CancelAnswer:
        """In batches of 1000, one after the other."""
        ids = list(dict.fromkeys(orders))
        answer = CancelAnswer(frozenset(), {}, frozenset())
        for start in range(0, len(ids), MAX_CANCELS):
            batch = ids[start : start + MAX_CANCELS]
            answer = answer.merged(await self._cancel("/orders", msgspec.json.encode(batch), frozenset(batch)))
        return answer

    async def cancel_all(self) -> CancelAnswer:
        """Every order of the account, ours or not. It may put the cancel budget into debt (protocol sheet, 2.8)."""
        return await self._cancel("/cancel-all", b"", frozenset())

    async def cancel_market(self, market: MarketId, token: TokenId | None = None) -> CancelAnswer:
        """Every order of one market (of one of its tokens)."""
        body = {"market": market} if token is None else {"market": market, "asset_id": token}
        return await self._cancel("/cancel-market-orders", msgspec.json.encode(body), frozenset())

    async def _cancel(self, path: str, body: bytes, asked: frozenset[VenueOrderId]) -> CancelAnswer:
        try:
            response = await self._send("DELETE", path, body, self._read_timeout_seconds)
        except VenueUnreachableError:
            return CancelAnswer(frozenset(), {}, asked, Reason.CONNECTION)
        return read_cancelled(response, asked)

    async def order(self, order: VenueOrderId) -> VenueOrder | None:
        """None when the venue does not know it (or no longer shows it: look at trades before believing that)."""
        body = await self._read(f"/data/order/{order}", absent=frozenset({HTTPStatus.NOT_FOUND}))
        return None if body is None or body.strip() in _EMPTY else read_order(body)

    async def open_orders(self, market: MarketId | None = None) -> Parsed[VenueOrder]:
        """All pages. A malformed row is an open order that cannot be named: it is never nothing."""
        query: dict[str, str] = {} if market is None else {"market": market}
        return await self._pages("/data/orders", query, read_order)

    async def trades(self, *, market: MarketId | None = None, after: datetime | None = None) -> Parsed[TradeEvent]:
        """All pages of ours, as fills; a row that names no order of ours cannot be read. `after` is an instant of the
        venue's clock, taken down to the second."""
        query: dict[str, str] = {} if market is None else {"market": market}
        if after is not None:
            query["after"] = str(int(after.timestamp()))
        return await self._pages("/data/trades", query, self._own_trade)

    def _own_trade(self, row: msgspec.Raw) -> TradeEvent:
        """The venue lists what is ours alone, and has been seen to leave out whose orders it was. Raises
        VenueFrameError."""
        trade = read_trade(row, self.owner)
        if not trade.fills:
            raise VenueFrameError("maker_orders", "none of ours in a trade of ours", bytes(row))
        return trade

    async def _pages(self, path: str, query: dict[str, str], read: Callable[[msgspec.Raw], T]) -> Parsed[T]:
        rows: list[T] = []
        malformed: list[VenueFrameError] = []
        cursor = FIRST_CURSOR
        for _ in range(MAX_PAGES):
            page = await self._page(path, {**query, "next_cursor": cursor})
            found = _each(page.data or [], read)
            rows.extend(found.items)
            malformed.extend(found.malformed)
            following = page.next_cursor or LAST_CURSOR
            if following in {LAST_CURSOR, cursor}:
                return Parsed(tuple(rows), tuple(malformed))
            cursor = following
        raise VenueUnreachableError(f"{path} does not end after {MAX_PAGES} pages")

    async def _page(self, path: str, query: dict[str, str]) -> _Page:
        body = await self._read(f"{path}?{urlencode(query)}")
        text = (body or b"").strip()
        if text.startswith(b"["):
            return _Page(data=decode(text, list[msgspec.Raw]))
        return decode(text, _Page)

    async def balance_allowance(self, asset_type: str, token: TokenId | None = None) -> Balance:
        """`asset_type` COLLATERAL, CONDITIONAL or CONDITIONAL-V2 (the last two with a token)."""
        body = await self._read(f"/balance-allowance?{self._balance_query(asset_type, token)}")
        return read_balance(body or b"")

    async def refresh_balance_allowance(self, asset_type: str, token: TokenId | None = None) -> None:
        """Makes the venue look at the chain again: after funding, approving, redeeming."""
        await self._read(f"/balance-allowance/update?{self._balance_query(asset_type, token)}")

    def _balance_query(self, asset_type: str, token: TokenId | None) -> str:
        query = {"asset_type": asset_type, "signature_type": str(self._signature_type)}
        return urlencode(query if token is None else {**query, "token_id": token})

    async def heartbeat(self, heartbeat_id: str) -> Beat | HeartbeatMismatch:
        """Empty for the first. After it, ten seconds without one cancel everything (protocol sheet, section 8)."""
        body = msgspec.json.encode({"heartbeat_id": heartbeat_id})
        response = await self._send("POST", "/v1/heartbeats", body, self._read_timeout_seconds)
        return read_heartbeat(response)

    async def book(self, token: TokenId) -> BookSnapshot | None:
        """None once there is no book: resolved, or not yet there."""
        body = await self._read(f"/book?token_id={token}", signed=False, absent=frozenset({HTTPStatus.NOT_FOUND}))
        return None if body is None else read_book(body)

    async def books(self, tokens: Sequence[TokenId]) -> Parsed[BookSnapshot]:
        """At most 500. Raises ValueError for more."""
        if len(tokens) > MAX_BOOKS:
            raise ValueError(f"{len(tokens)} books at once, at most {MAX_BOOKS}")
        body = msgspec.json.encode([{"token_id": token} for token in tokens])
        response = await self._http.request("POST", "/books", body=body, timeout_seconds=self._read_timeout_seconds)
        return _each(decode(_body_of(response, frozenset()) or b"[]", list[msgspec.Raw]), read_book)

    async def tick_size(self, token: TokenId) -> Decimal:
        body = await self._read(f"/tick-size?token_id={token}", signed=False)
        return positive(decode(body or b"", _TickSize).minimum_tick_size, "minimum_tick_size")

    async def server_time_seconds(self) -> int:
        """Unix seconds of the venue's wall clock."""
        body = await self._read("/time", signed=False)
        return whole(msgspec.Raw((body or b"").strip()), "time")

    async def _read(self, path: str, *, signed: bool = True, absent: frozenset[int] = frozenset()) -> bytes | None:
        timeout_seconds = self._read_timeout_seconds
        if signed:
            response = await self._send("GET", path, b"", timeout_seconds)
        else:
            response = await self._http.request("GET", path, timeout_seconds=timeout_seconds)
        return _body_of(response, absent)

    async def _send(
        self, method: str, path: str, body: bytes, timeout_seconds: float, before_write: BeforeWrite | None = None
    ) -> Response:
        timestamp = int(self._clock.wall().timestamp())
        return await self._http.request(
            method,
            path,
            headers=self._signer.headers(timestamp, method, path.partition("?")[0], body),
            body=body,
            timeout_seconds=timeout_seconds,
            before_write=before_write,
        )


def _body_of(response: Response, absent: frozenset[int]) -> bytes | None:
    """None for a status that means "there is none". Raises VenueUnreachableError for any other failure."""
    if response.status in absent:
        return None
    if response.status != HTTPStatus.OK:
        error = read_error(response.status, response.body, response.headers.get("retry-after"))
        raise VenueUnreachableError(
            f"HTTP {response.status}: {error.text[:160]}",
            http_status=response.status,
            retry_after_seconds=error.retry_after_seconds,
        )
    return response.body


def _each(rows: list[msgspec.Raw], read: Callable[[msgspec.Raw], T]) -> Parsed[T]:
    found: list[T] = []
    malformed: list[VenueFrameError] = []
    for row in rows:
        try:
            found.append(read(row))
        except VenueFrameError as error:
            malformed.append(error)
    return Parsed(tuple(found), tuple(malformed))


def read_balance(body: bytes) -> Balance:
    """One `/balance-allowance` answer. Raises VenueFrameError: an amount with a fraction is not in base units."""
    raw = decode(body, _Balance)
    allowances = raw.allowances or {"": raw.allowance}
    return Balance(
        amount=whole(raw.balance, "balance") / UNITS_PER_ONE,
        allowances={
            spender: whole(units, "allowances") / UNITS_PER_ONE
            for spender, units in allowances.items()
            if not is_absent(units)
        },
    )


def read_heartbeat(response: Response) -> Beat | HeartbeatMismatch:
    """A 400 with an id is a mismatch, whatever its text. Raises VenueUnreachableError, VenueFrameError."""
    if response.status == HTTPStatus.BAD_REQUEST:
        expected = decode(response.body, _Heartbeat).heartbeat_id
        if expected is not None:
            return HeartbeatMismatch(expected)
    body = _body_of(response, frozenset())
    following = decode(body or b"", _Heartbeat).heartbeat_id
    if not following:
        raise VenueFrameError("heartbeat_id", "missing", body or b"")
    return Beat(following)
