"""The floors on the path from a book to an order, measured in the same run: what no code of ours can beat here.

Each returns seconds per sample, paced a few milliseconds apart as the hot path is, not back to back.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import cast
from urllib.parse import urlsplit

import nats
import psycopg
from nats.aio.msg import Msg

PACE_SECONDS = 0.004


async def nats_hop(nats_url: str, samples: int) -> list[float]:
    """One core NATS message between two connections."""
    sender, receiver = await nats.connect(nats_url), await nats.connect(nats_url)
    spans: list[float] = []
    arrived = asyncio.Event()

    async def receive(message: Msg) -> None:
        spans.append(time.perf_counter() - float(message.data))
        arrived.set()

    await receiver.subscribe("bench.door.hop", cb=receive)
    await receiver.flush()
    for _ in range(samples):
        arrived.clear()
        await sender.publish("bench.door.hop", str(time.perf_counter()).encode())
        async with asyncio.timeout(5):
            await arrived.wait()
        await asyncio.sleep(PACE_SECONDS)
    await sender.close()
    await receiver.close()
    return spans


async def jetstream_hop(nats_url: str, samples: int) -> list[float]:
    """One JetStream message, from publication to a push consumer, over a stream of its own that is removed again."""
    client = await nats.connect(nats_url)
    jetstream = client.jetstream()
    await jetstream.add_stream(name="bench_door", subjects=["bench.stream.hop"])
    spans: list[float] = []
    arrived = asyncio.Event()

    async def receive(message: Msg) -> None:
        spans.append(time.perf_counter() - float(message.data))
        await message.ack()
        arrived.set()

    try:
        await jetstream.subscribe("bench.stream.hop", durable="bench_door", cb=receive, manual_ack=True)
        for _ in range(samples):
            arrived.clear()
            await jetstream.publish("bench.stream.hop", str(time.perf_counter()).encode())
            async with asyncio.timeout(5):
                await arrived.wait()
            await asyncio.sleep(PACE_SECONDS)
    finally:
        await jetstream.delete_stream("bench_door")
        await client.close()
    return spans


async def locked_commit(postgres_url: str, samples: int) -> list[float]:
    """One statement that locks a row, changes it and commits durably: the renewal of a lease of the bench's own."""
    spans: list[float] = []
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        for _ in range(samples):
            started = time.perf_counter()
            await connection.execute(
                "select take_lease('bench_door', 'bench', %s)", (timedelta(seconds=5),), prepare=True
            )
            spans.append(time.perf_counter() - started)
            await asyncio.sleep(PACE_SECONDS)
    return spans


async def http_round_trip(url: str, samples: int) -> list[float]:
    """One request and its answer on a raw connection that stays open."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, cast("int", parts.port))
    request = f"GET /time HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    spans: list[float] = []
    for _ in range(samples):
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_content_length(head))
        spans.append(time.perf_counter() - started)
        await asyncio.sleep(PACE_SECONDS)
    writer.close()
    await writer.wait_closed()
    return spans


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
