"""Payloads as they were once sent: they decode for ever, and what is read is what was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.messages.catalogue import MESSAGES
from shared.messages.envelope import Message, MessageError, decode, decode_body, encode, encode_body, open_envelope
from shared.messages.executor import OrderChanged

GOLDEN = Path(__file__).parent / "golden"
PAYLOADS = sorted(path for path in GOLDEN.glob("*.json") if path.stem != "envelope.v1")
CURRENT = [path for path in PAYLOADS if path.stem in {kind.SCHEMA for kind in MESSAGES}]
BY_NAME = {kind.SCHEMA.rpartition(".")[0]: kind for kind in MESSAGES}


def kind_of(path: Path) -> type[Message]:
    """The message of today that the payload is read as, whatever its version."""
    return BY_NAME[path.stem.rpartition(".")[0]]


def test_every_message_has_a_payload() -> None:
    assert {path.stem for path in PAYLOADS} >= {kind.SCHEMA for kind in MESSAGES}


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_an_old_payload_still_decodes(path: Path) -> None:
    decode_body(kind_of(path), path.read_bytes())


@pytest.mark.parametrize(
    "path", [path for path in PAYLOADS if path.stem in {kind.SCHEMA for kind in MESSAGES}], ids=str
)
def test_what_was_read_is_written_again_to_the_digit(path: Path) -> None:
    kind = kind_of(path)
    written = json.loads(encode_body(decode_body(kind, path.read_bytes())))
    sent = json.loads(path.read_text())
    assert {field: value for field, value in written.items() if field in sent} == sent


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_a_field_that_a_newer_sender_adds_is_passed_over(path: Path) -> None:
    sent = json.loads(path.read_text())
    decode_body(kind_of(path), json.dumps({**sent, "added_later": {"deeply": [1]}}).encode())


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_without_a_required_field_it_is_no_such_message(path: Path) -> None:
    sent = json.loads(path.read_text())
    del sent[next(iter(sent))]
    with pytest.raises(MessageError, match=kind_of(path).SCHEMA):
        decode_body(kind_of(path), json.dumps(sent).encode())


def test_an_old_envelope_still_opens() -> None:
    envelope = decode((GOLDEN / "envelope.v1.json").read_bytes())
    assert open_envelope(OrderChanged, envelope).order_id == envelope.key
    assert json.loads(encode(envelope)) == json.loads((GOLDEN / "envelope.v1.json").read_text())
