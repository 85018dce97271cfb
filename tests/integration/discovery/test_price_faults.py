"""The venue's known problems with its price stream, one by one: what is told of prices and strikes, it said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from cli.servers import Servers
from services.discovery.domain.strikes import PRIOR_AGE_MAX
from shared.messages.discovery import ReferencePrice, StrikeCaptured
from shared.messages.envelope import decode, decode_body, open_envelope
from tests.integration.discovery.processes import Service
from tests.integration.discovery.test_process import (
    BOUND_SECONDS,
    Heard,
    bus,
    credentials,
    discovery,
    hear,
    let_time_run,
    venue,
)
from tests.integration.discovery.test_venue_faults import LOOK_SECONDS, STRIKES
from tests.venue_sim.faulty import switch, switch_off, times_struck
from tests.venue_sim.process import Address
from venue_sim.prices import SCALE, SeededPath, twap

__all__ = ["bus", "credentials", "venue"]
pytestmark = pytest.mark.servers
SEED = 7
"""Of the fixture's simulator."""
MISSED = "tdmaker_price_frames_missed_total"
DRAINING = 4003


def average_at(instant: datetime) -> Decimal:
    return Decimal(twap(SeededPath(SEED), "btc", int(instant.timestamp()))) / SCALE


def said_at(instant: datetime) -> float:
    """As the metadata service writes it."""
    return float(average_at(instant))


@dataclass
class Prices:
    """Every price that was told."""

    told: list[ReferencePrice] = field(default_factory=list[ReferencePrice])
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, message: Msg) -> None:
        self.told.append(decode_body(ReferencePrice, message.data))
        self.changed.set()

    def averages(self) -> list[tuple[datetime, Decimal]]:
        return [(each.average_at, each.average) for each in self.told if each.average_at and each.average]

    def newest(self) -> datetime:
        return self.averages()[-1][0]

    async def after(self, instant: datetime) -> None:
        """Until there is an average of a later second."""
        async with asyncio.timeout(BOUND_SECONDS):
            while not self.averages() or self.newest() <= instant:
                self.changed.clear()
                await self.changed.wait()

    def all_said(self) -> bool:
        """The simulator's own, and no older one after a newer one."""
        averages = self.averages()
        return averages == sorted(averages) and all(average == average_at(at) for at, average in averages)


async def hear_prices(bus: Client) -> Prices:
    prices = Prices()
    await bus.subscribe(f"{ReferencePrice.SUBJECT}.>", cb=prices.take)
    await bus.flush()
    return prices


async def struck(venue: Address, name: str) -> None:
    """Some times more."""
    before = times_struck(venue, name)
    async with asyncio.timeout(BOUND_SECONDS):
        while times_struck(venue, name) < before + STRIKES:
            await asyncio.sleep(LOOK_SECONDS)


async def missed(running: Service) -> None:
    async with asyncio.timeout(BOUND_SECONDS):
        while await running.metric(MISSED) < STRIKES:
            await asyncio.sleep(LOOK_SECONDS)


async def strike_at(heard: Heard, start: datetime) -> StrikeCaptured:
    async with asyncio.timeout(BOUND_SECONDS):
        while True:
            for each in await heard.until(StrikeCaptured.SUBJECT, 1):
                strike = open_envelope(StrikeCaptured, decode(each))
                if start - PRIOR_AGE_MAX <= strike.tick_at <= start:
                    return strike
            heard.changed.clear()
            await heard.changed.wait()


async def test_whatever_the_price_stream_does_each_price_is_one_that_it_said_and_it_goes_on(
    servers: Servers, postgres_database: str, venue: Address, bus: Client, credentials: Path
) -> None:
    heard, prices = await hear(bus), await hear_prices(bus)
    more = {"TDMAKER_API_CREDENTIALS_FILE": str(credentials)}
    async with discovery(servers, postgres_database, venue, **more) as running:
        start = let_time_run(postgres_database, venue)

        await prices.after(start - PRIOR_AGE_MAX)
        switch(venue, "price_socket_dropped")
        assert (await running.says("price_socket_lost"))["code"] == DRAINING
        await prices.after(start)
        strike = await strike_at(heard, start)
        assert (strike.provenance in {"exact", "metadata"}, float(strike.price)) == (True, said_at(start))

        switch(venue, "price_frames_lost", chance=0.5)
        await missed(running)
        switch_off(venue, "price_frames_lost")
        await prices.after(prices.newest())

        switch(venue, "price_socket_silent")
        await struck(venue, "price_socket_silent")
        await bus.flush()
        newest = prices.newest()
        await struck(venue, "price_socket_silent")
        await bus.flush()
        assert prices.newest() == newest
        switch(venue, "price_socket_dropped")
        await prices.after(newest)
        assert prices.all_said()


async def test_a_strike_whose_second_was_lost_is_the_venues_own_and_none_is_made_up(
    servers: Servers, postgres_database: str, venue: Address, bus: Client, credentials: Path
) -> None:
    heard, prices = await hear(bus), await hear_prices(bus)
    more = {"TDMAKER_API_CREDENTIALS_FILE": str(credentials)}
    async with discovery(servers, postgres_database, venue, **more):
        start = let_time_run(postgres_database, venue)
        await prices.after(start - timedelta(seconds=60))
        switch(venue, "price_frames_lost")
        strike = await strike_at(heard, start)
        assert (strike.provenance, strike.tick_at, float(strike.price)) == ("metadata", start, said_at(start))
