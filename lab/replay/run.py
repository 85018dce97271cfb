"""A whole replay: from a file and the settings to its records and their sum."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.replay.frames import Frames, Progress, open_frames
from lab.replay.models import models_of
from lab.replay.records import Records
from lab.replay.slots import DURATIONS_SECONDS, Playable, Wanted, sort_out
from lab.replay.summary import Summary, summed
from lab.replay.trader import Terms
from lab.replay.world import Setup, World
from services.bidder.domain.judge import Judge
from services.bidder.domain.outlook import FairOutlook
from services.bidder.domain.rules import rules_of
from services.risk.domain.breaker import BreakerLimits
from services.risk.domain.staleness import Limits
from services.risk.domain.stop_loss import ExitRules
from shared.domain.fair_value_diffusion import DiffusionFairValue
from shared.domain.fair_value_table import TableFairValue
from shared.domain.money import Cash, Price
from shared.domain.sizing import paper_wallet, sizing_of
from shared.runtime.settings import Settings
from shared.runtime.win_models import WinModelError

FAIR_VALUES = {"table": TableFairValue, "diffusion": DiffusionFairValue}


class CannotReplayError(Exception):
    """These settings and this recording do not go together; one line says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    records: Records
    summary: Summary
    slots: tuple[Playable, ...] = ()


def replay(
    recording: Path, settings: Settings, progress: Progress | None = None, *, with_partial: bool = False
) -> Outcome:
    """`with_partial`: also the slots of which only a part was recorded. Raises BadRecordingError, CannotReplayError."""
    _refuse(settings)
    frames = open_frames(recording, progress)
    wanted = Wanted(frozenset(settings.symbols), DURATIONS_SECONDS[settings.slot_duration], with_partial)
    playable, skipped = sort_out(frames.header.slots, wanted)
    if not playable:
        reasons = ", ".join(sorted({each.reason for each in skipped})) or "it has no slots"
        raise CannotReplayError(f"{recording}: no slot can be played: {reasons}")
    world = World(setup_of(settings, frames), playable)
    with _uncollected():
        for event in frames.events():
            world.hear(event)
        world.finish()
    return Outcome(world.tell.records, summed(world, frames.header, frames.counts, skipped), tuple(playable))


@contextmanager
def _uncollected() -> Generator[None]:
    """Counting references frees all that a replay leaves behind; looking for cycles took a seventh of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def setup_of(settings: Settings, frames: Frames) -> Setup:
    """Paper, sized from the given wallet or from 200 dollars. Raises CannotReplayError."""
    sizing = sizing_of(paper_wallet(Cash(settings.wallet)), Cash(settings.order_size), Cash(settings.max_exposure))
    outlook = FairOutlook(FAIR_VALUES[settings.fair_value_model](), settings.cb_stale_seconds)
    limits = BreakerLimits(settings.cb_max_losses, Cash(settings.cb_max_drawdown), Cash(settings.cb_daily_limit))
    rules = rules_of(settings, sizing.order_size)
    try:
        models = models_of(settings, rules)
    except WinModelError as error:
        raise CannotReplayError(str(error)) from None
    judge = Judge(rules, outlook.p_up, None if models.entry is None else models.entry.p_up)
    return Setup(
        terms=Terms(judge, limits, settings.paper_fill_seconds),
        exits=ExitRules(
            peak=Price(settings.stoploss_peak),
            exit=Price(settings.stoploss_exit),
            fair_margin=settings.stoploss_fair_margin,
            threshold=settings.exit_threshold,
            has_model=models.exit is not None,
        ),
        staleness=Limits(settings.cb_stale_seconds, settings.cb_stale_cancel, settings.cb_stale_exit),
        max_exposure=sizing.max_exposure,
        maker_interval_seconds=settings.maker_interval,
        settlement_grace_seconds=settings.settlement_grace,
        settlement=frames.header.settlement,
        outlook=outlook,
        models=models,
    )


def _refuse(settings: Settings) -> None:
    if settings.mode != "paper":
        raise CannotReplayError("a replay is on paper; leave out --live")
