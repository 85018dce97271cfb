"""What a kill did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

UNKNOWN = "unknown"
FINAL = frozenset({"filled", "cancelled", "rejected", "expired"})


@dataclass(frozen=True, slots=True)
class OrderState:
    order_id: str
    status: str
    filled: Decimal

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class VenueReceipt:
    """What was cancelled past the tables. `open_now` as the venue shows it, None where it could not be asked;
    `empty_ms` is the time to the look that found nothing."""

    cancelled: int
    open_now: int | None
    empty_ms: int | None
    problem: str


@dataclass(frozen=True, slots=True)
class KillReceipt:
    """Orders by id: open at the kill, what became of them, and which are not final yet. Times are wall milliseconds.

    `closed` is true once no order of ours is working, being placed or uncertain. `halted` is false, and `problem` says
    why, while the tables could not be told; `venue` is None unless the venue had to be asked first, and on paper.
    """

    halted: bool
    trading_state: str
    actor: str
    open_at_kill: tuple[str, ...]
    cancelled: tuple[str, ...]
    filled_meanwhile: tuple[str, ...]
    still_open: tuple[str, ...]
    closed: bool
    halted_ms: int | None
    took_ms: int
    venue: VenueReceipt | None = None
    problem: str = ""


def receipt(
    trading_state: str,
    actor: str,
    before: Iterable[OrderState],
    after: Mapping[str, OrderState],
    halted_ms: int,
    took_ms: int,
    venue: VenueReceipt | None = None,
) -> KillReceipt:
    """`before` are the orders open at the kill, `after` the same ones and any that turned up since."""
    opened = {order.order_id: order for order in before}
    still_open = tuple(sorted(order.order_id for order in after.values() if not order.is_final))
    grown = (
        order.order_id
        for order in after.values()
        if order.filled > (opened[order.order_id].filled if order.order_id in opened else 0)
    )
    return KillReceipt(
        halted=True,
        trading_state=trading_state,
        actor=actor,
        open_at_kill=tuple(sorted(opened)),
        cancelled=tuple(sorted(order.order_id for order in after.values() if order.status == "cancelled")),
        filled_meanwhile=tuple(sorted(grown)),
        still_open=still_open,
        closed=not still_open,
        halted_ms=halted_ms,
        took_ms=took_ms,
        venue=venue,
    )


def not_halted(actor: str, took_ms: int, venue: VenueReceipt | None, problem: str) -> KillReceipt:
    return KillReceipt(
        halted=False,
        trading_state=UNKNOWN,
        actor=actor,
        open_at_kill=(),
        cancelled=(),
        filled_meanwhile=(),
        still_open=(),
        closed=False,
        halted_ms=None,
        took_ms=took_ms,
        venue=venue,
        problem=problem,
    )
