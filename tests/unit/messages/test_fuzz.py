"""Whatever the bus brings, it is a message of the schema asked for or MessageError; nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.messages.catalogue import MESSAGES
from shared.messages.envelope import Message, MessageError, decode, decode_body, encode, encode_body, open_envelope
from tests.contract.messages.test_golden import GOLDEN
from tests.unit.venue.test_fuzz import spoil, values

kinds = pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.SCHEMA)
envelope: dict[str, Any] = json.loads((GOLDEN / "envelope.v1.json").read_text())


def survives(kind: type[Message], body: bytes) -> None:
    """What was read can be sent on."""
    with suppress(MessageError):
        encode_body(decode_body(kind, body))


@st.composite
def spoiled(draw: st.DrawFn, whole: dict[str, Any]) -> bytes:
    payload = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(1, 3))):
        spoil(draw, payload)
    return json.dumps(payload).encode("utf-8", "surrogatepass")


@kinds
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_spoiled_body_is_answered(kind: type[Message], data: st.DataObject) -> None:
    golden: dict[str, Any] = json.loads((GOLDEN / f"{kind.SCHEMA}.json").read_text())
    survives(kind, data.draw(spoiled(golden)))


@kinds
@settings(max_examples=20, deadline=None)
@given(body=st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")))
def test_any_body_is_answered(kind: type[Message], body: bytes) -> None:
    survives(kind, body)


@kinds
@pytest.mark.parametrize("body", [b'{"market":' * 50_000, b"[" * 50_000], ids=["object", "array"])
def test_endless_nesting_in_a_body_is_answered(kind: type[Message], body: bytes) -> None:
    survives(kind, body)


@settings(max_examples=200, deadline=None)
@given(data=spoiled(envelope) | st.binary(max_size=60))
def test_any_envelope_is_answered(data: bytes) -> None:
    with suppress(MessageError):
        read = decode(data)
        encode(read)
        open_envelope(next(kind for kind in MESSAGES if envelope["schema"] == kind.SCHEMA), read)


def test_endless_nesting_in_an_envelope_is_answered() -> None:
    whole = json.dumps(envelope | {"body": "BODY"})
    for body in ("[" * 50_000, '{"a":' * 50_000, "[" * 50_000 + "]" * 50_000):
        with pytest.raises(MessageError):
            decode(whole.replace('"BODY"', body).encode())
