"""What was decided and why, each answer once with how often it was given: what `explain` reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.bidder.domain.plan import Cancel, Decision, NoEntry, Place
from shared.domain.ids import MarketId
from shared.domain.money import Price


@dataclass(frozen=True, slots=True)
class Answer:
    """`verdict` is placed, cancelled or refused; instants are domain time."""

    market: MarketId
    outcome: str
    verdict: str
    reason: str
    price: Price | None
    repeats: int
    first_at: datetime
    last_at: datetime

    def and_later(self, later: Answer) -> Answer:
        return replace(
            self, price=later.price, repeats=self.repeats + later.repeats, last_at=max(self.last_at, later.last_at)
        )


class DecisionLog:
    """Collects between two writes; bounded, since there are only so many reasons."""

    def __init__(self) -> None:
        self._answers: dict[tuple[MarketId, str, str, str], Answer] = {}

    def add(self, market: MarketId, decision: Decision, now: datetime) -> None:
        verdict, reason = _verdict(decision)
        self._put(Answer(market, decision.outcome.name, verdict, reason, decision.price, 1, now, now))

    def take(self) -> Sequence[Answer]:
        """All since the last call."""
        taken = tuple(self._answers.values())
        self._answers.clear()
        return taken

    def put_back(self, answers: Sequence[Answer]) -> None:
        """They could not be written."""
        since = self.take()
        for answer in (*answers, *since):
            self._put(answer)

    def _put(self, answer: Answer) -> None:
        key = (answer.market, answer.outcome, answer.verdict, answer.reason)
        known = self._answers.get(key)
        self._answers[key] = answer if known is None else known.and_later(answer)


def _verdict(decision: Decision) -> tuple[str, str]:
    match decision:
        case Place():
            return "placed", ""
        case Cancel():
            return "cancelled", decision.reason.value
        case NoEntry():
            return "refused", decision.reason.value
