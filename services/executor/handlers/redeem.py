"""Turns tokens into cash at the venue, one try at a time: signed, recorded, sent, and over with the venue's balances.

It changes no order, no exposure and no ledger: the settlement has counted the cash, here it becomes spendable.
"""

from __future__ import annotations

import structlog

from services.executor.domain.gate import HALTED, Gate
from services.executor.domain.redemption import (
    Over,
    Progress,
    Redemption,
    Refused,
    Signed,
    Status,
    Taken,
    Unanswered,
    over_before_it_began,
    pairs_to_merge,
    verdict,
)
from services.executor.ports import Cashier, LeaseAge, Meter, Redemptions, UnsignableError, VenueSilentError
from shared.domain.clock import Clock
from shared.domain.ids import AccountId
from shared.domain.redemption import Action
from shared.messages.settlement import MergePositions, RedeemPositions

PACE_SECONDS = 3.0
"""Between two looks: twenty submissions a minute at most, of the 25 that the relayer takes."""
log = structlog.get_logger()


class TurnToCash:
    """The table says what is under way; a command only wakes it, so one that comes twice or never changes nothing.

    The wallet does one thing at a time: the oldest try goes first, and no other is begun before its end.
    """

    def __init__(
        self,
        account: AccountId,
        redemptions: Redemptions,
        cashier: Cashier,
        gate: Gate,
        lease: LeaseAge,
        clock: Clock,
        meter: Meter,
    ) -> None:
        self._account = account
        self._redemptions = redemptions
        self._cashier = cashier
        self._gate = gate
        self._lease = lease
        self._clock = clock
        self._meter = meter
        self._next_seconds = 0.0
        self._is_looking = False

    async def asked(self, command: RedeemPositions | MergePositions) -> None:
        """Raises TableUnavailableError."""
        if command.account == self._account:
            await self.round()

    async def round(self) -> None:
        """Takes the oldest try a step further, at its pace. Raises TableUnavailableError."""
        now_seconds = self._clock.monotonic_seconds()
        if self._is_looking or now_seconds < self._next_seconds:
            return
        self._is_looking, self._next_seconds = True, now_seconds + PACE_SECONDS
        try:
            redemption = await self._redemptions.oldest_under_way()
            if redemption is not None:
                await self._advance(redemption)
        except VenueSilentError as error:
            log.warning("redemption_unanswered", error=str(error))
        finally:
            self._is_looking = False

    async def _advance(self, redemption: Redemption) -> None:
        if redemption.signed is None:
            await self._begin(redemption)
        else:
            await self._follow(redemption, redemption.signed)

    async def _begin(self, redemption: Redemption) -> None:
        held = await self._cashier.held(redemption.market)
        if (over := over_before_it_began(redemption, held)) is not None:
            await self._end(redemption, over)
            return
        if self._refusal() is not None:
            return
        try:
            if redemption.action is Action.REDEEM:
                signed = await self._cashier.sign_redemption(redemption.market, held)
            else:
                signed = await self._cashier.sign_merge(redemption.market, held, pairs_to_merge(redemption.cash, held))
        except UnsignableError as error:
            await self._end(redemption, Over(Status.FAILED, str(error)))
            return
        if await self._redemptions.sign(redemption.redemption_id, signed):
            await self._submit(redemption, signed, is_copy=False)

    async def _follow(self, redemption: Redemption, signed: Signed) -> None:
        """Balances are asked for before anything is sent again."""
        progress = Progress.UNDER_WAY
        if redemption.transaction is not None:
            progress = await self._cashier.progress(redemption.transaction)
        held = await self._cashier.held(redemption.market)
        now = self._clock.wall()
        over = verdict(redemption, signed, held, progress, now)
        if over is not None:
            await self._end(redemption, over)
        elif redemption.transaction is None and now < signed.valid_until:
            await self._submit(redemption, signed, is_copy=True)

    async def _submit(self, redemption: Redemption, signed: Signed, *, is_copy: bool) -> None:
        """The refusal of a copy proves nothing of the first one, which may be under way: balances and deadline do."""
        match await self._cashier.submit(signed, self._refusal):
            case Taken(transaction):
                log.info("redemption_submitted", redemption=redemption.redemption_id, transaction=transaction)
                await self._redemptions.submitted(redemption.redemption_id, transaction)
            case Refused(reason) if not is_copy:
                await self._end(redemption, Over(Status.FAILED, reason))
            case Refused(reason) | Unanswered(reason):
                log.warning("redemption_waits", redemption=redemption.redemption_id, reason=reason)

    async def _end(self, redemption: Redemption, over: Over) -> None:
        await self._redemptions.end(redemption.redemption_id, over)
        self._meter.redeemed(redemption.action, over.status)
        say = log.info if over.status is Status.PROVEN else log.error
        say(
            "redemption_over",
            redemption=redemption.redemption_id,
            status=over.status,
            detail=over.detail,
            cash=str(redemption.cash),
        )
        if over.status is Status.PROVEN:
            await self._tell_spendable()

    async def _tell_spendable(self) -> None:
        """The venue's order book knows of the cash only once it was told to look."""
        spendable = await self._cashier.spendable()
        self._meter.spendable(spendable)
        log.info("balance_refreshed", spendable=str(spendable))

    def _refusal(self) -> str | None:
        """Nothing new is begun or sent in `halted`, or by a holder whose lease may be over."""
        if self._gate.state == HALTED:
            return "HALTED"
        return None if self._lease.is_fresh else "LEASE_STALE"
