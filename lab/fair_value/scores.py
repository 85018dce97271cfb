"""How good probabilities were. A slot counts once, however often it was looked at: its instants share one outcome."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lab.fair_value.observations import Observation, Slot
from shared.domain.fair_value import FairValue

RESAMPLES = 2000
SEED = 20260608
LEAST_CHANCE = 1e-4
"""Log loss takes a certainty for this near to one: a model that is sure and wrong is fined, not ruined."""


@dataclass(frozen=True, slots=True)
class Judged:
    slot: Slot
    seconds_left: float
    p_up: float
    up_won: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the 95 % interval that resampling slots gives it."""

    mean: float
    low: float
    high: float


Loss = Callable[[Judged], float]


def judged(model: FairValue, observations: Iterable[Observation]) -> list[Judged]:
    return [
        Judged(each.slot, each.view.seconds_left, float(model.p_up(each.view)), each.slot.up_won)
        for each in observations
    ]


def brier(each: Judged) -> float:
    return (each.p_up - each.up_won) ** 2


def log_loss(each: Judged) -> float:
    p = min(max(each.p_up, LEAST_CHANCE), 1 - LEAST_CHANCE)
    return -math.log(p if each.up_won else 1 - p)


def per_slot(judgements: Iterable[Judged], loss: Loss) -> dict[Slot, float]:
    """The mean loss of each slot."""
    losses: defaultdict[Slot, list[float]] = defaultdict(list)
    for each in judgements:
        losses[each.slot].append(loss(each))
    return {slot: sum(each) / len(each) for slot, each in losses.items()}


def score(judgements: Iterable[Judged], loss: Loss) -> float:
    """The mean over slots of their mean loss. Raises ZeroDivisionError without any."""
    losses = per_slot(judgements, loss)
    return sum(losses.values()) / len(losses)


def difference(one: Iterable[Judged], other: Iterable[Judged], loss: Loss) -> Interval:
    """`one` less `other`, slot by slot; below 0, `one` is better. Both judge the same slots."""
    ones, others = per_slot(one, loss), per_slot(other, loss)
    return bootstrap([ones[slot] - others[slot] for slot in ones])


def bootstrap(values: Sequence[float]) -> Interval:
    """The same values always give the same interval."""
    draw = random.Random(SEED)  # noqa: S311 - nothing here is secret
    means = sorted(sum(draw.choices(values, k=len(values))) / len(values) for _ in range(RESAMPLES))
    return Interval(sum(values) / len(values), means[RESAMPLES * 25 // 1000], means[RESAMPLES * 975 // 1000 - 1])
