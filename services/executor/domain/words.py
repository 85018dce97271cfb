"""What the venue says, reduced to what decides an order's fate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.ids import MarketId, VenueOrderId
from shared.domain.money import Shares


def kind_of(reason: str) -> str:
    """How the venue's reason begins: our word for it, before its own text."""
    return reason.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The venue has the order."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused for good with proof: these bytes are no order."""

    reason: str

    @property
    def kind(self) -> str:
        return kind_of(self.reason)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not one byte left this machine in this try."""

    reason: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Nobody knows. `retry_after_seconds` is the venue's own wish, None when it had none."""

    reason: str
    retry_after_seconds: float | None = None

    @property
    def kind(self) -> str:
        return kind_of(self.reason)


@dataclass(frozen=True, slots=True)
class Duplicated:
    """The venue has seen these bytes before: look the order up."""


PlaceWord = Accepted | Rejected | NotSent | Uncertain | Duplicated


@dataclass(frozen=True, slots=True)
class Resting:
    """It works; `matched` is cumulative."""

    matched: Shares


@dataclass(frozen=True, slots=True)
class Matched:
    """All of it was matched; the fills follow by themselves."""

    matched: Shares


@dataclass(frozen=True, slots=True)
class Over:
    """The venue's last word. `event` is cancelled or expired."""

    event: str
    matched: Shares
    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not among the venue's orders; `traded` is what its trades say of it."""

    traded: Shares


@dataclass(frozen=True, slots=True)
class Unclear:
    """The venue could not be asked."""

    reason: str


OrderWord = Resting | Matched | Over | Unknown | Unclear


@dataclass(frozen=True, slots=True)
class CancelWord:
    """Ids the venue says it cancelled; all others need a look."""

    cancelled: frozenset[VenueOrderId]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """An order open at the venue under our key."""

    venue_order_id: VenueOrderId
    market: MarketId
    description: str


@dataclass(frozen=True, slots=True)
class Beaten:
    """The heartbeat was taken; the next one carries this id."""

    next_id: str


@dataclass(frozen=True, slots=True)
class BeatMismatch:
    """Another id was expected: somebody else beats for this key, or we did in an earlier life."""

    expected: str


@dataclass(frozen=True, slots=True)
class BeatFailed:
    reason: str


BeatWord = Beaten | BeatMismatch | BeatFailed
Words = Mapping[VenueOrderId, OrderWord]
