"""The table against the diffusion, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lab.fair_value.calibration import calibration
from lab.fair_value.observations import Observation
from lab.fair_value.scores import Interval, Judged, Loss, brier, difference, judged, log_loss, score
from lab.fair_value.sources import DataSet
from shared.domain.fair_value_diffusion import DiffusionFairValue
from shared.domain.fair_value_table import TableFairValue
from shared.domain.ids import Coin

LEFT_SECONDS = ((0, 60), (60, 180), (180, 300), (300, 600), (600, 900))
TRUSTS = (0.0, 0.3, 0.5, 0.7, 0.85, 1.0)
PRIORS = (3e-5, 4e-5, 5e-5, 6e-5, 8e-5)


def compared(sets: Iterable[DataSet]) -> Iterator[str]:
    """Lines of the report, on the part of each set that nothing was fitted to; all of it where nothing was."""
    unseen = [(each, _part(each, fitted=False)) for each in sets]
    table, diffusion = TableFairValue(), DiffusionFairValue
    judgements = [
        (each, judged(table, part), judged(diffusion(each.averaging_seconds), part)) for each, part in unseen if part
    ]
    yield from _scores(judgements)
    yield from _by_time_left(judgements)
    yield from _calibrations(judgements)


def fitted(sets: Iterable[DataSet]) -> Iterator[str]:
    """Log loss by trust and BTC's prior, the mean over the sets' parts that may be fitted to."""
    parts = [(each, part) for each in sets if (part := _part(each, fitted=True))]
    yield "| trust | " + " | ".join(f"prior {prior:.0e}" for prior in PRIORS) + " |"
    yield "|" + "---|" * (len(PRIORS) + 1)
    for trust in TRUSTS:
        losses = [sum(_loss(each, part, trust, prior) for each, part in parts) / len(parts) for prior in PRIORS]
        yield f"| {trust} | " + " | ".join(f"{loss:.4f}" for loss in losses) + " |"


def _loss(data: DataSet, part: list[Observation], trust: float, prior: float) -> float:
    model = DiffusionFairValue(data.averaging_seconds, trust, {Coin("btc"): prior})
    return score(judged(model, part), log_loss)


def _part(data: DataSet, *, fitted: bool) -> list[Observation]:
    return [each for each in data.observations if (each.slot.start < data.fit_until) == fitted]


Judgements = Sequence[tuple[DataSet, list[Judged], list[Judged]]]


def _scores(judgements: Judgements) -> Iterator[str]:
    yield "| data | slots | instants | score | table | diffusion | diffusion less table [95 %] |"
    yield "|---|---|---|---|---|---|---|"
    for data, table, diffusion in judgements:
        slots = len({each.slot for each in table})
        for name, loss in (("Brier", brier), ("log loss", log_loss)):
            gap = _interval(difference(diffusion, table, loss))
            yield (
                f"| {data.name} | {slots} | {len(table)} | {name} | {score(table, loss):.4f} |"
                f" {score(diffusion, loss):.4f} | {gap} |"
            )
    yield ""


def _by_time_left(judgements: Judgements) -> Iterator[str]:
    yield "| Brier by seconds left | " + " | ".join(f"{low} to {high}" for low, high in LEFT_SECONDS) + " |"
    yield "|" + "---|" * (len(LEFT_SECONDS) + 1)
    for data, *models in judgements:
        for name, judgement in zip(("table", "diffusion"), models, strict=True):
            spans = (_within(judgement, low, high) for low, high in LEFT_SECONDS)
            yield f"| {data.name}: {name} | " + " | ".join(_brief(span, brier) for span in spans) + " |"
    yield ""


def _within(judgements: list[Judged], low: float, high: float) -> list[Judged]:
    return [each for each in judgements if low < each.seconds_left <= high]


def _brief(judgements: list[Judged], loss: Loss) -> str:
    return f"{score(judgements, loss):.4f}" if judgements else ""


def _calibrations(judgements: Judgements) -> Iterator[str]:
    for data, *models in judgements:
        yield f"{data.name}: predicted, observed (instants)"
        yield ""
        yield "| model | " + " | ".join(f"{n / 10:.1f}" for n in range(10)) + " |"
        yield "|" + "---|" * 11
        for name, judgement in zip(("table", "diffusion"), models, strict=True):
            yield f"| {name} | " + " | ".join(_cells(judgement)) + " |"
        yield ""


def _cells(judgements: list[Judged]) -> list[str]:
    bins = {
        min(int(each.predicted * 10), 9): each for each in calibration((each.p_up, each.up_won) for each in judgements)
    }
    return [
        f"{bins[n].predicted:.3f}, {bins[n].observed:.3f} ({bins[n].count})" if n in bins else "" for n in range(10)
    ]


def _interval(interval: Interval) -> str:
    return f"{interval.mean:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"
