"""What the notifier reads of the tables, in its own role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from services.notifier.adapters.postgres import KnownRecords
from shared.db.pool import new_pool
from shared.domain.ids import AccountId, MarketId, TokenId, TradeId
from tests.integration.db.desk import ACCOUNT, DURING, Desk, order_name

pytestmark = pytest.mark.servers


@dataclass
class Archive:
    desk: Desk
    records: KnownRecords


@pytest.fixture
async def archive(postgres_database: str) -> AsyncIterator[Archive]:
    desk = Desk.opened(postgres_database)
    async with new_pool(postgres_database, "notifier") as pool:
        yield Archive(desk, KnownRecords(pool, AccountId(ACCOUNT)))
    desk.close()


async def test_the_first_fill_of_a_position_is_its_entry(archive: Archive) -> None:
    assert await archive.records.entered_at(MarketId("m1"), TokenId("m1-Up")) is None
    archive.desk.fill(archive.desk.placed())
    assert await archive.records.entered_at(MarketId("m1"), TokenId("m1-Up")) == DURING


async def test_a_sale_made_what_its_booking_says(archive: Archive) -> None:
    desk = archive.desk
    desk.fill(desk.placed(), status="confirmed")
    desk.close_entries()
    desk.report_closed()
    assert desk.sell("20") is None
    sale = order_name("m1", "Up", 0, 0) + "/exit"
    desk.event(sale, "accepted")
    desk.fill(sale, "s1", "20", "0.40", status="confirmed")
    fill_id = desk.one("select fill_id from fill where side = 'SELL'")

    assert await archive.records.sale_profit(TradeId("s1"), fill_id) == Decimal(-8)
    assert await archive.records.sale_profit(TradeId("s1"), fill_id + 1) is None


async def test_alerts_are_told_from_the_start_on_and_each_once(archive: Archive) -> None:
    desk = archive.desk
    desk.one("select alert(%s, 'before', 'risk')", ACCOUNT)
    assert await archive.records.new_alerts() == []
    for words in ("first", "second", "first"):
        desk.one("select alert(%s, %s, 'risk')", ACCOUNT, words)
    assert await archive.records.new_alerts() == ["first", "second"]
    assert await archive.records.new_alerts() == []


async def test_both_outcomes_held_is_an_alert(archive: Archive) -> None:
    await archive.records.new_alerts()
    up, down = archive.desk.placed(), archive.desk.placed("Down", price="0.15")
    archive.desk.fill(up)
    archive.desk.fill(down, "t2", price="0.15")
    assert await archive.records.new_alerts() == ["both outcomes held in m1"]


async def test_without_the_database_a_market_is_named_by_its_id() -> None:
    async with new_pool("postgresql://nobody@127.0.0.1:1/none", "notifier") as pool:
        records = KnownRecords(pool, AccountId(ACCOUNT))
        assert (await records.facts(MarketId("0xabc"))).slug == "0xabc"
