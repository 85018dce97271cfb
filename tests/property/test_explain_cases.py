"""Whatever a case holds, it is answered or refused in one line."""

from __future__ import annotations

import copy
import json
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.explain.answer import Answer, answers
from lab.explain.case import CaseError, read_cases
from tests.unit.lab.explain.cases import BASE, POSITION, STOP_LOSS, order

WHOLE: dict[str, Any] = copy.deepcopy(BASE) | {"position": POSITION, "orders": [order("live", "0.78")]}
BOUGHT_OR_KEPT = {"bid", "take", "keep"}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(
        ["0", "1", "-1", "0.80", "1e30", "-0", "1e-18", "999999999999", "NaN", "live", "Up", "Down", [], {}]
    ),
    st.lists(st.integers(-1, 3), max_size=3),
)


def paths(document: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Of everything in it, itself apart."""
    if isinstance(document, dict):
        inner = list(cast("dict[Any, Any]", document).items())
    else:
        inner = list(enumerate(cast("list[Any]", document))) if isinstance(document, list) else []
    found: list[tuple[Any, ...]] = []
    for name, value in inner:
        found += [(*here, name), *paths(value, (*here, name))]
    return found


def said(document: dict[str, Any]) -> Answer | str:
    try:
        (answer,) = answers(read_cases(json.dumps(document))[0])
    except CaseError as refused:
        return str(refused)
    return answer


def changed(path: tuple[Any, ...], value: Any, *, is_gone: bool) -> dict[str, Any]:
    made = copy.deepcopy(WHOLE)
    place: Any = made
    for name in path[:-1]:
        place = place[name]
    if is_gone:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(paths(WHOLE)),
    ODD,
    st.booleans(),
    st.sampled_from(["entry", "resting", "exit"]),
    st.sampled_from([{}, STOP_LOSS, {"ladder_rungs": 3}, {"min_move_pct": "0.2", "entry_fair_margin": "0.05"}]),
)
def test_any_case_is_answered_or_refused_in_one_line(
    path: tuple[Any, ...], value: Any, is_gone: bool, question: str, chosen: dict[str, Any]
) -> None:
    document = changed(path, value, is_gone=is_gone)
    if path not in {("question",), ("settings",)}:
        document |= {"question": question, "settings": chosen}
    answer = said(document)
    if isinstance(answer, str):
        assert "\n" not in answer
    else:
        assert answer.decision in BOUGHT_OR_KEPT or answer.reason is not None
