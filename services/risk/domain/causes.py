"""Causes of the trading state that risk answers for, as a level: what is wanted against what is listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

KILL = "kill"
STALE_BOOKS = "stale_books"
SERVICE_MISSING = "service_missing:"


class TradingState(StrEnum):
    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class Cause:
    """`cancels`: entries that rest go too, not only new ones."""

    name: str
    state: TradingState
    cancels: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Raise:
    cause: Cause


@dataclass(frozen=True, slots=True)
class Clear:
    name: str


Change = Raise | Clear


def is_ours(name: str) -> bool:
    return name == STALE_BOOKS or name.startswith(SERVICE_MISSING)


def changes(listed: Iterable[Cause], wanted: Iterable[Cause], undecided: frozenset[str] = frozenset()) -> list[Change]:
    """What makes our part of the list as wanted; causes of others, and undecided ones, stay as they are."""
    ours = {cause.name: cause for cause in listed if is_ours(cause.name)}
    goals = {cause.name: cause for cause in wanted}
    raised = [Raise(goal) for name, goal in goals.items() if not _says_the_same(ours.get(name), goal)]
    cleared = [Clear(name) for name in ours if name not in goals and name not in undecided]
    return [*raised, *cleared]


def _says_the_same(listed: Cause | None, goal: Cause) -> bool:
    """A detail that grows by the second is no change."""
    return listed is not None and (listed.state, listed.cancels) == (goal.state, goal.cancels)
