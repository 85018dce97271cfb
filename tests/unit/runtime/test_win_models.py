"""Model files are plain data; what cannot be used stops the start in one line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from shared.domain.features import ENTRY_FEATURES
from shared.runtime.settings import SettingsError
from shared.runtime.win_models import MODEL_MAX_BYTES, WinModelError, load_win_model

FEATURES = ("move_pct", "up_bid")
GOOD: dict[str, object] = {
    "version": 1,
    "kind": "logistic",
    "features": list(FEATURES),
    "means": [0.0, 0.5],
    "scales": [0.2, 0.1],
    "weights": [1.0, 2],
    "intercept": -0.5,
}


def written(folder: Path, content: object) -> Path:
    path = folder / "model.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(WinModelError) as caught:
        load_win_model(path, FEATURES)
    (line,) = caught.value.lines
    assert "\n" not in line
    assert str(path) in line
    return line


def test_a_logistic_regression_is_computed_on_standardised_features(tmp_path: Path) -> None:
    model = load_win_model(written(tmp_path, GOOD), FEATURES)

    assert model.features == FEATURES
    assert model.p_up((0.2, 0.6)) == pytest.approx(1 / (1 + math.exp(-2.5)))
    assert model.p_up((0.0, 0.5)) == pytest.approx(1 / (1 + math.exp(0.5)))


@pytest.mark.parametrize(("move", "probability"), [(1e9, 1.0), (-1e9, 0.0)])
def test_an_extreme_value_gives_a_certainty_never_an_overflow(tmp_path: Path, move: float, probability: float) -> None:
    assert load_win_model(written(tmp_path, GOOD), FEATURES).p_up((move, 0.5)) == probability


def test_too_few_values_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="argument"):
        load_win_model(written(tmp_path, GOOD), FEATURES).p_up((0.2,))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "version 1"),
        ({"kind": "forest"}, "kind logistic"),
        ({"features": ["up_bid", "move_pct"]}, "has feature 'up_bid' where ours is 'move_pct'"),
        ({"features": ["move_pct"]}, "has 1 features, ours are 2"),
        ({"features": ["move_pct", "up_bid", "up_ask"]}, "has 3 features, ours are 2"),
        ({"features": "move_pct"}, "has 0 features"),
        ({"means": [0.0]}, "means must be a list of 2 numbers"),
        ({"weights": {"move_pct": 1}}, "weights must be a list of 2 numbers"),
        ({"weights": [1.0, "2"]}, "weights has '2', which is not a number"),
        ({"weights": [True, 1.0]}, "weights has True"),
        ({"weights": [math.nan, 1.0]}, "weights has nan"),
        ({"means": [0.0, math.inf]}, "means has inf"),
        ({"intercept": -math.inf}, "intercept has -inf"),
        ({"intercept": 10**400}, "intercept has 1000"),
        ({"intercept": None}, "intercept has None"),
        ({"scales": [0.0, 1.0]}, "scales must be at least"),
        ({"scales": [-1.0, 1.0]}, "scales must be at least"),
        ({"loader": "pickle"}, "in excess: loader"),
    ],
)
def test_a_model_that_is_not_ours_is_refused(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    assert reason in refusal(written(tmp_path, GOOD | change))


def test_a_model_without_a_field_is_refused(tmp_path: Path) -> None:
    assert "lacks or has in excess: means" in refusal(
        written(tmp_path, {name: value for name, value in GOOD.items() if name != "means"})
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "is not a JSON object"),
        (" " * (MODEL_MAX_BYTES + 1), f"is above {MODEL_MAX_BYTES} bytes"),
    ],
    ids=["empty", "deep", "a list", "too big"],
)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    assert reason in refusal(written(tmp_path, content))


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")

    assert "is not UTF-8 text" in refusal(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read (No such file or directory)" in refusal(tmp_path / "none.json")


def test_the_refusal_stops_a_start_like_any_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load_win_model(written(tmp_path, GOOD), ENTRY_FEATURES)
