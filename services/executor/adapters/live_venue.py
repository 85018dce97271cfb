"""The venue's order-book API in the executor's words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

import structlog

from services.executor.domain.open_order import Instruction, OpenOrder, SignedEntry
from services.executor.domain.words import (
    Accepted,
    Beaten,
    BeatFailed,
    BeatMismatch,
    BeatWord,
    CancelWord,
    Duplicated,
    ForeignOrder,
    Matched,
    NotSent,
    OrderWord,
    Over,
    PlaceWord,
    Rejected,
    Resting,
    Uncertain,
    Unclear,
    Unknown,
)
from services.executor.ports import LastLook, UnsignableError, VenueSilentError
from shared.domain.clock import Clock
from shared.domain.ids import OrderId, VenueOrderId
from shared.domain.market import Market
from shared.domain.money import NO_SHARES, Shares
from shared.domain.order import OrderStatus
from shared.fault_points import reach
from shared.venue import answers
from shared.venue.clob import Beat, ClobClient
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.frames.user import VenueOrder
from shared.venue.order_status import TradeStatus
from shared.venue.order_terms import OrderTerms, SignedOrder, UnsignableOrderError

QUESTIONS_AT_ONCE = 8
Sign = Callable[[OrderTerms, int], SignedOrder]
"""Terms and wall milliseconds."""
log = structlog.get_logger()


class LiveSigner:
    def __init__(self, sign: Sign, clock: Clock) -> None:
        self._sign = sign
        self._clock = clock

    def sign(self, wanted: Instruction, market: Market) -> SignedEntry:
        terms = OrderTerms(
            token=wanted.token,
            side=wanted.side,
            price=wanted.price,
            shares=wanted.shares,
            tick=market.tick,
            version=market.version,
            neg_risk=market.neg_risk,
            time_in_force=wanted.time_in_force,
            post_only=wanted.post_only,
        )
        try:
            signed = self._sign(terms, int(self._clock.wall().timestamp() * 1000))
        except UnsignableOrderError as error:
            raise UnsignableError(str(error)) from None
        return SignedEntry(wanted.order_id, signed.venue_order_id, market.market, signed.body, wanted.valid_until)


class LiveVenue:
    """`placing` has connections of its own: orders that the venue holds up take none from cancels and questions."""

    def __init__(self, placing: ClobClient, clob: ClobClient) -> None:
        self._placing = placing
        self._clob = clob
        self._questions = asyncio.Semaphore(QUESTIONS_AT_ONCE)

    async def warm(self, connections: int) -> None:
        """Raises NotSentError."""
        await self._placing.warm(connections)
        await self._clob.warm(connections)

    async def place(self, entry: SignedEntry, last_look: LastLook) -> PlaceWord:
        answer = await self._placing.post_order(entry.body, _reached(last_look))
        reach("order_answered")
        match answer:
            case answers.Accepted(venue_order_id):
                return _checked(entry, venue_order_id)
            case answers.Rejected(reason, text):
                return Rejected(f"{reason}: {text}"[:300])
            case answers.Duplicated():
                return Duplicated()
            case answers.NotSent(text):
                return NotSent(text)
            case answers.Uncertain(reason, text, _, retry_after_seconds):
                return Uncertain(f"{reason}: {text}"[:300], retry_after_seconds)
            case _:
                assert_never(answer)

    async def cancel(self, orders: Sequence[VenueOrderId]) -> CancelWord:
        answer = await self._clob.cancel(orders)
        reach("cancel_answered")
        return CancelWord(answer.cancelled, str(answer.problem or ""))

    async def cancel_all(self) -> CancelWord:
        answer = await self._clob.cancel_all()
        return CancelWord(answer.cancelled, str(answer.problem or ""))

    async def look_up(self, orders: Sequence[OpenOrder]) -> Mapping[OrderId, OrderWord]:
        words = await asyncio.gather(*(self._word(order) for order in orders))
        return {order.order_id: word for order, word in zip(orders, words, strict=True)}

    async def foreign_candidates(self) -> list[ForeignOrder]:
        try:
            found = await self._clob.open_orders()
        except (VenueUnreachableError, VenueFrameError) as error:
            raise VenueSilentError(str(error)) from None
        if found.malformed:
            raise VenueSilentError(f"{len(found.malformed)} open orders cannot be read: {found.malformed[0]}")
        return [
            ForeignOrder(order.venue_order_id, order.market, f"{order.side} {order.shares} at {order.price}")
            for order in found.items
        ]

    async def _word(self, order: OpenOrder) -> OrderWord:
        async with self._questions:
            try:
                found = await self._clob.order(order.venue_order_id)
                return Unknown(await self._traded(order)) if found is None else _read(found)
            except (VenueUnreachableError, VenueFrameError) as error:
                log.warning("look_up_failed", order_id=order.order_id, error=str(error))
                return Unclear(str(error))

    async def _traded(self, order: OpenOrder) -> Shares:
        """By the venue's trades: an order that is closed may no longer be shown by its id. Raises VenueFrameError."""
        trades = await self._clob.trades(market=order.market)
        if trades.malformed:
            raise trades.malformed[0]
        fills = [
            fill.shares
            for trade in trades.items
            for fill in trade.fills
            if fill.venue_order_id == order.venue_order_id and fill.status is not TradeStatus.FAILED
        ]
        return sum(fills, NO_SHARES)


class LiveHeart:
    def __init__(self, clob: ClobClient) -> None:
        self._clob = clob

    async def beat(self, heartbeat_id: str) -> BeatWord:
        try:
            word = await self._clob.heartbeat(heartbeat_id)
        except (VenueUnreachableError, VenueFrameError) as error:
            return BeatFailed(str(error))
        return Beaten(word.next_id) if isinstance(word, Beat) else BeatMismatch(word.expected)


def _reached(last_look: LastLook) -> LastLook:
    """The write follows in the step of the look; the loop's next turn finds it done."""

    def look() -> str | None:
        refusal = last_look()
        reach("order_looked_at")
        asyncio.get_running_loop().call_soon(reach, "order_written")
        return refusal

    return look


def _checked(entry: SignedEntry, venue_order_id: VenueOrderId) -> PlaceWord:
    if venue_order_id.lower() == entry.venue_order_id.lower():
        return Accepted()
    log.error("order_id_differs", order_id=entry.order_id, ours=entry.venue_order_id, theirs=venue_order_id)
    return Uncertain(f"the venue calls it {venue_order_id}")


def _read(found: VenueOrder) -> OrderWord:
    match found.status:
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            return Over(str(found.status), found.matched, found.reason)
        case OrderStatus.FILLED:
            return Matched(found.matched or found.shares)
        case _:
            return Resting(found.matched)
