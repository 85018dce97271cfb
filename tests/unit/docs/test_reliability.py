"""Every promise of docs/reliability.md has a test that is there, or says honestly that it has none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.docs.test_documents import is_test, named_tests, rows_of

TEXT = Path("docs/reliability.md").read_text()
SECTIONS = re.findall(r"^### (\d)\. (.+?)\n(.*?)(?=^##)", TEXT, re.MULTILINE | re.DOTALL)
PROMISES = [cells for _, _, body in SECTIONS for cells in rows_of(body) if cells[0] != "Promise"]


def test_all_seven_sections_are_there() -> None:
    assert [number for number, _, _ in SECTIONS] == list("1234567")
    assert len(PROMISES) > 90


@pytest.mark.parametrize("cells", PROMISES, ids=lambda cells: cells[0][:60])
def test_a_promise_is_proved_or_says_that_it_is_not(cells: list[str]) -> None:
    _, proof = cells
    assert named_tests(proof) or re.search(r"not (proved|built)", proof)
    assert all(is_test(name) for name in named_tests(proof))


def test_no_promise_is_told_twice() -> None:
    told = [cells[0] for cells in PROMISES]
    assert len(set(told)) == len(told)
