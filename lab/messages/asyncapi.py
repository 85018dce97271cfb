"""The AsyncAPI document: subjects as channels, who sends on them and who receives."""

from __future__ import annotations

from typing import Any

from lab.messages.schemas import components
from shared.bus.streams import Topology
from shared.messages.catalogue import COMMANDS, LEVELS, MESSAGES
from shared.messages.discovery import MarketResolved, ReferencePrice, TopChanged
from shared.messages.envelope import Message
from shared.messages.risk import TradingStateChanged

Document = dict[str, Any]
MessageType = type[Message]
KEYS: dict[MessageType, str] = {TopChanged: "token", ReferencePrice: "coin", TradingStateChanged: "account"}
KEY_WORDS = {
    "market": "The venue's condition id.",
    "token": "The traded asset's id.",
    "coin": "Lower case: btc, eth, sol, xrp.",
    "account": "MD5 of the account's name, which holds characters that a subject may not.",
}
LEVEL_READERS: dict[MessageType, tuple[str, ...]] = {
    TopChanged: ("bidder", "control", "fills", "risk", "settlement"),
    ReferencePrice: ("bidder", "control", "notifier", "risk"),
    MarketResolved: ("settlement",),
}
"""Core NATS keeps no list of its readers; a test holds this one against the services."""


def document(topology: Topology, version: str) -> Document:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "tdmaker",
            "version": version,
            "description": "Facts and commands travel on JetStream in an envelope, at least once; a reader knows a "
            "repeated one by its key and key sequence. Levels travel on core NATS without envelope; only the newest "
            "counts.",
        },
        "defaultContentType": "application/json",
        "channels": {kind.SCHEMA: _channel(kind, topology) for kind in MESSAGES},
        "operations": _operations(topology),
        "components": {
            "messages": {kind.SCHEMA: _message(kind) for kind in MESSAGES},
            "schemas": components("#/components/schemas/{name}"),
        },
    }


def subject(kind: MessageType) -> str:
    """As the streams file writes it."""
    return f"{kind.SUBJECT}.*"


def _channel(kind: MessageType, topology: Topology) -> Document:
    key = KEYS.get(kind, "market")
    stream = _stream(kind, topology)
    carried = "Core NATS, not stored" if stream is None else f"JetStream, stream `{stream}`"
    return {
        "address": f"{kind.SUBJECT}.{{{key}}}",
        "description": f"{carried}.",
        "messages": {kind.SCHEMA: {"$ref": f"#/components/messages/{kind.SCHEMA}"}},
        "parameters": {key: {"description": KEY_WORDS[key]}},
    }


def _operations(topology: Topology) -> Document:
    sends = {f"{_owner(kind)}.sends.{_name(kind)}": _operation("send", kind, _owner(kind)) for kind in MESSAGES}
    receives = {
        f"{reader}.receives.{_name(kind)}": _operation("receive", kind, reader)
        for kind in MESSAGES
        for reader in _readers(kind, topology)
    }
    return sends | receives


def _operation(action: str, kind: MessageType, service: str) -> Document:
    channel = f"#/channels/{kind.SCHEMA}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{kind.SCHEMA}"}],
        "tags": [{"name": service}],
    }


def _message(kind: MessageType) -> Document:
    body = {"$ref": f"#/components/schemas/{kind.__name__}"}
    envelope = {"$ref": "#/components/schemas/Envelope"}
    schema = {"const": kind.SCHEMA}
    in_envelope = {"allOf": [envelope, {"type": "object", "properties": {"schema": schema, "body": body}}]}
    return {
        "name": kind.SCHEMA,
        "title": kind.__name__,
        "tags": [{"name": "level" if kind in LEVELS else "command" if kind in COMMANDS else "fact"}],
        "payload": body if kind in LEVELS else in_envelope,
    }


def _readers(kind: MessageType, topology: Topology) -> list[str]:
    """A service reads a stream whole."""
    stream = _stream(kind, topology)
    if stream is None:
        return sorted(LEVEL_READERS.get(kind, ()))
    return sorted(service for service, streams in topology.consumers.items() if stream in streams)


def _stream(kind: MessageType, topology: Topology) -> str | None:
    return next((name for name, subjects in topology.streams.items() if subject(kind) in subjects), None)


def _owner(kind: MessageType) -> str:
    return kind.SCHEMA.partition(".")[0]


def _name(kind: MessageType) -> str:
    return kind.SCHEMA.partition(".")[2].rpartition(".")[0]
