"""A message may gain optional fields under its version, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from lab.messages.compatibility import breaking_changes
from lab.messages.schemas import Schema, message_schemas

FILL: Schema = {
    "$id": "fills.fill.v1",
    "title": "Fill",
    "description": "A fill.",
    "type": "object",
    "properties": {
        "price": {"type": "string", "pattern": "^[0-9]+$", "description": "Cash per share."},
        "side": {"$ref": "#/$defs/Side"},
        "bucket": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "levels": {"type": "array", "items": {"$ref": "#/$defs/Level"}},
        "description": {"type": "string"},
        "note": {"type": "string", "default": ""},
    },
    "required": ["price", "side", "bucket", "levels", "description"],
    "$defs": {
        "Side": {"enum": ["BUY", "SELL"]},
        "Level": {"type": "object", "properties": {"shares": {"type": "string"}}, "required": ["shares"]},
    },
}
Change = Callable[[Schema], None]


def changed(change: Change) -> list[str]:
    new = copy.deepcopy(FILL)
    change(new)
    return breaking_changes({"fills.fill.v1": FILL}, {"fills.fill.v1": new})


def fields(schema: Schema) -> dict[str, Any]:
    return schema["properties"]


def add_optional(schema: Schema) -> None:
    fields(schema)["fee"] = {"type": "string", "default": "0"}


def add_optional_inside(schema: Schema) -> None:
    schema["$defs"]["Level"]["properties"]["orders"] = {"type": "integer", "default": 0}


def reword(schema: Schema) -> None:
    schema["description"] = "One of our fills."
    fields(schema)["price"]["description"] = "Dollars per share."


def move_a_definition_into_place(schema: Schema) -> None:
    fields(schema)["side"] = schema["$defs"].pop("Side")


@pytest.mark.parametrize("change", [add_optional, add_optional_inside, reword, move_a_definition_into_place])
def test_what_readers_survive(change: Change) -> None:
    assert changed(change) == []


def add_required(schema: Schema) -> None:
    fields(schema)["fee"] = {"type": "string"}
    schema["required"].append("fee")


def remove(schema: Schema) -> None:
    del fields(schema)["price"]
    schema["required"].remove("price")


def remove_optional(schema: Schema) -> None:
    del fields(schema)["note"]


def rename(schema: Schema) -> None:
    fields(schema)["cost"] = fields(schema).pop("price")
    schema["required"][0] = "cost"


def retype(schema: Schema) -> None:
    fields(schema)["price"] = {"type": "number"}


def loosen(schema: Schema) -> None:
    del fields(schema)["price"]["pattern"]


def no_longer_required(schema: Schema) -> None:
    schema["required"].remove("price")


def add_a_word(schema: Schema) -> None:
    schema["$defs"]["Side"]["enum"].append("SHORT")


def forbid_null(schema: Schema) -> None:
    fields(schema)["bucket"] = {"type": "string"}


def remove_inside(schema: Schema) -> None:
    schema["$defs"]["Level"]["properties"] = {}


def retype_a_field_called_description(schema: Schema) -> None:
    fields(schema)["description"] = {"type": "integer"}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (add_required, "fills.fill.v1.fee: became required"),
        (remove, "fills.fill.v1.properties.price: was removed"),
        (remove_optional, "fills.fill.v1.properties.note: was removed"),
        (rename, "fills.fill.v1.properties.price: was removed"),
        (retype, "fills.fill.v1.properties.price.type: was 'string', is 'number'"),
        (loosen, "fills.fill.v1.properties.price.pattern: was removed"),
        (no_longer_required, "fills.fill.v1.price: may be missing now"),
        (add_a_word, "fills.fill.v1.properties.side.enum: was ['BUY', 'SELL'], is ['BUY', 'SELL', 'SHORT']"),
        (forbid_null, "fills.fill.v1.properties.bucket.anyOf: was removed"),
        (remove_inside, "fills.fill.v1.properties.levels.items.properties.shares: was removed"),
        (retype_a_field_called_description, "fills.fill.v1.properties.description.type: was 'string', is 'integer'"),
    ],
)
def test_what_readers_do_not_survive_is_named(change: Change, line: str) -> None:
    assert line in changed(change)


def test_a_message_that_is_gone_is_missed() -> None:
    assert breaking_changes({"fills.fill.v1": FILL}, {}) == [
        "fills.fill.v1: is gone, and no newer version of it stands in its place"
    ]


def test_a_newer_version_may_take_a_messages_place() -> None:
    other = copy.deepcopy(FILL)
    remove(other)
    assert breaking_changes({"fills.fill.v1": FILL}, {"fills.fill.v2": other}) == []


def test_an_older_version_or_another_message_may_not() -> None:
    assert breaking_changes({"fills.fill.v2": FILL}, {"fills.fill.v1": FILL, "fills.fills.v3": FILL}) != []


def test_a_new_message_breaks_nobody() -> None:
    assert breaking_changes({}, {"fills.fill.v1": FILL}) == []


def test_a_real_message_changed_without_a_new_version_is_refused() -> None:
    committed = message_schemas()
    current = copy.deepcopy(committed)
    del current["bidder.place_entry.v1"]["properties"]["attempt"]
    current["bidder.place_entry.v1"]["required"].remove("attempt")
    assert breaking_changes(committed, committed) == []
    assert "bidder.place_entry.v1.properties.attempt: was removed" in breaking_changes(committed, current)
