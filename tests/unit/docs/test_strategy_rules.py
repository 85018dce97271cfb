"""The table of the strategy's rules names places and tests that are there, and leaves no filter out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.docs.test_documents import functions_of, is_test, named_tests, quoted, rows_of

DOCUMENT = Path("docs/strategy-rules.md")
FILTERS = Path("services/bidder/domain/filters.py")
ROWS = [cells for cells in rows_of(DOCUMENT.read_text()) if cells[1] != "Where"]


def places_of(cell: str) -> set[str]:
    return {name for name in quoted(cell) if "::" in name}


@pytest.mark.parametrize("cells", ROWS, ids=lambda cells: cells[0])
def test_every_rule_has_a_place_and_a_test_that_are_there(cells: list[str]) -> None:
    assert quoted(cells[1])
    for place in places_of(cells[1]):
        path, _, function = place.partition("::")
        assert function in functions_of(Path(path)), place
    assert named_tests(cells[2])
    assert all(is_test(name) for name in named_tests(cells[2]))


def test_every_filter_of_the_code_is_in_the_table() -> None:
    filters = {name for name in functions_of(FILTERS) if re.match("refuse_", name)}
    told = {place.partition("::")[2] for cells in ROWS for place in places_of(cells[1])}
    assert filters <= told


def test_every_row_of_production_lessons_is_told() -> None:
    lessons = DOCUMENT.read_text().partition("## Learned in production")[2].partition("\n## ")[0]
    assert len([line for line in lessons.splitlines() if line.startswith("| ")]) == 16 + 2
