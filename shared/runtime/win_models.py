"""Loads trained models from plain data: a file that is read, never run (docs/models.md)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from shared.domain.win_model import LogisticModel, WinModel
from shared.runtime.settings import SettingsError

VERSION = 1
MODEL_MAX_BYTES = 1_048_576
# Within these no sum of terms can overflow, so a probability is never NaN.
NUMBER_MAX = 1e12
SCALE_MIN = 1e-12
FIELDS = frozenset({"version", "kind", "features", "means", "scales", "weights", "intercept"})


class WinModelError(SettingsError):
    """The file is no model that we can use; one line says why and what to do. It stops the start."""


def load_win_model(path: Path, features: Sequence[str]) -> WinModel:
    """The model of `path`, which must take exactly `features` in their order. Raises WinModelError."""
    try:
        return _model(_object(_text(path)), tuple(features))
    except ValueError as error:
        raise WinModelError(f"model file {path}: {error}; docs/models.md describes the format") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MODEL_MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror or error})") from None
    if len(content) > MODEL_MAX_BYTES:
        raise ValueError(f"is above {MODEL_MAX_BYTES} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None


def _object(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(read, dict):
        raise ValueError("is not a JSON object")
    return cast("dict[str, Any]", read)


def _model(read: dict[str, Any], features: tuple[str, ...]) -> LogisticModel:
    if read.get("version") != VERSION or read.get("kind") != "logistic":
        raise ValueError(f"must have version {VERSION} and kind logistic")
    if odd := sorted(FIELDS ^ read.keys()):
        raise ValueError(f"lacks or has in excess: {', '.join(odd)}")
    _same_features(read["features"], features)
    count = len(features)
    scales = _numbers(read["scales"], "scales", count)
    if min(scales, default=1.0) < SCALE_MIN:
        raise ValueError(f"scales must be at least {SCALE_MIN:g}")
    means, weights = _numbers(read["means"], "means", count), _numbers(read["weights"], "weights", count)
    return LogisticModel(features, means, scales, weights, _number(read["intercept"], "intercept"))


def _same_features(read: object, features: tuple[str, ...]) -> None:
    named = tuple(map(str, cast("list[object]", read))) if isinstance(read, list) else ()
    if named == features:
        return
    place = next((n for n, pair in enumerate(zip(named, features, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        raise ValueError(f"has {len(named)} features, ours are {len(features)}; train it anew")
    raise ValueError(f"has feature {named[place][:40]!r} where ours is {features[place]!r}; train it anew")


def _numbers(read: object, name: str, count: int) -> tuple[float, ...]:
    if not isinstance(read, list) or len(cast("list[object]", read)) != count:
        raise ValueError(f"{name} must be a list of {count} numbers")
    return tuple(_number(each, name) for each in cast("list[object]", read))


def _number(read: object, name: str) -> float:
    if isinstance(read, bool) or not isinstance(read, int | float) or not -NUMBER_MAX <= read <= NUMBER_MAX:
        raise ValueError(f"{name} has {repr(read)[:20]}, which is not a number within {NUMBER_MAX:g} of 0")
    return float(read)
