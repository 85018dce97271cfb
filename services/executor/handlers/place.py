"""An intent or a sale becomes an order: signed, reserved with its bytes in one statement, sent, answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

import structlog

from services.executor.domain.budget import Budget
from services.executor.domain.gate import Gate
from services.executor.domain.open_order import Instruction, SignedEntry
from services.executor.domain.placing_pause import PlacingPause
from services.executor.domain.resolution import Cancel, Wait
from services.executor.domain.words import Accepted, Duplicated, NotSent, PlaceWord, Rejected, Uncertain
from services.executor.handlers.cancel import CancelOrders
from services.executor.handlers.refusals import HearRefusals
from services.executor.handlers.resolve import Resolver
from services.executor.ports import (
    Kick,
    LastLook,
    LeaseAge,
    Markets,
    Meter,
    OrderTable,
    Signer,
    Sleep,
    Spawn,
    Stage,
    TableUnavailableError,
    UnsignableError,
    Venue,
)
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, OrderId
from shared.domain.market import Market
from shared.domain.order import OrderStatus, Side, TimeInForce
from shared.messages.bidder import PlaceEntry
from shared.messages.risk import Sell

RESEND_PAUSE_SECONDS = 0.25
log = structlog.get_logger()


@dataclass(slots=True)
class _Sending:
    """An order on its way, with the monotonic seconds at which its intent was heard and its bytes were last written.

    `has_doubt`: an earlier try may have reached the venue, so that no refusal of a later one proves anything.
    """

    wanted: Instruction
    signed: SignedEntry
    heard_at_seconds: float
    written_at_seconds: float | None = None
    has_doubt: bool = False


class PlaceEntries:
    """`in_flight` are the orders whose answer this process still awaits: nobody else asks about them meanwhile."""

    def __init__(
        self,
        account: AccountId,
        signer: Signer,
        table: OrderTable,
        venue: Venue,
        resolver: Resolver,
        cancels: CancelOrders,
        markets: Markets,
        gate: Gate,
        budget: Budget,
        pause: PlacingPause,
        refusals: HearRefusals,
        lease: LeaseAge,
        clock: Clock,
        meter: Meter,
        spawn: Spawn,
        sleep: Sleep,
        kick: Kick,
    ) -> None:
        self._account = account
        self._signer = signer
        self._table = table
        self._venue = venue
        self._resolver = resolver
        self._cancels = cancels
        self._markets = markets
        self._gate = gate
        self._budget = budget
        self._pause = pause
        self._refusals = refusals
        self._lease = lease
        self._clock = clock
        self._meter = meter
        self._spawn = spawn
        self._sleep = sleep
        self._kick = kick
        self.in_flight: set[OrderId] = set()

    async def place(self, intent: PlaceEntry) -> None:
        """Returns once the order is reserved or refused; the venue's answer is awaited beside. An intent is never
        traded after `valid_until`. Raises TableUnavailableError."""
        await self._place(entry_of(intent))

    async def sell(self, command: Sell) -> None:
        """As an entry, down to any bid, also while trading is reducing; what is not sold at once is gone.

        Raises TableUnavailableError.
        """
        await self._place(exit_of(command))

    async def _place(self, intent: Instruction) -> None:
        if intent.account != self._account:
            return
        heard_at_seconds = self._clock.monotonic_seconds()
        signed = await self._prepared(intent)
        if isinstance(signed, str):
            self._refuse(intent, signed)
            return
        signed_at_seconds = self._clock.monotonic_seconds()
        refusal = await self._table.reserve(intent, signed, self._clock.now())
        self._meter.stage(Stage.RESERVE, self._clock.monotonic_seconds() - signed_at_seconds)
        if refusal is not None:
            self._refuse(intent, refusal)
            return
        self.in_flight.add(signed.order_id)
        self._spawn(f"place {signed.order_id}", self._send(_Sending(intent, signed, heard_at_seconds)))
        self._kick()

    async def _prepared(self, intent: Instruction) -> SignedEntry | str:
        """The signed order, or why there is none."""
        if refusal := self._closed(intent):
            return refusal
        market = self._markets.known(intent.market) or await self._markets.find(intent.market)
        if market is None:
            return "UNKNOWN_MARKET"
        if refusal := self._pause.refusal(intent, self._clock.monotonic_seconds()):
            return refusal
        if not self._budget.take(self._clock.monotonic_seconds(), is_urgent=intent.is_exit):
            return "VENUE_BUDGET"
        return self._signed(intent, market)

    def _closed(self, wanted: Instruction) -> str | None:
        return self._gate.refusal(
            wanted.valid_until, self._clock.wall(), lease_is_fresh=self._lease.is_fresh, is_exit=wanted.is_exit
        )

    def _signed(self, intent: Instruction, market: Market) -> SignedEntry | str:
        started_at_seconds = self._clock.monotonic_seconds()
        try:
            signed = self._signer.sign(intent, market)
        except UnsignableError as error:
            log.error("intent_unsignable", order_id=intent.order_id, error=str(error))
            return "UNSIGNABLE"
        self._meter.stage(Stage.SIGN, self._clock.monotonic_seconds() - started_at_seconds)
        return signed

    def _refuse(self, intent: Instruction, reason: str) -> None:
        self._meter.refused(reason)
        log.info("intent_refused", order_id=intent.order_id, market=intent.market, reason=reason)

    def _last_look(self, sending: _Sending) -> LastLook:
        def look() -> str | None:
            now_seconds = self._clock.monotonic_seconds()
            refusal = self._closed(sending.wanted) or self._pause.refusal(sending.wanted, now_seconds)
            if refusal is None:
                self._pause.try_now(sending.wanted, now_seconds)
                self._written(sending)
            elif sending.written_at_seconds is None:
                self._meter.refused(refusal)
            return refusal

        return look

    def _written(self, sending: _Sending) -> None:
        now_seconds = self._clock.monotonic_seconds()
        if sending.written_at_seconds is None:
            self._meter.stage(Stage.INTENT_TO_WIRE, now_seconds - sending.heard_at_seconds)
        else:
            self._budget.spend(now_seconds)
        sending.written_at_seconds = now_seconds

    async def _send(self, sending: _Sending) -> None:
        """Whatever is left open here is resolved from the table later."""
        order_id = sending.signed.order_id
        try:
            await self._until_answered(sending)
        except TableUnavailableError as error:
            log.error("answer_not_recorded", order_id=order_id, error=str(error))
        finally:
            self.in_flight.discard(order_id)

    async def _until_answered(self, sending: _Sending) -> None:
        """The same bytes again while the intent is valid, the state active and the lease ours; never other bytes."""
        signed = sending.signed
        word = await self._posted(sending)
        if isinstance(word, NotSent):
            await self._conclude(signed, "rejected", f"NOT_SENT: {word.reason}")
            return
        while not await self._is_concluded(sending, word):
            sending.has_doubt = True
            pause_seconds = self._pause_before_copy(sending.wanted, word)
            if sending.wanted.valid_until < self._clock.wall() + timedelta(seconds=pause_seconds):
                return
            await self._sleep(pause_seconds)
            if self._closed(sending.wanted) is not None:
                return
            word = await self._posted(sending)

    def _pause_before_copy(self, wanted: Instruction, word: PlaceWord) -> float:
        """The venue's wish, and what it lets everybody wait for."""
        wish_seconds = word.retry_after_seconds if isinstance(word, Uncertain) else None
        left_seconds = self._pause.left_seconds(wanted, self._clock.monotonic_seconds())
        return max(wish_seconds or RESEND_PAUSE_SECONDS, left_seconds)

    async def _posted(self, sending: _Sending) -> PlaceWord:
        signed = sending.signed
        word = await self._venue.place(signed, self._last_look(sending))
        if not isinstance(word, NotSent) and sending.written_at_seconds is not None:
            now_seconds = self._clock.monotonic_seconds()
            self._meter.stage(Stage.WIRE_TO_ANSWER, now_seconds - sending.written_at_seconds)
            self._hear(word, sending, sending.written_at_seconds, now_seconds)
        log.info("order_answered", order_id=signed.order_id, venue_order_id=signed.venue_order_id, word=repr(word))
        return word

    def _hear(self, word: PlaceWord, sending: _Sending, written_at_seconds: float, now_seconds: float) -> None:
        before = self._pause.reason()
        self._pause.hear(word, sending.wanted, written_at_seconds, now_seconds)
        if (reason := self._pause.reason()) != before:
            log.warning("placing_pause", reason=reason or None, before=before or None)
            self._meter.placing_pause(reason)

    async def _is_concluded(self, sending: _Sending, word: PlaceWord) -> bool:
        """Says whether the order's fate is known. The account's may be by now, too."""
        is_concluded = await self._take(sending, word)
        await self._refusals.hear(word, is_exit=sending.wanted.is_exit)
        return is_concluded

    async def _take(self, sending: _Sending, word: PlaceWord) -> bool:
        signed = sending.signed
        match word:
            case Accepted():
                return await self._conclude(signed, "accepted", "")
            case Rejected(reason) if sending.has_doubt:
                await self._looked_up(signed, f"COPY_REFUSED: {reason}")
                return True
            case Rejected(reason):
                return await self._conclude(signed, "rejected", reason)
            case NotSent():
                return False
            case Uncertain(reason):
                return await self._looked_up(signed, reason)
            case Duplicated():
                return await self._looked_up(signed, "DUPLICATED")
            case _:
                assert_never(word)

    async def _conclude(self, signed: SignedEntry, event: str, reason: str) -> bool:
        status = await self._table.apply(signed.order_id, event, None, reason)
        self._kick()
        if status is OrderStatus.CANCELLING:
            await self._cancel_now(signed.order_id)
        return True

    async def _looked_up(self, signed: SignedEntry, reason: str) -> bool:
        """Nobody knows: ask by id before anything else. Says whether that told."""
        await self._table.apply(signed.order_id, "uncertain", None, reason)
        self._kick()
        order = await self._table.open_order(signed.order_id)
        if order is None:
            return True
        outcome = (await self._resolver.ask([order]))[order.order_id]
        if isinstance(outcome, Cancel):
            await self._cancels.tell_venue([order])
            return True
        return not isinstance(outcome, Wait)

    async def _cancel_now(self, order_id: OrderId) -> None:
        """A cancel that came while the answer was awaited found nothing at the venue: it is due now."""
        order = await self._table.open_order(order_id)
        if order is not None:
            await self._cancels.tell_venue([order])


def entry_of(intent: PlaceEntry) -> Instruction:
    return Instruction(
        order_id=intent.order_id,
        account=intent.account,
        strategy_tag=intent.strategy_tag,
        market=intent.market,
        token=intent.token,
        outcome=intent.outcome,
        side=Side.BUY,
        rung=intent.rung,
        attempt=intent.attempt,
        price=intent.price,
        shares=intent.shares,
        time_in_force=intent.time_in_force,
        post_only=intent.post_only,
        valid_until=intent.valid_until,
    )


def exit_of(command: Sell) -> Instruction:
    """Fill and kill: partial fills are kept, nothing rests."""
    return Instruction(
        order_id=command.order_id,
        account=command.account,
        strategy_tag=command.strategy_tag,
        market=command.market,
        token=command.token,
        outcome=command.outcome,
        side=Side.SELL,
        rung=0,
        attempt=command.attempt,
        price=command.price,
        shares=command.shares,
        time_in_force=TimeInForce.FAK,
        post_only=False,
        valid_until=command.valid_until,
    )
