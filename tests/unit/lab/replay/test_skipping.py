"""A replay looks only where something can have changed; looking at everything gives the same."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.replay import run
from lab.replay.frames import TopSeen
from lab.replay.run import Outcome, replay
from lab.replay.watched import TokenBook, Watched
from lab.replay.world import World
from shared.domain.features import ENTRY_FEATURES, EXIT_FEATURES
from shared.runtime.settings import load_settings
from tests.unit.lab.replay.model_files import model_file
from tests.unit.lab.replay.tape import DOWN, MINUTE, UP, Tape, slot

COMMITTED = Path("venue_sim/recordings/btc15m_2026-04-01.jsonl.gz")
PRICES = ("0.30", "0.39", "0.40", "0.74", "0.75", "0.76", "0.80", "0.85", "0.86", "0.95")
CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"stoploss_peak": "0.75", "stoploss_exit": "0.40"},
    {"ladder_rungs": 3, "order_size": 8},
    {"min_book_depth": 50},
    {"min_move_pct": "0.05", "stoploss_peak": "0.75", "stoploss_exit": "0.40"},
    {"entry_fair_margin": "0.05", "min_entry_minutes": 2, "max_entry_minutes": 9},
    {"taker": True, "avoid_hours_utc": "8"},
)


class Thorough(World):
    """Every book is news."""

    def _show(self, market: Watched, book: TokenBook, seen: TopSeen) -> bool:
        super()._show(market, book, seen)
        return True


def told(outcome: Outcome) -> tuple[object, ...]:
    """All that happened, and how often each answer was given."""
    records = outcome.records
    answers = [
        (each.market, each.outcome, each.verdict, each.reason, each.repeats, each.first_at)
        for each in records.decisions
    ]
    return answers, records.orders, records.fills, records.settlements, records.shadows, outcome.summary.exposure_peak


def both(recording: Path, monkeypatch: pytest.MonkeyPatch, **chosen: Any) -> tuple[Outcome, Outcome]:
    loaded = load_settings(None, {name: str(value) for name, value in chosen.items()}, {})
    quick = replay(recording, loaded)
    with monkeypatch.context() as patch:
        patch.setattr(run, "World", Thorough)
        return quick, replay(recording, loaded)


moments = st.tuples(
    st.sampled_from((0, 50, 700, 4_000, 11_000, 31_000)),
    st.sampled_from((UP, UP, UP, DOWN)),
    st.sampled_from((None, *PRICES)),
    st.sampled_from((None, "0.01", "0.01", "0.02", "0.04")),
    st.sampled_from(("10", "100")),
    st.sampled_from(("100", "100.1", "101")),
)


def tape_of(steps: Sequence[tuple[int, str, str | None, str | None, str, str]]) -> Tape:
    tape, at = Tape(slots=[slot(winner=1)]), 0
    for wait, token, bid, spread, size, spot in steps:
        at += wait
        ask = None if bid is None or spread is None else str(Decimal(bid) + Decimal(spread))
        tape.spot(at, spot).book(at, bid, ask, token, size)
    return tape.book(max(at, 14 * MINUTE), "0.80", "0.81")


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(moments, min_size=20, max_size=60), chosen=st.sampled_from(CHOICES))
def test_skipping_changes_no_decision_order_or_result(
    steps: list[tuple[int, str, str | None, str | None, str, str]],
    chosen: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        quick, thorough = both(tape_of(steps).write(Path(folder)), monkeypatch, **chosen)
    assert told(quick) == told(thorough)


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda chosen: " ".join(chosen) or "defaults")
def test_skipping_changes_nothing_on_the_shipped_recording(
    chosen: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick, thorough = both(COMMITTED, monkeypatch, **chosen)
    assert told(quick) == told(thorough)


def test_skipping_changes_nothing_with_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They lean on what changes with time and with either book."""
    entry = model_file(tmp_path, ENTRY_FEATURES, 0.3, minutes_into_slot=0.02, bid_change_30s=5, book_pressure=0.3)
    leave = model_file(tmp_path, EXIT_FEATURES, 0.5, unrealised_per_share=8, minutes_left=0.01)
    sizes = {"order_size": 30, "max_exposure": 100}
    quick, thorough = both(COMMITTED, monkeypatch, model_path=entry, exit_model_path=leave, **sizes)
    assert quick.records.fills
    assert told(quick) == told(thorough)


def test_two_runs_tell_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_settings(None, {}, {})
    assert told(replay(COMMITTED, loaded)) == told(replay(COMMITTED, loaded))
