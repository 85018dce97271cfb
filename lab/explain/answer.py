"""What would be done, and every filter up to the one that decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.explain import leaving
from lab.explain.case import Case, CaseError
from lab.explain.scene import Scene, judge_of, scene_of
from services.bidder.domain.plan import Cancel, Keep, NoEntry, Place, explain_entry, explain_resting
from services.risk.domain.stop_loss import AwaitSettlement, ExitDecision, Hold, Sell, StandDown, Wait
from shared.domain.money import Price, Shares
from shared.domain.order import RESTING, Order
from shared.domain.verdict import Verdict
from shared.runtime.settings import SettingsError


@dataclass(frozen=True, slots=True)
class Answer:
    """`decision` is bid, take or refuse; keep or cancel; hold, wait, sell or stand_down. `reason` is a code, None where
    something is bought or kept. `price` in dollars and `shares` are those of the order that is meant, if any."""

    decision: str
    reason: str | None
    price: Price | None
    shares: Shares | None
    filters: tuple[Verdict, ...]


def answers(cases: Sequence[Case]) -> tuple[Answer, ...]:
    """Raises CaseError for the first case that cannot be answered."""
    return tuple(_numbered(number, case) for number, case in enumerate(cases, 1))


def answer(case: Case) -> Answer:
    """Raises SettingsError, CaseError."""
    scene = scene_of(case)
    match case.question:
        case "entry":
            return _entry(scene)
        case "resting":
            return _resting(scene)
        case "exit":
            return _exit(scene)


def _numbered(number: int, case: Case) -> Answer:
    try:
        return answer(case)
    except SettingsError as error:
        raise CaseError(f"case {number}: settings: {error.lines[0]}") from None
    except CaseError as error:
        raise CaseError(f"case {number}: {error}") from None


def _entry(scene: Scene) -> Answer:
    decision, filters = explain_entry(scene.state, scene.outcome, scene.account, judge_of(scene), scene.case.now)
    match decision:
        case Place():
            return Answer("take" if decision.takes else "bid", None, decision.price, decision.shares, filters)
        case NoEntry():
            return Answer("refuse", decision.reason.value, decision.price, None, filters)


def _resting(scene: Scene) -> Answer:
    order = _first_resting(scene)
    judge, now = judge_of(scene), scene.case.now
    decision, filters = explain_resting(scene.state, scene.outcome, order, scene.account, judge, now)
    match decision:
        case Keep():
            return Answer("keep", None, order.price, order.remaining, filters)
        case Cancel():
            return Answer("cancel", decision.reason.value, order.price, order.remaining, filters)


def _first_resting(scene: Scene) -> Order:
    """Of the evaluated outcome; the first order there is where none of them rests."""
    mine = [order for order in scene.orders.values() if order.outcome == scene.outcome.name]
    return next((order for order in mine if order.status in RESTING), mine[0])


def _exit(scene: Scene) -> Answer:
    decision, filters = leaving.explain_exit(scene)
    word, reason = _exit_word(decision), decision.reason.value
    if isinstance(decision, Sell):
        return Answer(word, reason, leaving.SALE_PRICE, leaving.sellable(scene), filters)
    return Answer(word, reason, None, None, filters)


def _exit_word(decision: ExitDecision) -> str:
    match decision:
        case Sell():
            return "sell"
        case Wait():
            return "wait"
        case StandDown():
            return "stand_down"
        case Hold() | AwaitSettlement():
            return "hold"
