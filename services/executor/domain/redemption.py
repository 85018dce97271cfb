"""Tokens on their way to cash: what the venue's balances and the relayer's word make of one try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from shared.domain.ids import RedemptionId
from shared.domain.market import Market
from shared.domain.money import NO_SHARES, Cash, Shares
from shared.domain.redemption import Action

LATEST_BLOCK = timedelta(seconds=60)
"""After the deadline, until no block can still carry the calls and the venue shows what the last one did."""

Held = tuple[Shares, Shares]
"""What the venue says the wallet has of a market's two outcomes, in their order."""


class Status(StrEnum):
    """From first to last; the latter two are final."""

    REQUESTED = "requested"
    SUBMITTED = "submitted"
    PROVEN = "proven"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Signed:
    """Calls of the wallet, signed: executed once at most, and never after `valid_until` (wall). `leaves` is what of the
    market they leave at the venue (`left_of`)."""

    body: bytes
    valid_until: datetime
    leaves: Shares


@dataclass(frozen=True, slots=True)
class Redemption:
    """One try. `signed` is None before anything could have been sent, `transaction` None before the relayer took it."""

    redemption_id: RedemptionId
    market: Market
    action: Action
    cash: Cash
    status: Status
    signed: Signed | None
    transaction: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """The relayer has the calls."""

    transaction: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A final no to these bytes."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Not now, or nobody knows: the same bytes may be sent again, they cannot act twice."""

    reason: str


SubmitWord = Taken | Refused | Unanswered


class Progress(StrEnum):
    UNDER_WAY = "under_way"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Over:
    """The try has ended; `detail` says how that is known."""

    status: Status
    detail: str


def left_of(action: Action, held: Held) -> Shares:
    """What is still to be turned into cash: of a resolved market all, of another one the pairs."""
    return max(held) if action is Action.REDEEM else min(held)


def pairs_to_merge(cash: Cash, held: Held) -> Shares:
    """Whole ones, no more than asked for and no more than there are."""
    whole = min(held).value.quantize(Decimal(1), ROUND_DOWN)
    return Shares(min(whole, cash.value))


def over_before_it_began(redemption: Redemption, held: Held) -> Over | None:
    """Nothing was signed yet and there is nothing to sign for. All gone: the owner's hand or the venue turned it."""
    if max(held) == NO_SHARES:
        return Over(Status.PROVEN, "nothing was left at the venue")
    if redemption.action is Action.MERGE and not pairs_to_merge(redemption.cash, held):
        return Over(Status.FAILED, f"no pair at the venue: it holds {held[0]} and {held[1]}")
    return None


def verdict(redemption: Redemption, signed: Signed, held: Held, progress: Progress, now: datetime) -> Over | None:
    """By the balances, once a known transaction is final; None while it may still act. `now` is wall time.

    Balances that do not show it yet are waited for, also after a confirmation, until the deadline has passed.
    """
    is_past = now > signed.valid_until + LATEST_BLOCK
    if left_of(redemption.action, held) <= signed.leaves:
        is_mined_only = redemption.transaction is not None and progress is Progress.UNDER_WAY and not is_past
        return None if is_mined_only else Over(Status.PROVEN, f"the venue holds {held[0]} and {held[1]}")
    if progress is Progress.FAILED:
        return Over(Status.FAILED, "the transaction failed")
    return Over(Status.FAILED, f"{progress} and without effect by its deadline") if is_past else None
