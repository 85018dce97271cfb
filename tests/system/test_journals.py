"""What every service decided in a run of the real processes is decided again from its journal, to the letter."""

import pytest

from lab.replay.journals import SCRIBES, compare_all
from tests.system.run import Ended, journals_of

pytestmark = pytest.mark.system


def test_a_live_runs_journals_give_exactly_its_decisions(ended: Ended) -> None:
    assert_agrees(ended)


def test_a_paper_runs_journals_give_exactly_its_decisions_with_fill_and_settlement(on_paper: Ended) -> None:
    assert (on_paper.summary["mode"], on_paper.exit_code) == ("paper", 0), on_paper.said
    assert min(on_paper.summary["fills"], on_paper.summary["settled"]) >= 1
    assert_agrees(on_paper)


def assert_agrees(run: Ended) -> None:
    compared = compare_all(journals_of(run.home))
    assert {each.journal.partition("-")[0] for each in compared} == set(SCRIBES)
    assert [str(each.otherwise) for each in compared if each.otherwise is not None] == []
    assert min(min(each.inputs, each.deeds) for each in compared) > 0
    assert b"journal_ended" not in b"".join(run.home.log_of(name).read_bytes() for name in SCRIBES)
