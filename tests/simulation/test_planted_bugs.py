"""Bugs that are planted are found: what simulates and judges is worth no more than that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.simulate.crew import Prepare, embedded_postgres, simulate_all
from tests.simulation import bugs

SEEDS_MAX = 200
BUGS = {
    bugs.book_without_a_second_look: 1,
    bugs.sign_anew_for_every_try: 1,
    bugs.tell_facts_at_most_once: 4,
    bugs.ignore_failed_trades: 1,
    bugs.trade_expired_intents: 3,
    bugs.release_what_is_uncertain_early: 3,
}
"""With the first seed that found it when it was written down: those before cost time alone."""


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with embedded_postgres() as url:
        yield url


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("plant", "first"), BUGS.items(), ids=[plant.__name__ for plant in BUGS])
def test_a_planted_bug_is_found(postgres_url: str, plant: Prepare, first: int) -> None:
    outcomes = simulate_all(range(first, SEEDS_MAX + 1), 2, postgres_url, prepare=plant)
    assert any(outcome.violations for outcome in outcomes)
