"""Bugs that are planted are found: what simulates and judges is worth no more than that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.simulate.crew import Prepare, embedded_postgres, simulate_all
from tests.simulation import bugs

SEEDS_MAX = 200
BUGS = (
    bugs.book_without_a_second_look,
    bugs.sign_anew_for_every_try,
    bugs.tell_facts_at_most_once,
    bugs.ignore_failed_trades,
    bugs.trade_expired_intents,
    bugs.release_what_is_uncertain_early,
)


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with embedded_postgres() as url:
        yield url


@pytest.mark.timeout(600)
@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(postgres_url: str, plant: Prepare) -> None:
    outcomes = simulate_all(range(1, SEEDS_MAX + 1), 2, postgres_url, prepare=plant)
    assert any(outcome.violations for outcome in outcomes)
