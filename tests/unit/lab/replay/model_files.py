"""Writes small model files: an answer that is always the same, or one that leans on a single feature."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path


def model_file(folder: Path, features: Sequence[str], p_up: float = 0.5, **weights: float) -> Path:
    """Answers `p_up` where every weighted feature is 0."""
    path = folder / f"model_{len(features)}.json"
    content = {
        "version": 1,
        "kind": "logistic",
        "features": list(features),
        "means": [0.0] * len(features),
        "scales": [1.0] * len(features),
        "weights": [weights.get(name, 0.0) for name in features],
        "intercept": math.log(p_up / (1 - p_up)),
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
