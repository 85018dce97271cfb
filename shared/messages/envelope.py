"""How a fact or a command travels: one frozen envelope round a typed body, as JSON.

Money stays exact on the wire: prices, shares and cash are decimal text.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeVar

import msgspec

from shared.domain.money import Cash, MoneyError, Price, Shares

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""Aware: an instant without its zone is refused."""


class MessageError(ValueError):
    """The bytes are no message of the schema asked for."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A body. `SCHEMA` names owner, fact and version; `SUBJECT` is the subject up to the key's token."""

    SCHEMA: ClassVar[str]
    SUBJECT: ClassVar[str]


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """`message_id` derives from the fact and is also the `Nats-Msg-Id`; `key_sequence` orders facts of one key.

    `occurred_at` is domain time (the venue's), `recorded_at` wall time (ours).
    """

    message_id: str
    schema: str
    occurred_at: Instant
    recorded_at: Instant
    producer: str
    correlation_id: str
    causation_id: str | None
    key: str
    key_sequence: int
    body: msgspec.Raw


MONEY = (Price, Shares, Cash)
M = TypeVar("M", bound=Message)


def encode_money(value: object) -> str:
    """How msgspec writes our money: as decimal text."""
    if isinstance(value, MONEY):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} does not travel")


def decode_money(kind: type, value: object) -> Any:
    """How msgspec reads it. Raises ValueError."""
    if kind in MONEY and isinstance(value, str):
        try:
            return kind.of(value)
        except MoneyError as error:
            raise ValueError(str(error)) from None
    raise ValueError(f"{kind.__name__} travels as decimal text")


_encoder = msgspec.json.Encoder(enc_hook=encode_money)
_envelopes = msgspec.json.Decoder(Envelope)
_decoders: dict[type[Message], msgspec.json.Decoder[Any]] = {}


def encode_body(message: Message) -> bytes:
    return _encoder.encode(message)


def encode(envelope: Envelope) -> bytes:
    return _encoder.encode(envelope)


def decode_body(kind: type[M], data: bytes | msgspec.Raw) -> M:
    """Raises MessageError naming the schema and the field."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind, dec_hook=decode_money)
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MessageError(f"{kind.SCHEMA}: {error}") from None


def decode(data: bytes) -> Envelope:
    """Raises MessageError."""
    try:
        return _envelopes.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MessageError(f"envelope: {error}") from None


def open_envelope(kind: type[M], envelope: Envelope) -> M:
    """The body, if the envelope says it is of this kind. Raises MessageError."""
    if envelope.schema != kind.SCHEMA:
        raise MessageError(f"expected {kind.SCHEMA}, got {envelope.schema}")
    return decode_body(kind, envelope.body)


def command(
    message: Message, *, message_id: str, producer: str, key: str, occurred_at: datetime, recorded_at: datetime
) -> Envelope:
    """An envelope round a command; it needs no outbox, the plan that made it makes it again."""
    return Envelope(
        message_id=message_id,
        schema=message.SCHEMA,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        producer=producer,
        correlation_id=message_id,
        causation_id=None,
        key=key,
        key_sequence=1,
        body=msgspec.Raw(encode_body(message)),
    )
