"""The settings that decide entries, as the domain wants them (strategy section 11)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from shared.domain.money import Cash, Price, Shares

MinSizePolicy = Literal["refuse", "raise"]
EntryMode = Literal["hardcoded", "ml-hybrid", "ml-dynamic"]
OFF = Decimal(0)
NO_LEAST_DEPTH = Shares(OFF)


@dataclass(frozen=True, slots=True)
class Rules:
    """Minutes are real minutes into the slot, moves percent, probabilities 0 to 1; 0 = off where a setting has an off.

    `stale_seconds` (domain time) is how old a book or a spot may be. `books_show_own_orders` is false in paper: what
    was never sent is on nobody's book.
    """

    strategy_tag: str
    target_bid: Price
    max_bid: Price
    ladder_rungs: int
    min_entry_minutes: Decimal
    max_entry_minutes: Decimal
    order_size: Cash
    min_size_policy: MinSizePolicy
    stale_seconds: float
    books_show_own_orders: bool
    min_move_pct: Decimal = OFF
    max_move_pct: Decimal = OFF
    entry_fair_margin: Decimal = OFF
    min_book_depth: Shares = NO_LEAST_DEPTH
    avoid_hours_utc: frozenset[int] = frozenset()
    spread_size_mult: Decimal = OFF
    entry_mode: EntryMode = "hardcoded"
    min_edge: Decimal = Decimal("0.03")
    no_edge_decay: bool = False
    hybrid_skip_below: Decimal = Decimal("0.55")
    hybrid_taker_above: Decimal = Decimal("0.72")
    taker: bool = False

    @property
    def is_ladder(self) -> bool:
        return self.ladder_rungs > 1


@dataclass(frozen=True, slots=True)
class Account:
    """What an entry asks of the account. Only a first look: the reservation holds the limit."""

    trading_state: str
    headroom: Cash


class Chosen(Protocol):
    """The settings by the names of section 11, wherever they come from."""

    @property
    def strategy_tag(self) -> str: ...
    @property
    def target_bid(self) -> Decimal: ...
    @property
    def max_bid(self) -> Decimal: ...
    @property
    def ladder_rungs(self) -> int: ...
    @property
    def min_entry_minutes(self) -> Decimal: ...
    @property
    def max_entry_minutes(self) -> Decimal: ...
    @property
    def min_size_policy(self) -> MinSizePolicy: ...
    @property
    def cb_stale_seconds(self) -> float: ...
    @property
    def mode(self) -> str: ...
    @property
    def min_move_pct(self) -> Decimal: ...
    @property
    def max_move_pct(self) -> Decimal: ...
    @property
    def entry_fair_margin(self) -> Decimal: ...
    @property
    def min_book_depth(self) -> Decimal: ...
    @property
    def avoid_hours_utc(self) -> tuple[int, ...]: ...
    @property
    def spread_size_mult(self) -> Decimal: ...
    @property
    def entry_mode(self) -> EntryMode: ...
    @property
    def min_edge(self) -> Decimal: ...
    @property
    def no_edge_decay(self) -> bool: ...
    @property
    def hybrid_skip_below(self) -> Decimal: ...
    @property
    def hybrid_taker_above(self) -> Decimal: ...
    @property
    def taker(self) -> bool: ...


def rules_of(chosen: Chosen, order_size: Cash) -> Rules:
    """`order_size` as it was derived from the wallet."""
    return Rules(
        strategy_tag=chosen.strategy_tag + ("_taker" if chosen.taker else ""),
        target_bid=Price(chosen.target_bid),
        max_bid=Price(chosen.max_bid),
        ladder_rungs=chosen.ladder_rungs,
        min_entry_minutes=chosen.min_entry_minutes,
        max_entry_minutes=chosen.max_entry_minutes,
        order_size=order_size,
        min_size_policy=chosen.min_size_policy,
        stale_seconds=chosen.cb_stale_seconds,
        books_show_own_orders=chosen.mode == "live",
        min_move_pct=chosen.min_move_pct,
        max_move_pct=chosen.max_move_pct,
        entry_fair_margin=chosen.entry_fair_margin,
        min_book_depth=Shares(chosen.min_book_depth),
        avoid_hours_utc=frozenset(chosen.avoid_hours_utc),
        spread_size_mult=chosen.spread_size_mult,
        entry_mode=chosen.entry_mode,
        min_edge=chosen.min_edge,
        no_edge_decay=chosen.no_edge_decay,
        hybrid_skip_below=chosen.hybrid_skip_below,
        hybrid_taker_above=chosen.hybrid_taker_above,
        taker=chosen.taker,
    )
