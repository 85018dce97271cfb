"""The bus of a simulation does what the real one does, as far as services rely on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NoStreamResponseError, NotFoundError

from cli.servers import Servers
from cli.simulate.bus import Nats, SimulatedClient, SimulatedFacts
from cli.simulate.life import Life, let_go
from cli.simulate.loop import VirtualLoop
from shared.bus.facts import Facts, NatsFacts
from shared.bus.relay import publish
from shared.bus.streams import load_topology, made_at, provision
from shared.messages.envelope import Envelope

pytestmark = pytest.mark.servers
TOPOLOGY = replace(load_topology(), max_deliver=2)
SUBJECT = "pm.v1.settlement.position_settled.m1"
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bus:
    """Where nothing is declared yet. `facts` makes the durable subscriptions of the notifier."""

    client: Client
    facts: Callable[[], Facts]


Scenario = Callable[[Bus], Awaitable[None]]
Played = Callable[[Scenario], None]


@pytest.fixture(params=["real", "simulated"])
def play(request: pytest.FixtureRequest, servers: Servers) -> Played:
    def on_the_real_one(scenario: Scenario) -> None:
        asyncio.run(_on_a_clean_server(servers.nats_url, scenario))

    return on_the_real_one if request.param == "real" else _simulated


async def _on_a_clean_server(url: str, scenario: Scenario) -> None:
    client = await nats.connect(url)
    for stream in await client.jetstream().streams_info():
        await client.jetstream().delete_stream(str(stream.config.name))
    try:
        await scenario(Bus(client, lambda: NatsFacts(url, "notifier", TOPOLOGY)))
    finally:
        await client.close()


def _simulated(scenario: Scenario) -> None:
    loop = VirtualLoop()

    async def played() -> None:
        server = Nats(TOPOLOGY, lambda: NOON, Random(1))
        await scenario(Bus(await SimulatedClient.connected(server), lambda: SimulatedFacts(server, "notifier")))

    work: Coroutine[Any, Any, None] = played()
    try:
        loop.run_until_complete(loop.create_task(work, context=Life("test").context()))
    finally:
        let_go(loop.tasks)
        loop.close()


def fact(message_id: str) -> Envelope:
    return Envelope(
        message_id=message_id,
        schema="test.fact.v1",
        occurred_at=NOON,
        recorded_at=NOON,
        producer="test",
        correlation_id="c",
        causation_id=None,
        key="m1",
        key_sequence=1,
        body=msgspec.Raw(b"{}"),
    )


class Reader:
    def __init__(self, *failing: str) -> None:
        self.seen: list[str] = []
        self._failing = failing
        self._changed = asyncio.Event()

    async def handle(self, envelope: Envelope) -> None:
        self.seen.append(envelope.message_id)
        self._changed.set()
        if envelope.message_id in self._failing:
            raise RuntimeError("cannot take it")

    async def has_seen(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            while len(self.seen) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.seen


async def started(bus: Bus, reader: Reader) -> Facts:
    facts = bus.facts()
    facts.subscribe("settlements", reader.handle)
    await facts.start()
    return facts


def test_a_fact_published_twice_under_one_id_arrives_once(play: Played) -> None:
    async def scenario(bus: Bus) -> None:
        await provision(bus.client.jetstream(), TOPOLOGY)
        reader = Reader()
        facts = await started(bus, reader)
        for message_id in ("a", "a", "b"):
            await publish(bus.client.jetstream(), SUBJECT, fact(message_id))
        assert await reader.has_seen(2) == ["a", "b"]
        await facts.stop()

    play(scenario)


def test_a_fact_of_before_the_reader_came_arrives(play: Played) -> None:
    async def scenario(bus: Bus) -> None:
        await provision(bus.client.jetstream(), TOPOLOGY)
        await publish(bus.client.jetstream(), SUBJECT, fact("early"))
        reader = Reader()
        facts = await started(bus, reader)
        assert await reader.has_seen(1) == ["early"]
        await facts.stop()

    play(scenario)


def test_a_fact_that_cannot_be_taken_comes_again_and_blocks_nobody(play: Played) -> None:
    async def scenario(bus: Bus) -> None:
        await provision(bus.client.jetstream(), TOPOLOGY)
        reader = Reader("bad")
        facts = await started(bus, reader)
        for message_id in ("bad", "good"):
            await publish(bus.client.jetstream(), SUBJECT, fact(message_id))
        assert await reader.has_seen(3) == ["bad", "good", "bad"]
        await facts.stop()

    play(scenario)


def test_nobody_subscribes_before_the_streams_are_declared(play: Played) -> None:
    async def scenario(bus: Bus) -> None:
        assert await made_at(bus.client.jetstream(), "settlements") is None
        with pytest.raises(NotFoundError):
            await started(bus, Reader())

    play(scenario)


def test_what_belongs_to_no_stream_is_refused(play: Played) -> None:
    async def scenario(bus: Bus) -> None:
        with pytest.raises(NoStreamResponseError):
            await publish(bus.client.jetstream(), SUBJECT, fact("a"))

    play(scenario)


def test_a_level_reaches_whoever_listens_in_its_order(play: Played) -> None:
    async def scenario(bus: Bus) -> None:
        heard: list[bytes] = []
        enough = asyncio.Event()

        async def hear(message: Msg) -> None:
            heard.append(message.data)
            if len(heard) == 2:
                enough.set()

        await bus.client.subscribe("pm.v1.top.*", cb=hear)
        for subject, data in (("pm.v1.top.a", b"1"), ("pm.v1.other.a", b"2"), ("pm.v1.top.b", b"3")):
            await bus.client.publish(subject, data)
        async with asyncio.timeout(10):
            await enough.wait()
        assert heard == [b"1", b"3"]

    play(scenario)
