"""Looking for markets, listing them, watching their books."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from services.discovery.domain.strikes import Average, Provenance
from services.discovery.domain.tops import TopBoard
from services.discovery.handlers import Discovery
from shared.domain.ids import Coin
from tests.unit.discovery.fakes import (
    NOON,
    ListedCatalogue,
    RememberedListings,
    RememberedReport,
    RememberedStreams,
    TurnedClock,
)

BTC, ETH = Coin("btc"), Coin("eth")
QUARTER = timedelta(minutes=15)


@dataclass
class Desk:
    clock: TurnedClock = field(default_factory=TurnedClock)
    catalogue: ListedCatalogue = field(default_factory=ListedCatalogue)
    listings: RememberedListings = field(default_factory=RememberedListings)
    streams: RememberedStreams = field(default_factory=RememberedStreams)
    board: TopBoard = field(default_factory=TopBoard)
    report: RememberedReport = field(default_factory=RememberedReport)

    def discovery(self, *coins: Coin) -> Discovery:
        return Discovery(
            coins or (BTC,),
            [15],
            60.0,
            clock=self.clock,
            catalogue=self.catalogue,
            listings=self.listings,
            streams=self.streams,
            board=self.board,
            report=self.report,
        )


async def test_new_markets_are_listed_and_subscribed_in_one_batch() -> None:
    desk = Desk()
    await desk.discovery(BTC, ETH).look()
    assert len(desk.listings.markets) == 4
    (batch,) = desk.streams.subscribed
    assert len(batch) == 8
    assert all(token in desk.board for token in batch)


async def test_what_is_as_it_was_is_neither_written_nor_subscribed_again() -> None:
    desk = Desk()
    discovery = desk.discovery()
    await discovery.look()
    await discovery.look()
    assert len(desk.streams.subscribed) == 1
    assert [len(listings) for listings in desk.listings.markets.values()] == [1, 1]


async def test_a_next_slot_is_listed_before_it_starts() -> None:
    desk = Desk()
    discovery = desk.discovery()
    await discovery.look()
    desk.clock.at = NOON + QUARTER
    await discovery.look()
    starts = [listings[0].start - NOON for listings in desk.listings.markets.values()]
    assert starts == [timedelta(0), QUARTER, 2 * QUARTER]


async def test_a_market_that_is_not_listed_yet_is_looked_for_again_soon() -> None:
    desk = Desk()
    desk.catalogue.hidden.add(NOON + QUARTER)
    desk.clock.at = NOON + timedelta(minutes=5)
    discovery = desk.discovery()
    desk.catalogue.strikes[NOON] = Decimal(68000)
    await discovery.look()
    await discovery.capture_strikes()
    assert await discovery.look() == 5.0
    desk.catalogue.hidden.clear()
    assert await discovery.look() == 60.0


async def test_a_market_whose_listing_failed_is_subscribed_once_it_is_written() -> None:
    desk = Desk()
    discovery = desk.discovery()
    desk.listings.is_away = True
    with pytest.raises(ConnectionError):
        await discovery.look()
    assert desk.streams.subscribed == []
    desk.listings.is_away = False
    await discovery.look()
    assert len(desk.streams.subscribed) == 1


async def test_a_tick_size_told_by_the_channel_is_written_and_not_undone_by_the_catalogue() -> None:
    desk = Desk()
    discovery = desk.discovery()
    await discovery.look()
    token = desk.streams.subscribed[0][0]
    desk.board.ticks[token] = Decimal("0.001")
    await discovery.relist()
    await discovery.look()
    listings = next(iter(desk.listings.markets.values()))
    assert [listing.tick for listing in listings] == [Decimal("0.01"), Decimal("0.001")]


async def test_a_market_is_let_go_five_minutes_after_its_end() -> None:
    desk = Desk()
    discovery = desk.discovery()
    await discovery.look()
    desk.clock.at = NOON + QUARTER + timedelta(minutes=5) - timedelta(milliseconds=1)
    await discovery.look()
    assert desk.streams.unsubscribed == []
    desk.clock.at = NOON + QUARTER + timedelta(minutes=5)
    await discovery.look()
    assert len(desk.streams.unsubscribed[0]) == 2
    assert desk.streams.unsubscribed[0][0] not in desk.board


async def test_tokens_in_play_are_those_of_markets_that_are_not_over() -> None:
    desk = Desk()
    discovery = desk.discovery()
    await discovery.look()
    assert len(discovery.tokens_in_play(NOON)) == 4
    assert len(discovery.tokens_in_slot(NOON)) == 2
    assert len(discovery.tokens_in_play(NOON + QUARTER)) == 2


async def test_a_strike_is_captured_from_the_feed_and_checked_against_the_catalogue() -> None:
    desk = Desk()
    discovery = desk.discovery()
    await discovery.look()
    discovery.on_average(BTC, Average(Decimal(68000), NOON, "chainlink"))
    await discovery.capture_strikes()
    (strike,) = desk.listings.strikes.values()
    assert strike.provenance is Provenance.EXACT
    desk.catalogue.strikes[NOON] = Decimal(69000)
    await discovery.look()
    await discovery.capture_strikes()
    assert ("checked", False) in desk.report.told
    assert next(iter(desk.listings.strikes.values())).price == Decimal(68000)


async def test_a_started_market_without_a_strike_is_looked_up_every_ten_seconds() -> None:
    desk = Desk()
    desk.clock.at = NOON + timedelta(minutes=5)
    discovery = desk.discovery()
    assert await discovery.look() == 10.0
    desk.catalogue.strikes[NOON] = Decimal(68000)
    await discovery.look()
    await discovery.capture_strikes()
    assert [strike.provenance for strike in desk.listings.strikes.values()] == [Provenance.METADATA]
    assert await discovery.look() == 60.0


async def test_a_strike_whose_write_failed_is_written_later() -> None:
    desk = Desk()
    discovery = desk.discovery()
    await discovery.look()
    discovery.on_average(BTC, Average(Decimal(68000), NOON, "chainlink"))
    desk.listings.is_away = True
    with pytest.raises(ConnectionError):
        await discovery.capture_strikes()
    desk.listings.is_away = False
    await discovery.capture_strikes()
    assert len(desk.listings.strikes) == 1
