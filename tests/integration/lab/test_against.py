"""What the tables hold of a run, slot by slot of the recording that its simulator played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from psycopg.types.json import Jsonb

from lab.replay.slots import Playable
from lab.replay.traded import Traded, pairs_of
from tests.integration.cli.test_readings import bought, settled
from tests.integration.db.desk import ACCOUNT, DURING, Desk
from tests.integration.lab.test_ledger_agrees import market_of

pytestmark = pytest.mark.servers


@pytest.fixture
def desk(postgres_database: str) -> Iterator[Desk]:
    """One market that was won, and a second one without an order."""
    opened = Desk.opened(postgres_database)
    opened.add_market("m2")
    opened.connection.execute(
        "insert into decision values (%s, 'm1', 'Up', 'refused', 'NO_BID', null, 7, %s, %s, %s, null)",
        (ACCOUNT, DURING, DURING, Jsonb({})),
    )
    bought(opened, "m1")
    opened.swept_past_the_end()
    settled(opened, "m1", "1")
    yield opened
    opened.close()


def test_markets_are_the_recordings_slots_in_turn(desk: Desk) -> None:
    """One recorded slot, played twice."""
    start, end, coin = desk.connection.execute(
        "select slot_start, slot_end, coin from market where market_id = 'm1'"
    ).fetchone() or (None, None, None)
    market = replace(market_of("m1"), slug="recorded", start=start, end=end, coin=coin)  # pyright: ignore[reportArgumentType]
    known = {"recorded": Traded("recorded")}
    first, second = sorted(
        pairs_of(desk.connection, [Playable(market, None)], known), key=lambda pair: not pair.run.orders
    )
    assert {first.replayed.slug, second.replayed.slug} == {"recorded"}
    assert first.run.answers == {("Up", "refused", "NO_BID"): 7}
    assert [(each.outcome, each.side) for each in first.run.fills] == [("Up", "BUY")]
    assert len(first.run.orders) == 1
    assert first.run.profit == Decimal(4)
    assert (second.run.orders, second.run.profit) == ([], None)
