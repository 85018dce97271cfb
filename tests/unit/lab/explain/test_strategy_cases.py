"""Cases written from the strategy's text alone, and what it says of each."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.explain.answer import answers
from lab.explain.case import read_cases

WRITTEN = json.loads(Path("tests/fixtures/explain/strategy.json").read_text())


@pytest.mark.parametrize("written", WRITTEN["cases"], ids=lambda written: written["name"].replace(" ", "-"))
def test_the_answer_is_what_the_strategy_says(written: dict[str, Any]) -> None:
    """A reason or a price of null is one that the text leaves open."""
    cases, _ = read_cases(json.dumps(WRITTEN["base"] | written["differs"]))
    (given,) = answers(cases)
    assert given.decision == written["decision"]
    assert written["reason"] in (None, given.reason)
    assert written["price"] in (None, str(given.price))
