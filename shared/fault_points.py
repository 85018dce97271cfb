"""Named instants at which a process can be made to die as in a crash: nothing is flushed, nobody is told.

Armed by the environment variable FAULT_POINT, a name or name:n for its n-th time; otherwise a look at a name. In a
simulation, where many processes are one, whoever plays the process is told instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar

CRASHED = 137
POINTS: Mapping[str, str] = {
    "order_signed": "executor: signed, not yet reserved",
    "order_reserved": "executor: reserved, not yet sent",
    "order_looked_at": "executor: the last look is done, nothing is written yet",
    "order_written": "executor: written, not yet answered",
    "order_answered": "executor: answered, not yet recorded",
    "answer_recorded": "executor: the venue's word is recorded",
    "cancel_recorded": "executor: a cancel is recorded, not yet asked of the venue",
    "cancel_answered": "executor: the venue answered a cancel, not yet recorded",
    "fill_heard": "fills: heard, not yet booked",
    "fill_booked": "fills: booked, its fact not yet published",
    "fact_published": "relay: the stream has the fact, its row is not yet marked",
    "delivery_handled": "a fact is handled, not yet acknowledged",
    "intent_published": "bidder: the stream has an intent, nothing of it is remembered",
    "exit_recorded": "risk: a market is being left, nothing is sold yet",
    "sale_published": "risk: the stream has a sale, nothing of it is remembered",
    "market_settled": "settlement: booked",
    "redemption_recorded": "executor: a wallet's calls are signed and recorded, not yet sent",
    "redemption_submitted": "executor: the relayer took them, not yet recorded",
}
PASSED: Mapping[str, Sequence[str]] = {
    "discovery": ("fact_published",),
    "bidder": ("intent_published", "delivery_handled"),
    "executor": (
        *("order_signed", "order_reserved", "order_looked_at", "order_written", "order_answered", "answer_recorded"),
        *("cancel_recorded", "cancel_answered", "redemption_recorded", "redemption_submitted"),
        *("fact_published", "delivery_handled"),
    ),
    "fills": ("fill_heard", "fill_booked", "fact_published", "delivery_handled"),
    "risk": ("exit_recorded", "sale_published", "fact_published", "delivery_handled"),
    "settlement": ("market_settled", "fact_published", "delivery_handled"),
    "control": ("delivery_handled",),
    "notifier": ("delivery_handled",),
}
"""By service, where its process comes by. Fills reads a stream on paper alone."""


def _armed(text: str) -> tuple[str, int]:
    name, _, times = text.partition(":")
    if name and name not in POINTS:
        raise SystemExit(f"FAULT_POINT={text}: no such point; there are {', '.join(POINTS)}")
    return name, int(times or 1)


_point, _left = _armed(os.environ.get("FAULT_POINT", ""))


_told: ContextVar[Callable[[str], None] | None] = ContextVar("fault_points", default=None)


def reach(point: str) -> None:
    """Ends the process here if it was told so."""
    told = _told.get()
    if told is not None:
        told(point)
    elif point == _point:
        _die()


def tell_fault_points(told: Callable[[str], None]) -> None:
    """In this context `told` hears of every point that is reached, and ends the process by its own means."""
    _told.set(told)


def _die() -> None:
    global _left  # noqa: PLW0603 one process, one countdown
    _left -= 1
    if _left == 0:
        os._exit(CRASHED)
