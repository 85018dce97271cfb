"""A deposit wallet's cashier: the venue's relayer for the calls, its order-book API for the balances."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import assert_never

import structlog

from services.executor.domain.redemption import (
    Held,
    Progress,
    Refused,
    Signed,
    SubmitWord,
    Taken,
    Unanswered,
    left_of,
)
from services.executor.ports import LastLook, UnsignableError, VenueSilentError
from shared.domain.clock import Clock
from shared.domain.ids import TokenId
from shared.domain.market import Market, ProtocolVersion
from shared.domain.money import NO_SHARES, Cash, Shares
from shared.domain.redemption import Action
from shared.fault_points import reach
from shared.venue import relayer
from shared.venue.clob import ClobClient
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.order_terms import UNITS_PER_ONE, UnsignableOrderError
from shared.venue.wallet_calls import Batch, Call, merge_call, redeem_calls

VALID_SECONDS = 600
"""Of a signed batch, as the official client has it."""
SignBatch = Callable[[Batch], str]
log = structlog.get_logger()


class RelayerCashier:
    """`owner` signs for `wallet`, by `sign`. One batch a call: the wallet's nonce lets it act once."""

    def __init__(
        self, clob: ClobClient, client: relayer.RelayerClient, sign: SignBatch, owner: str, wallet: str, clock: Clock
    ) -> None:
        self._clob = clob
        self._relayer = client
        self._sign = sign
        self._owner = owner
        self._wallet = wallet
        self._clock = clock

    async def held(self, market: Market) -> Held:
        kind = "CONDITIONAL-V2" if market.version is ProtocolVersion.V2 else "CONDITIONAL"
        first, second = market.outcomes
        return await self._balance(kind, first.token), await self._balance(kind, second.token)

    async def sign_redemption(self, market: Market, held: Held) -> Signed:
        calls = _encoded(lambda: redeem_calls(market, [_units(shares) for shares in held]))
        return await self._signed(calls, f"Redeem {market.slug}", NO_SHARES)

    async def sign_merge(self, market: Market, held: Held, pairs: Shares) -> Signed:
        calls = _encoded(lambda: (merge_call(market, _units(pairs)),))
        return await self._signed(calls, f"Merge {pairs} of {market.slug}", left_of(Action.MERGE, held) - pairs)

    async def submit(self, signed: Signed, last_look: LastLook) -> SubmitWord:
        answer = await self._relayer.submit(signed.body, last_look)
        reach("redemption_submitted")
        match answer:
            case relayer.Submitted(transaction):
                return Taken(transaction)
            case relayer.SubmissionRefused(text):
                return Refused(text)
            case relayer.NonceSpent(text) | relayer.Busy(text) | relayer.SubmissionUnknown(text, _):
                return Unanswered(text)
            case _:
                assert_never(answer)

    async def progress(self, transaction: str) -> Progress:
        try:
            found = await self._relayer.transaction(transaction)
        except (VenueUnreachableError, VenueFrameError) as error:
            raise VenueSilentError(str(error)) from None
        if found.reason:
            log.warning("transaction_told", transaction=transaction, state=found.state, reason=found.reason)
        return Progress(found.state)

    async def spendable(self) -> Cash:
        try:
            await self._clob.refresh_balance_allowance("COLLATERAL")
            return (await self._clob.balance_allowance("COLLATERAL")).cash()
        except (VenueUnreachableError, VenueFrameError) as error:
            raise VenueSilentError(str(error)) from None

    async def _balance(self, kind: str, token: TokenId) -> Shares:
        try:
            await self._clob.refresh_balance_allowance(kind, token)
            return Shares((await self._clob.balance_allowance(kind, token)).amount)
        except (VenueUnreachableError, VenueFrameError) as error:
            raise VenueSilentError(str(error)) from None

    async def _signed(self, calls: tuple[Call, ...], metadata: str, leaves: Shares) -> Signed:
        try:
            nonce = await self._relayer.nonce(self._owner)
        except (VenueUnreachableError, VenueFrameError) as error:
            raise VenueSilentError(str(error)) from None
        deadline_seconds = int(self._clock.wall().timestamp()) + VALID_SECONDS
        batch = Batch(self._wallet, nonce, deadline_seconds, calls)
        try:
            signature = self._sign(batch)
        except UnsignableOrderError as error:
            raise UnsignableError(str(error)) from None
        body = relayer.batch_body(self._owner, batch, signature, metadata)
        return Signed(body, datetime.fromtimestamp(deadline_seconds, UTC), leaves)


def _encoded(calls: Callable[[], tuple[Call, ...]]) -> tuple[Call, ...]:
    try:
        return calls()
    except ValueError as error:
        raise UnsignableError(str(error)) from None


def _units(shares: Shares) -> int:
    return int(shares.value * UNITS_PER_ONE)
