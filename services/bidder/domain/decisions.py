"""What was decided, why, and on what: one episode per unbroken run of the same answer. `explain` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from services.bidder.domain.candidate import Candidate
from services.bidder.domain.filters import verdicts
from services.bidder.domain.plan import Cancel, Decision, NoEntry, Place
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price
from shared.domain.verdict import Verdict

EPISODES_MAX = 10_000
"""Kept between two writes; beyond it the oldest go, and are counted."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a decision was made from: the top of each token by its sequence, spot and strike in dollars, and the
    outcome's chances as far as a filter asked for them."""

    tops: tuple[tuple[TokenId, int], ...]
    spot: Decimal | None
    spot_at: datetime | None
    strike: Decimal | None
    fair_value: Decimal | None
    model: Decimal | None


@dataclass(frozen=True, slots=True)
class Look:
    """One decision in full. `order` is the resting one that was looked at, none for an entry."""

    inputs: Inputs
    verdicts: tuple[Verdict, ...]
    order: str | None


@dataclass(frozen=True, slots=True)
class Episode:
    """`verdict` is placed, cancelled or refused; instants are domain time; `repeats` are those not yet written."""

    market: MarketId
    outcome: str
    verdict: str
    reason: str
    price: Price | None
    repeats: int
    first_at: datetime
    last_at: datetime
    first: Look | None
    last: Look | None

    @property
    def key(self) -> tuple[MarketId, str, str, str, datetime]:
        return (self.market, self.outcome, self.verdict, self.reason, self.first_at)

    def and_later(self, later: Episode) -> Episode:
        repeats, last_at = self.repeats + later.repeats, max(self.last_at, later.last_at)
        return replace(self, price=later.price, repeats=repeats, last_at=last_at, last=later.last)


@dataclass(slots=True)
class _Run:
    """An episode in the making. It keeps the candidates; they are put into words when it is taken."""

    market: MarketId
    outcome: str
    verdict: str
    reason: str
    price: Price | None
    repeats: int
    first_at: datetime
    last_at: datetime
    first: Candidate | None
    last: Candidate | None

    def episode(self) -> Episode:
        first = _look(self.first)
        last = first if self.first is self.last else _look(self.last)
        names = (self.market, self.outcome, self.verdict, self.reason)
        return Episode(*names, self.price, self.repeats, self.first_at, self.last_at, first, last)


class DecisionLog:
    """Collects between two writes. Adding is cheap: an answer that is the same as before counts up."""

    def __init__(self) -> None:
        self.dropped = 0
        self._running: dict[tuple[MarketId, str], _Run] = {}
        self._ended: list[_Run] = []
        self._unwritten: list[Episode] = []

    def add(self, market: MarketId, decision: Decision, now: datetime) -> None:
        verdict, reason = _verdict(decision)
        where = (market, decision.outcome.name)
        run = self._running.get(where)
        if run is not None and run.reason == reason and run.verdict == verdict:
            run.repeats += 1
            run.price, run.last_at, run.last = decision.price, now, decision.looked_at
            return
        if run is not None and run.repeats:
            self._end(run)
        seen = decision.looked_at
        self._running[where] = _Run(*where, verdict, reason, decision.price, 1, now, now, seen, seen)

    def take(self) -> Sequence[Episode]:
        """What happened since the last call; an episode that goes on comes again with its later repeats alone."""
        fresh = [*self._ended, *(run for run in self._running.values() if run.repeats)]
        taken = _merged([*self._unwritten, *(run.episode() for run in fresh)])
        for run in fresh:
            run.repeats, run.first = 0, run.last
        self._ended.clear()
        self._unwritten.clear()
        return taken

    def put_back(self, episodes: Sequence[Episode]) -> None:
        """They could not be written."""
        kept = [*episodes, *self._unwritten][-EPISODES_MAX:]
        self.dropped += len(episodes) + len(self._unwritten) - len(kept)
        self._unwritten = kept

    def keep(self, markets: Iterable[MarketId]) -> None:
        """Lets go of the runs of all other markets; what they said is still to be taken."""
        kept = frozenset(markets)
        for where in [where for where in self._running if where[0] not in kept]:
            run = self._running.pop(where)
            if run.repeats:
                self._end(run)

    def _end(self, run: _Run) -> None:
        if len(self._ended) >= EPISODES_MAX:
            del self._ended[0]
            self.dropped += 1
        self._ended.append(run)


def _merged(episodes: Iterable[Episode]) -> Sequence[Episode]:
    """One of each key, in the order of their first."""
    by_key: dict[tuple[MarketId, str, str, str, datetime], Episode] = {}
    for each in episodes:
        known = by_key.get(each.key)
        by_key[each.key] = each if known is None else known.and_later(each)
    return tuple(by_key.values())


def _look(c: Candidate | None) -> Look | None:
    if c is None:
        return None
    order = None if c.resting is None else c.resting.order_id
    words = verdicts(c)
    return Look(_inputs(c), words, order)


def _inputs(c: Candidate) -> Inputs:
    tops = tuple((quote.token, quote.sequence) for quote in c.state.quotes.values())
    spot, strike = c.state.spot, c.state.strike
    fair_value, model = c.seen_chances()
    return Inputs(
        tops=tops,
        spot=None if spot is None else spot.price,
        spot_at=None if spot is None else spot.at,
        strike=None if strike is None else strike.price,
        fair_value=fair_value,
        model=model,
    )


def _verdict(decision: Decision) -> tuple[str, str]:
    match decision:
        case Place():
            return "placed", ""
        case Cancel():
            return "cancelled", decision.reason.value
        case NoEntry():
            return "refused", decision.reason.value
