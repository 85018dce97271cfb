"""The examples of docs/explain.md are answers that were given, and its fields are those there are."""

import io
import re
from pathlib import Path

import pytest

from cli.app import run
from cli.errors import EXIT_OK
from lab.explain.case import Case, CaseBook, CaseMarket, CaseOrder, CasePosition
from services.bidder.domain import reasons as entries
from services.risk.domain import stop_loss as exits

TEXT = Path("docs/explain.md").read_text()
EXAMPLES = re.findall(r"```json\n(.*?)```\n\n```text\n(.*?)```", TEXT, re.DOTALL)
OF_TRANSITIONS = {"DUPLICATE_ORDER", "DUPLICATE_FILL", "OVERSIZE_FILL", "UNKNOWN_ORDER"}


@pytest.mark.parametrize(("case", "answer"), EXAMPLES)
def test_an_example_is_answered_as_the_document_says(
    case: str, answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(case))
    assert run(["explain", "--case", "-"]) == EXIT_OK
    said = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert said == answer.splitlines()


def test_there_are_three_examples() -> None:
    assert len(EXAMPLES) == 3


def test_every_field_is_documented() -> None:
    fields = {name for part in (Case, CaseMarket, CaseBook, CaseOrder, CasePosition) for name in part.model_fields}
    assert {name for name in fields if f"`{name}`" not in TEXT} == set()


def test_every_code_is_documented() -> None:
    codes = {*entries.Reason, *exits.Reason} - OF_TRANSITIONS
    assert {code for code in codes if not re.search(rf"\b{code}\b", TEXT)} == set()
