"""Takes orders and cancels off the wire, with what may go wrong between there and the book."""

import asyncio
from contextlib import suppress

from venue_sim.errors import VenueError, no_orderbook
from venue_sim.facts import KeyIssued
from venue_sim.intake import WireRequest
from venue_sim.orders import DELAYED, LIVE, Order
from venue_sim.timeline import Action
from venue_sim.units import amount_text
from venue_sim.wire import Payload
from venue_sim.world import World


class OrderDesk:
    """One per simulator."""

    def __init__(self, world: World) -> None:
        self._exchange = world.exchange
        self._faults = world.exchange.faults
        self._timeline = world.timeline

    async def place(self, wanted: WireRequest, key: KeyIssued) -> Payload:
        """Admits an order and, when it takes, waits out the taker hold. Raises VenueError."""
        self._refuse(wanted)
        order = self._exchange.admit(wanted, key)
        if delay_ms := self._faults.delays("order_delayed"):
            if order.status == DELAYED:
                self._later(delay_ms, lambda: self._release(order))
            return _answer(order.id, "delayed", "")
        if order.status == DELAYED:
            await asyncio.sleep(self._hold_ms() / 1000)
            self._exchange.release(order)
        if self._faults.strikes("request_repeated"):
            self._exchange.admit(wanted, key)
        return _placed(order)

    async def place_leg(self, wanted: WireRequest, key: KeyIssued) -> Payload:
        """A refused leg says success and carries its error, as the venue's do."""
        if self._faults.strikes("leg_refused"):
            return _answer("", "delayed", f"Rate limit exceeded for tokenId {wanted.order.tokenId}")
        try:
            return await self.place(wanted, key)
        except VenueError as error:
            return _answer("", "", error.message)

    def cancel(self, order_ids: list[str], key: KeyIssued) -> Payload:
        """What is said to be cancelled may have been filled, or may rest a little longer."""
        said = [order_id for order_id in order_ids if self._is_only_said(order_id, key)]
        done = [order_id for order_id in order_ids if order_id not in said]
        cancelled, refused = self._exchange.cancel(done, key.api_key)
        return {"canceled": [*said, *cancelled], "not_canceled": refused}

    def _refuse(self, wanted: WireRequest) -> None:
        """Raises VenueError for a market that the order book lacks, and after a restart for what may take."""
        found = self._exchange.state.by_token.get(wanted.order.tokenId)
        if found is not None and self._exchange.is_missing(found[0], "book_missing"):
            raise no_orderbook()
        if not wanted.postOnly and self._faults.strikes("post_only"):
            text = "post-only mode: only post-only orders are accepted"
            raise VenueError(503, text, code="post_only_mode", retry_after_seconds=1)

    def _hold_ms(self) -> int:
        return self._faults.delays("taker_held") or self._exchange.settings.taker_hold_ms

    def _release(self, order: Order) -> None:
        """Nobody waits for the answer any more."""
        with suppress(VenueError):
            self._exchange.release(order)

    def _later(self, delay_ms: int, action: Action) -> None:
        self._timeline.at_wall(self._exchange.clock.wall_ms() + delay_ms, action)

    def _is_only_said(self, order_id: str, key: KeyIssued) -> bool:
        order = self._exchange.state.orders.get(order_id)
        if order is None or order.terms.api_key != key.api_key or order.status != LIVE:
            return False
        if delay_ms := self._faults.delays("cancel_slow"):
            self._later(delay_ms, lambda: self._cancel_at_last(order))
            return True
        if self._faults.strikes("cancel_too_late"):
            self._exchange.overtake(order)
            return False
        if self._faults.strikes("cancel_part_filled"):
            self._exchange.overtake(order, part=2)
            return False
        if self._faults.strikes("cancel_overtaken"):
            self._exchange.overtake(order)
            return True
        return False

    def _cancel_at_last(self, order: Order) -> None:
        self._exchange.cancel([order.id], order.terms.api_key)


def _placed(order: Order) -> Payload:
    making, taking = (order.paid, order.matched) if order.terms.side == "BUY" else (order.matched, order.paid)
    answer = _answer(order.id, "matched" if order.matched else "live", "")
    if order.matched:
        answer |= {"makingAmount": amount_text(making), "takingAmount": amount_text(taking), "tradeIDs": order.trades}
    return answer


def _answer(order_id: str, status: str, error: str) -> Payload:
    return {
        "success": True,
        "errorMsg": error,
        "orderID": order_id,
        "status": status,
        "makingAmount": "",
        "takingAmount": "",
        "transactionsHashes": [],
        "tradeIDs": [],
    }
