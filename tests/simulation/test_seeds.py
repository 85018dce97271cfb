"""Some seeds of the simulation, as `tdmaker simulate` runs them by the thousand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.simulate.crew import embedded_postgres, simulate_all
from cli.simulate.plan import TROUBLE_SECONDS, blows

SEEDS = range(1, 9)


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with embedded_postgres() as url:
        yield url


@pytest.mark.timeout(300)
def test_seeds_trade_and_nothing_differs(postgres_url: str) -> None:
    outcomes = list(simulate_all(SEEDS, 2, postgres_url))
    assert [(each.seed, each.violations) for each in outcomes] == [(seed, []) for seed in SEEDS]
    assert sum(each.fills for each in outcomes) > len(SEEDS)
    assert sum(each.turned for each in outcomes) > 0
    assert sum(each.deeds.get("twin", 0) for each in outcomes) > 0


@pytest.mark.timeout(300)
def test_a_seed_repeats_to_the_last_statement(postgres_url: str) -> None:
    first, again = simulate_all((3, 3), 2, postgres_url)
    assert first.digest == again.digest
    assert first.statements > 0


def test_another_seed_is_another_plan() -> None:
    assert list(blows(1, TROUBLE_SECONDS)) == list(blows(1, TROUBLE_SECONDS))
    assert list(blows(1, TROUBLE_SECONDS)) != list(blows(2, TROUBLE_SECONDS))
