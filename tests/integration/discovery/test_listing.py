"""Listings and strikes with their facts, in one statement each, on a real Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from services.discovery.adapters.postgres import ParkedFrames, PostgresListings
from services.discovery.domain.slots import WantedSlot
from services.discovery.domain.strikes import Provenance, Strike
from shared.db.outbox import PostgresOutbox
from shared.db.pool import Pool, new_pool
from shared.domain.ids import Coin, MarketId
from shared.messages.discovery import MarketListed, StrikeCaptured
from shared.messages.envelope import open_envelope
from shared.messages.outbox import OutboxRow
from shared.runtime.logs import get_log
from shared.runtime.metrics import Metrics
from shared.venue.errors import VenueFrameError
from tests.unit.discovery.fakes import NOON, market_of

pytestmark = pytest.mark.servers
MARKET = market_of(WantedSlot(Coin("btc"), 15, NOON))
PRIOR = Strike(Decimal("67999.5"), "chainlink", Provenance.PRIOR, NOON - timedelta(seconds=1))
EXACT = Strike(Decimal("68000.25"), "chainlink", Provenance.EXACT, NOON)
METADATA = Strike(Decimal(68001), "gamma", Provenance.METADATA, NOON)


@pytest.fixture
async def pool(postgres_database: str) -> AsyncIterator[Pool]:
    made = new_pool(postgres_database, "discovery")
    await made.open()
    yield made
    await made.close()


def listings(pool: Pool) -> PostgresListings:
    return PostgresListings(pool, "sim", lambda: None, get_log())


async def facts(pool: Pool) -> list[OutboxRow]:
    """Those not yet relayed."""
    rows: list[OutboxRow] = []

    async def take(batch: Sequence[OutboxRow]) -> list[int]:
        rows.extend(batch)
        return [row.outbox_id for row in rows]

    await PostgresOutbox(pool).drain(take)
    return rows


async def test_a_market_is_written_with_the_fact_that_says_all_of_it(pool: Pool) -> None:
    assert await listings(pool).list_market(MARKET, NOON) == 1
    (row,) = await facts(pool)
    fact = open_envelope(MarketListed, row.envelope)
    assert row.subject == f"pm.v1.discovery.market_listed.{MARKET.market}"
    assert (fact.start, fact.end, fact.tick, fact.min_shares) == (
        MARKET.start,
        MARKET.end,
        MARKET.tick,
        MARKET.min_shares,
    )
    assert [(each.name, each.token) for each in fact.outcomes] == [(o.name, o.token) for o in MARKET.outcomes]
    assert row.envelope.key_sequence == 1


async def test_a_market_listed_again_as_it_was_is_no_news(pool: Pool) -> None:
    await listings(pool).list_market(MARKET, NOON)
    await facts(pool)
    assert await listings(pool).list_market(MARKET, NOON) is None
    assert await facts(pool) == []


async def test_a_changed_tick_or_a_closed_market_is_told_with_a_higher_sequence(pool: Pool) -> None:
    await listings(pool).list_market(MARKET, NOON)
    finer = replace(MARKET, tick=Decimal("0.001"))
    assert await listings(pool).list_market(finer, NOON) == 2
    assert await listings(pool).list_market(replace(finer, accepting_orders=False), NOON) == 3
    sequences = [(row.envelope.key_sequence, open_envelope(MarketListed, row.envelope)) for row in await facts(pool)]
    assert [(sequence, fact.tick, fact.accepting_orders) for sequence, fact in sequences] == [
        (1, Decimal("0.01"), True),
        (2, Decimal("0.001"), True),
        (3, Decimal("0.001"), False),
    ]


async def test_a_better_strike_replaces_a_lesser_one_and_never_the_other_way(pool: Pool) -> None:
    desk = listings(pool)
    await desk.list_market(MARKET, NOON)
    await facts(pool)
    versions = [await desk.capture_strike(MARKET.market, each, NOON) for each in (PRIOR, METADATA, PRIOR, EXACT)]
    assert versions == [1, 2, None, 3]
    assert await desk.capture_strike(MARKET.market, METADATA, NOON) is None
    told = [open_envelope(StrikeCaptured, row.envelope) for row in await facts(pool)]
    assert [(fact.provenance, fact.price) for fact in told] == [
        ("prior", Decimal("67999.5")),
        ("metadata", Decimal(68001)),
        ("exact", Decimal("68000.25")),
    ]


async def test_what_contradicts_the_tables_is_passed_over(pool: Pool) -> None:
    desk = listings(pool)
    assert await desk.capture_strike(MARKET.market, EXACT, NOON) is None
    await desk.list_market(MARKET, NOON)
    await facts(pool)
    assert await desk.list_market(replace(MARKET, market=MarketId("0xother")), NOON) is None
    assert await facts(pool) == []


async def test_discovery_writes_its_tables_through_its_functions_alone(pool: Pool) -> None:
    async with pool.connection() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("update market set tick = 0.5")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("delete from strike")


async def test_only_the_newest_thousand_malformed_frames_are_kept(pool: Pool) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "insert into parked_frame (source, reason, excerpt) select 'old', '', '' from generate_series(1, 1000)"
        )
    frames = ParkedFrames(pool, Metrics("test"))
    frames.park("clob.market", VenueFrameError("price", "not a price between 0 and 1", '{"price":"1.8"}'))
    await frames.write()
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select count(*), (array_agg(reason order by parked_id desc))[1] from parked_frame"
        )
        row = await cursor.fetchone()
    assert row == (1000, "price: not a price between 0 and 1")
