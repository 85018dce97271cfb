"""Some seeds of the simulation, as `tdmaker simulate` runs them by the thousand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.simulate.crew import embedded_postgres, simulate_all
from cli.simulate.plan import TROUBLE_SECONDS, Deed, blows

SEEDS = range(1, 9)
SEEDS_WITH_TWINS = range(1, 3)


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with embedded_postgres() as url:
        yield url


@pytest.mark.timeout(300)
def test_seeds_trade_and_nothing_differs(postgres_url: str) -> None:
    outcomes = list(simulate_all(SEEDS, 2, postgres_url))
    assert [(each.seed, each.violations) for each in outcomes] == [(seed, []) for seed in SEEDS]
    assert sum(each.fills for each in outcomes) > len(SEEDS)


@pytest.mark.timeout(300)
def test_second_processes_of_those_that_hold_a_lease_change_nothing(postgres_url: str) -> None:
    outcomes = list(simulate_all(SEEDS_WITH_TWINS, 2, postgres_url, twins=True))
    assert [(each.seed, each.violations) for each in outcomes] == [(seed, []) for seed in SEEDS_WITH_TWINS]
    assert all(each.deeds["twin"] > 0 for each in outcomes)


@pytest.mark.timeout(300)
def test_a_seed_repeats_to_the_last_statement(postgres_url: str) -> None:
    first, again = simulate_all((3, 3), 2, postgres_url)
    assert first.digest == again.digest
    assert first.statements > 0


def test_twins_come_on_top_of_what_a_seed_does_anyway() -> None:
    plain, doubled = blows(1, TROUBLE_SECONDS), blows(1, TROUBLE_SECONDS, twins=True)
    assert [blow for blow in doubled if blow.deed is not Deed.TWIN] == list(plain)
    assert len(doubled) > len(plain)


def test_another_seed_is_another_plan() -> None:
    assert list(blows(1, TROUBLE_SECONDS)) == list(blows(1, TROUBLE_SECONDS))
    assert list(blows(1, TROUBLE_SECONDS)) != list(blows(2, TROUBLE_SECONDS))
