"""How long a difference may last before it counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.fills.domain.proof import Difference

GRACE_SECONDS = 15.0
"""Wall. A trade is on the chain 3 to 5 s after its match, and the venue's balance comes from a cache. A sweep, asked
for by the first look, repairs what it can within 2 s. What is left three looks later is real."""

Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Lasting:
    """A difference, when it was seen first (monotonic), and whether another look has seen the same."""

    difference: Difference
    since_seconds: float
    is_seen_again: bool = False

    def is_overdue(self, now_seconds: float) -> bool:
        return self.is_seen_again and now_seconds - self.since_seconds >= GRACE_SECONDS


def key_of(difference: Difference) -> Key:
    """The same while the excess is: both sides may move on together, by a trade that both of them know."""
    return difference.kind, difference.subject, difference.excess


def hold(held: Mapping[Key, Lasting], found: Iterable[Difference], now_seconds: float) -> dict[Key, Lasting]:
    """What this look found, each with when it was seen first. What it did not find is forgotten."""
    return {key_of(each): _held(held.get(key_of(each)), each, now_seconds) for each in found}


def _held(before: Lasting | None, difference: Difference, now_seconds: float) -> Lasting:
    if before is None:
        return Lasting(difference, now_seconds)
    return Lasting(difference, before.since_seconds, is_seen_again=True)
