"""Streams and consumers, declared from one file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

STREAMS_FILE = Path(__file__).parents[2] / "deploy" / "nats" / "streams.toml"


@dataclass(frozen=True, slots=True)
class Topology:
    """`streams`: name to subjects; `consumers`: service to the streams it reads; times in seconds."""

    streams: dict[str, list[str]]
    consumers: dict[str, list[str]]
    max_age_seconds: float
    duplicate_window_seconds: float
    ack_wait_seconds: float
    max_deliver: int


def load_topology(path: Path = STREAMS_FILE) -> Topology:
    document = tomllib.loads(path.read_text())
    defaults = document["defaults"]
    return Topology(
        streams={name: list(stream["subjects"]) for name, stream in document["streams"].items()},
        consumers={service: list(streams) for service, streams in document["consumers"].items()},
        max_age_seconds=defaults["max_age_hours"] * 3600,
        duplicate_window_seconds=defaults["duplicate_window_seconds"],
        ack_wait_seconds=defaults["ack_wait_seconds"],
        max_deliver=defaults["max_deliver"],
    )


def durable_name(service: str, stream: str) -> str:
    return f"{service}_{stream}"


async def provision(jetstream: JetStreamContext, topology: Topology) -> None:
    """Declares what is missing and updates what differs; run again, it changes nothing."""
    for name, subjects in topology.streams.items():
        await _declare_stream(jetstream, _stream_config(name, subjects, topology))
    for service, streams in topology.consumers.items():
        for stream in streams:
            await jetstream.add_consumer(stream, config=consumer_config(service, stream, topology))


async def made_at(jetstream: JetStreamContext, stream: str) -> datetime | None:
    """When the stream was made, None while there is none. Raises nats.errors.Error."""
    try:
        return (await jetstream.stream_info(stream)).created
    except NotFoundError:
        return None


def _stream_config(name: str, subjects: list[str], topology: Topology) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=subjects,
        storage=StorageType.FILE,
        max_age=topology.max_age_seconds,
        duplicate_window=topology.duplicate_window_seconds,
    )


def consumer_config(service: str, stream: str, topology: Topology) -> ConsumerConfig:
    durable = durable_name(service, stream)
    return ConsumerConfig(
        durable_name=durable,
        deliver_subject=f"deliver.{durable}",
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=topology.ack_wait_seconds,
        max_deliver=topology.max_deliver,
    )


async def _declare_stream(jetstream: JetStreamContext, config: StreamConfig) -> None:
    try:
        await jetstream.stream_info(str(config.name))
    except NotFoundError:
        await jetstream.add_stream(config)
    else:
        await jetstream.update_stream(config)
