"""An early exit under way (strategy section 9): entries closed first, then confirmed shares sold, try after try.

Nothing of it needs to be remembered: guard, orders and position say where a restart goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN

from services.risk.domain.stop_loss import ExitDecision, Reason, Sell
from shared.domain.ids import OrderId
from shared.domain.money import SHARE_STEP, Price, Shares

SALE_PRICE = Price.of("0.01")
"""Any bid is taken."""
VALID_SECONDS = 1.0
UNHEARD_SECONDS = 2.0
"""Wall: a sale of which no order was heard by then was refused, or its command lost; it cannot be placed any more."""
ASK_AGAIN_SECONDS = 5.0
TRIES_A_TICK = 3
BACKOFF_SECONDS = (0.25, 0.5)
"""After the first and the second try of a tick."""
TICK_SECONDS = 1.0
SOLD_PAUSE_SECONDS = 0.25
"""Fill and position are told by two streams; the position may still be on its way."""
FAILED_TICKS_MAX = 3


@dataclass(frozen=True, slots=True)
class Ground:
    """What guard, orders and position say. `confirmed`: shares that may be sold, those in open sales taken out;
    `sales`: how many sales of this position were ever ordered; `selling`: one of them is not over."""

    is_exited: bool
    are_entries_closed: bool
    confirmed: Shares
    sales: int
    selling: bool

    @property
    def sellable(self) -> Shares:
        return Shares(self.confirmed.value.quantize(SHARE_STEP, ROUND_DOWN))


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


@dataclass(frozen=True, slots=True)
class AskToClose:
    """Set the guard EXITED and have the market's entries cancelled, in one commit."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Offer:
    """Sell that many shares down to any bid; `attempt` counts the sales before it."""

    attempt: int
    shares: Shares
    reason: Reason


Step = Nothing | AskToClose | Offer


@dataclass(frozen=True, slots=True)
class Leaving:
    """Instants are monotonic seconds. `order`: the sale whose end is awaited, until `until_seconds` at most where it
    is not heard of. `is_over`: the venue has no order book for it any more."""

    order: OrderId | None = None
    until_seconds: float = 0.0
    not_before_seconds: float = 0.0
    next_attempt: int = 0
    tries: int = 0
    failed_ticks: int = 0
    is_alerted: bool = False
    is_over: bool = False


def next_step(leaving: Leaving, decision: ExitDecision, ground: Ground, now_seconds: float) -> tuple[Leaving, Step]:
    """One look. The decision is this instant's: a bid that recovered stops the tries before the next one."""
    if not isinstance(decision, Sell) or leaving.is_over or leaving.order is not None:
        return leaving, Nothing()
    if now_seconds < leaving.not_before_seconds:
        return leaving, Nothing()
    if not (ground.is_exited and ground.are_entries_closed):
        return replace(leaving, not_before_seconds=now_seconds + ASK_AGAIN_SECONDS), AskToClose(decision.reason)
    if ground.selling or not ground.sellable:
        return leaving, Nothing()
    attempt = max(ground.sales, leaving.next_attempt)
    return replace(leaving, next_attempt=attempt + 1), Offer(attempt, ground.sellable, decision.reason)


def offered(leaving: Leaving, order: OrderId, now_seconds: float) -> Leaving:
    return replace(leaving, order=order, until_seconds=now_seconds + UNHEARD_SECONDS)


def entries_closed(leaving: Leaving) -> Leaving:
    """Nothing to wait for any more."""
    return leaving if leaving.order else replace(leaving, not_before_seconds=0.0)


def heard(leaving: Leaving, order: OrderId) -> Leaving:
    """It became an order: its end will be told, however long that takes."""
    return replace(leaving, until_seconds=float("inf")) if order == leaving.order else leaving


def is_unheard(leaving: Leaving, now_seconds: float) -> bool:
    return leaving.order is not None and now_seconds >= leaving.until_seconds


def sold(leaving: Leaving, now_seconds: float) -> Leaving:
    """In part or whole; the count of failures begins anew."""
    return Leaving(next_attempt=leaving.next_attempt, not_before_seconds=now_seconds + SOLD_PAUSE_SECONDS)


def failed(leaving: Leaving, now_seconds: float) -> tuple[Leaving, bool]:
    """A try that sold nothing. Also whether the operator is to be told: once, after three failed ticks in a row."""
    tries = leaving.tries + 1
    if tries < TRIES_A_TICK:
        pause_seconds = BACKOFF_SECONDS[tries - 1]
        return replace(leaving, order=None, tries=tries, not_before_seconds=now_seconds + pause_seconds), False
    ticks = leaving.failed_ticks + 1
    alerts = ticks >= FAILED_TICKS_MAX and not leaving.is_alerted
    return replace(
        leaving,
        order=None,
        tries=0,
        failed_ticks=ticks,
        is_alerted=leaving.is_alerted or alerts,
        not_before_seconds=now_seconds + TICK_SECONDS,
    ), alerts


def no_order_book(leaving: Leaving) -> Leaving:
    """The venue's word: there is nobody left to sell to; the position awaits its settlement."""
    return replace(leaving, order=None, is_over=True)
