"""Every delivery ends as one of acknowledged, retried, parked; on a real JetStream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import nats
import pytest
from nats.js import JetStreamContext

from cli.servers import Servers
from shared.bus.facts import NatsFacts
from shared.bus.relay import publish
from shared.bus.streams import Topology, load_topology, provision
from shared.messages.envelope import Envelope, encode

pytestmark = pytest.mark.servers
TOPOLOGY = replace(load_topology(), max_deliver=2)
SUBJECT = "pm.v1.settlement.position_settled.m1"


def fact(message_id: str) -> Envelope:
    noon = datetime(2026, 4, 1, 12, tzinfo=UTC)
    return Envelope(
        message_id=message_id,
        schema="test.fact.v1",
        occurred_at=noon,
        recorded_at=noon,
        producer="test",
        correlation_id="c",
        causation_id=None,
        key="m1",
        key_sequence=1,
        body=msgspec.Raw(b"{}"),
    )


class Reader:
    """Takes facts, fails on those it is told to, and says when it has seen enough."""

    def __init__(self, *, failing: frozenset[str] = frozenset()) -> None:
        self.seen: list[str] = []
        self._failing = failing
        self._changed = asyncio.Event()

    async def handle(self, envelope: Envelope) -> None:
        self.seen.append(envelope.message_id)
        self._changed.set()
        if envelope.message_id in self._failing:
            raise RuntimeError("cannot take it")

    async def has_seen(self, *message_ids: str) -> None:
        while self.seen[-len(message_ids) :] != list(message_ids):
            self._changed.clear()
            async with asyncio.timeout(10):
                await self._changed.wait()


@pytest.fixture
async def jetstream(servers: Servers) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(servers.nats_url)
    context = client.jetstream()
    for stream in await context.streams_info():
        await context.delete_stream(str(stream.config.name))
    await provision(context, TOPOLOGY)
    yield context
    await client.close()


async def started(servers: Servers, reader: Reader, topology: Topology = TOPOLOGY) -> NatsFacts:
    facts = NatsFacts(servers.nats_url, "notifier", topology)
    facts.subscribe("settlements", reader.handle)
    await facts.start()
    return facts


async def test_declaring_the_streams_twice_changes_nothing(jetstream: JetStreamContext) -> None:
    before = [stream.config for stream in await jetstream.streams_info()]
    await provision(jetstream, TOPOLOGY)
    assert [stream.config for stream in await jetstream.streams_info()] == before


async def test_a_fact_published_twice_under_one_id_arrives_once(servers: Servers, jetstream: JetStreamContext) -> None:
    reader = Reader()
    facts = await started(servers, reader)
    for message_id in ("a", "a", "b"):
        await publish(jetstream, SUBJECT, fact(message_id))
    await reader.has_seen("a", "b")
    await facts.stop()


async def test_a_fact_sent_while_the_reader_was_down_arrives_when_it_is_back(
    servers: Servers, jetstream: JetStreamContext
) -> None:
    reader = Reader()
    facts = await started(servers, reader)
    await publish(jetstream, SUBJECT, fact("before"))
    await reader.has_seen("before")
    await facts.stop()
    await publish(jetstream, SUBJECT, fact("while down"))
    again = Reader()
    facts = await started(servers, again)
    await again.has_seen("while down")
    await facts.stop()


async def test_a_fact_whose_handler_keeps_failing_is_parked_and_blocks_nobody(
    servers: Servers, jetstream: JetStreamContext
) -> None:
    parked = await jetstream.subscribe("pm.v1.parked.*", stream="parked")
    reader = Reader(failing=frozenset({"bad"}))
    facts = await started(servers, reader)
    await publish(jetstream, SUBJECT, fact("bad"))
    await publish(jetstream, SUBJECT, fact("good"))
    message = await parked.next_msg(timeout=10)
    assert reader.seen == ["bad", "good", "bad"]
    assert message.subject == "pm.v1.parked.notifier_settlements"
    assert (message.headers or {})["Tdmaker-Reason"] == "RuntimeError('cannot take it')"
    await facts.stop()


async def test_what_is_no_envelope_is_parked_at_once(servers: Servers, jetstream: JetStreamContext) -> None:
    parked = await jetstream.subscribe("pm.v1.parked.*", stream="parked")
    reader = Reader()
    facts = await started(servers, reader)
    await jetstream.publish(SUBJECT, b"not json")
    await jetstream.publish(SUBJECT, encode(fact("good")))
    message = await parked.next_msg(timeout=10)
    assert message.data == b"not json"
    await reader.has_seen("good")
    await facts.stop()
