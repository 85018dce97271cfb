"""Whatever causes come and go, in whatever order: the worst one that is listed holds."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.db.desk import Desk

pytestmark = pytest.mark.servers
STATES = ("active", "reducing", "halted")
acts = st.lists(
    st.tuples(st.sampled_from(["stale", "heartbeat", "breaker"]), st.sampled_from(STATES)), min_size=1, max_size=10
)


@contextmanager
def _opened(url: str) -> Generator[Desk]:
    desk = Desk.opened(url)
    try:
        yield desk
    finally:
        desk.close()


def test_the_worst_cause_that_is_listed_holds_and_every_change_is_told_once(postgres_database: str) -> None:
    with _opened(postgres_database) as desk:

        @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
        @given(acts)
        def holds(drawn: list[tuple[str, str]]) -> None:
            desk.connection.execute("delete from trading_cause")
            listed: dict[str, str] = {}
            for cause, state in drawn:
                before, told = dict(listed), len(desk.facts("risk.trading_state_changed.v1"))
                listed[cause] = state
                listed = {name: each for name, each in listed.items() if each != "active"}
                said = desk.one("select guard(%s, %s, %s, '', 'risk')::text", desk.account, cause, state)
                assert desk.causes() == set(listed)
                if listed != before:
                    assert said == max(listed.values(), key=STATES.index, default="active")
                assert len(desk.facts("risk.trading_state_changed.v1")) - told == (listed != before)

        holds()
