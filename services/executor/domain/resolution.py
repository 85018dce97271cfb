"""What an order's status and the venue's word make of it (design section 5, points 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from services.executor.domain.open_order import UNANSWERED, OpenOrder
from services.executor.domain.words import Matched, OrderWord, Over, Resting, Unclear, Unknown
from shared.domain.money import Shares
from shared.domain.order import OrderStatus

TAKER_HOLD_SECONDS = 0.25
"""How long the venue holds a marketable order before it shows; its pages say 150 and 250 ms."""
VISIBILITY_SECONDS = 5.0
"""How late the venue's orders and trades may show what has happened."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Wall time. After `absence` past the last instant at which anyone could have written the bytes, an order unknown
    to orders and trades is absent. A cancelled order that the venue no longer shows is released after `cancel`."""

    absence: timedelta
    cancel: timedelta

    @classmethod
    def of(cls, place_timeout_seconds: float, cancel_ttl_wall_seconds: float) -> Patience:
        return cls(
            absence=timedelta(seconds=place_timeout_seconds + TAKER_HOLD_SECONDS + VISIBILITY_SECONDS),
            cancel=timedelta(seconds=max(cancel_ttl_wall_seconds, VISIBILITY_SECONDS)),
        )


@dataclass(frozen=True, slots=True)
class Apply:
    """An event for `apply_order_event`."""

    event: str
    matched: Shares
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ask the venue to cancel it, for the first time or again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be said yet. `is_answered`: the venue was heard, and what it said decides nothing."""

    is_answered: bool = True


Step = Apply | Cancel | Wait


def resolve(order: OpenOrder, word: OrderWord, now: datetime, domain_now: datetime, patience: Patience) -> Step:
    """One step nearer to a final state; asked again until there is one."""
    match word:
        case Over(event, matched, reason):
            return Apply(event, matched, reason)
        case Resting(matched) | Matched(matched) if order.status in UNANSWERED:
            return Apply("accepted", matched)
        case Matched(matched):
            return _matched(order, matched)
        case Resting(matched):
            return _resting(order, matched, domain_now)
        case Unknown(traded):
            return _unknown(order, traded, now, patience)
        case Unclear():
            return Wait(is_answered=False)
        case _:
            assert_never(word)


def _matched(order: OpenOrder, matched: Shares) -> Step:
    """The fills end the order; where an immediate one has them all and is not whole, its rest was killed."""
    if order.is_immediate and order.filled >= matched:
        return Apply("cancelled", matched, "REST_KILLED")
    return Apply("matched", matched) if matched > order.venue_matched else Wait()


def _resting(order: OpenOrder, matched: Shares, domain_now: datetime) -> Step:
    if order.is_cancelling:
        return Cancel("STILL_RESTING")
    if order.has_ended(domain_now):
        return Cancel("MARKET_ENDED")
    return Apply("matched", matched) if matched > order.venue_matched else Wait()


def _unknown(order: OpenOrder, traded: Shares, now: datetime, patience: Patience) -> Step:
    if traded and order.status in UNANSWERED:
        return Apply("accepted", traded)
    if not (traded or order.was_seen):
        return _never_seen(order, now, patience)
    if not order.is_cancelling:
        return Cancel("GONE_AT_VENUE")
    asked_at = order.cancel_asked_at or now
    if now - asked_at >= patience.cancel:
        return Apply("cancelled", traded, "GONE_AT_VENUE")
    return Wait()


def _never_seen(order: OpenOrder, now: datetime, patience: Patience) -> Step:
    if now >= order.valid_until + patience.absence:
        return Apply("absent", Shares.of(0), "ABSENT")
    if order.status is OrderStatus.SUBMITTING:
        return Apply("uncertain", Shares.of(0), "UNANSWERED")
    return Wait()
