"""A replay with trained models: the entry model replaces filters 2 to 5, the exit model the stop-loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.replay.run import CannotReplayError
from shared.domain.features import ENTRY_FEATURES, EXIT_FEATURES
from tests.unit.lab.replay.model_files import model_file
from tests.unit.lab.replay.tape import DOWN, MINUTE, Tape, changes


def steady(until: int = 15 * MINUTE, bid: str = "0.80", ask: str = "0.82") -> Tape:
    """Both books and the price every ten seconds: Up's bid in range, Down's not."""
    tape = Tape().spot(0, "100")
    for at in range(0, until, 10_000):
        tape.spot(at, "100").book(at, bid, ask).book(at, "0.18", "0.20", DOWN)
    return tape


@pytest.mark.parametrize(
    ("p_up", "verdict", "reason", "liquidity"),
    [
        (0.549, "refused", "MODEL_SKIP", []),
        (0.551, "placed", "", ["maker"]),
        (0.719, "placed", "", ["maker"]),
        (0.721, "taken", "", ["taker"]),
    ],
)
def test_the_entry_models_answer_refuses_bids_or_takes(
    p_up: float, verdict: str, reason: str, liquidity: list[str], tmp_path: Path
) -> None:
    model = model_file(tmp_path, ENTRY_FEATURES, p_up)
    outcome = steady().play(tmp_path, model_path=model, order_size=30, max_exposure=100)
    answers = {(each.verdict, each.reason) for each in outcome.records.decisions if each.outcome == "Up"}
    assert (verdict, reason) in answers
    assert [each.liquidity for each in outcome.records.fills] == liquidity


def test_the_models_features_come_from_the_recordings_own_books(tmp_path: Path) -> None:
    """The bid jumped five cents within 30 s: half a minute later nothing is left of it."""
    tape = Tape().spot(0, "100")
    for at in range(0, 5 * MINUTE, 5_000):
        bid, ask = ("0.78", "0.84") if at < 2 * MINUTE else ("0.83", "0.84")
        tape.spot(at, "100").book(at, bid, ask).book(at, "0.16", "0.18", DOWN)
    model = model_file(tmp_path, ENTRY_FEATURES, 0.5, bid_change_30s=15)
    outcome = tape.play(tmp_path, model_path=model, order_size=30, max_exposure=100, paper_fill_seconds=600)
    assert changes(outcome)[:2] == [("Up", "reserved", ""), ("Up", "cancelled", "MODEL_SKIP")]
    placed, cancelled = outcome.records.orders[:2]
    into = [(each.at.minute * 60 + each.at.second) % 900 for each in (placed, cancelled)]
    assert into[0] == 120
    assert 148 <= into[1] <= 150


def test_without_a_strike_an_entry_model_lets_nothing_pass(tmp_path: Path) -> None:
    tape = Tape().quiet(0, 5 * MINUTE, "0.80", "0.82").book(5 * MINUTE, "0.18", "0.20", DOWN)
    outcome = tape.play(tmp_path, model_path=model_file(tmp_path, ENTRY_FEATURES, 0.9))
    assert outcome.records.orders == []
    assert "NO_REFERENCE_PRICE" in {each.reason for each in outcome.records.decisions}


@pytest.mark.parametrize(("p_up", "sold"), [(0.349, True), (0.351, False)])
def test_the_exit_model_sells_below_its_threshold(p_up: float, sold: bool, tmp_path: Path) -> None:
    model = model_file(tmp_path, EXIT_FEATURES, p_up)
    outcome = steady().play(tmp_path, exit_model_path=model)
    assert [each.side for each in outcome.records.fills] == (["BUY", "SELL"] if sold else ["BUY"])
    assert [each.kind for each in outcome.records.settlements] == (["sale"] if sold else ["venue"])


def test_with_an_exit_model_the_stop_loss_levels_are_off(tmp_path: Path) -> None:
    tape = steady(5 * MINUTE)
    for at in range(5 * MINUTE, 15 * MINUTE, 10_000):
        tape.spot(at, "100").book(at, "0.20", "0.22").book(at, "0.78", "0.80", DOWN)
    levels: dict[str, Any] = {"stoploss_peak": "0.75", "stoploss_exit": "0.40"}
    holds = tape.play(tmp_path, exit_model_path=model_file(tmp_path, EXIT_FEATURES, 0.6), **levels)
    assert [each.side for each in holds.records.fills] == ["BUY"]
    sells = tape.play(tmp_path, **levels)
    assert [each.side for each in sells.records.fills] == ["BUY", "SELL"]


def test_the_exit_model_sees_what_is_held(tmp_path: Path) -> None:
    """Sold when the bid is a dime below what was paid, by the exit features alone."""
    tape = steady(5 * MINUTE)
    for at in range(5 * MINUTE, 15 * MINUTE, 10_000):
        tape.spot(at, "100").book(at, "0.69", "0.71").book(at, "0.29", "0.31", DOWN)
    model = model_file(tmp_path, EXIT_FEATURES, 0.5, unrealised_per_share=10)
    outcome = tape.play(tmp_path, exit_model_path=model)
    assert [(each.side, str(each.price)) for each in outcome.records.fills] == [("BUY", "0.80"), ("SELL", "0.69")]


@pytest.mark.parametrize("setting", ["model_path", "exit_model_path"])
def test_a_model_that_cannot_be_used_is_refused_in_one_line(setting: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text("{}", encoding="utf-8")
    chosen: dict[str, Any] = {setting: path}
    with pytest.raises(CannotReplayError, match=r"model file .*must have version 1 and kind logistic"):
        steady().play(tmp_path, **chosen)
