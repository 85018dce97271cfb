"""JSON Schemas of the messages, made from their types."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from shared.domain.money import Cash, Price, Shares
from shared.messages.catalogue import MESSAGES
from shared.messages.envelope import Envelope, Message

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE = "envelope.v1"
_UNSIGNED, _SIGNED = r"^[0-9]+(\.[0-9]+)?$", r"^-?[0-9]+(\.[0-9]+)?$"
MONEY: dict[type, Schema] = {
    Price: {"type": "string", "pattern": _UNSIGNED, "description": "Cash per share, 0 to 1, as decimal text."},
    Shares: {"type": "string", "pattern": _UNSIGNED, "description": "Shares as decimal text."},
    Cash: {"type": "string", "pattern": _SIGNED, "description": "Dollars as decimal text, signed."},
}


def message_schemas() -> dict[str, Schema]:
    """One self-contained document for each message and one for the envelope, by `SCHEMA`."""
    bodies = {kind.SCHEMA: _document(kind.SCHEMA, kind) for kind in MESSAGES}
    return {ENVELOPE: _document(ENVELOPE, Envelope), **bodies}


def components(ref_template: str) -> dict[str, Schema]:
    """Every type of every message by its name, for one document that holds them all."""
    return _components((*MESSAGES, Envelope), ref_template)


def _document(name: str, kind: type[Message | Envelope]) -> Schema:
    found = _components((kind,), "#/$defs/{name}")
    own = found.pop(kind.__name__)
    return {"$schema": DIALECT, "$id": name, **own, **({"$defs": found} if found else {})}


def _components(kinds: tuple[type, ...], ref_template: str) -> dict[str, Schema]:
    _, found = msgspec.json.schema_components(kinds, schema_hook=_money, ref_template=ref_template)
    return {name: _tidied(schema) for name, schema in sorted(found.items())}


def _money(kind: type) -> Schema:
    if kind in MONEY:
        return dict(MONEY[kind])
    raise NotImplementedError(f"{kind.__name__} has no schema")


def _tidied(schema: Schema) -> Schema:
    """Docstrings lose their indentation."""
    if "description" in schema:
        schema["description"] = inspect.cleandoc(schema["description"])
    return schema
