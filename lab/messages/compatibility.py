"""Which changes of a message its readers survive: new optional fields, and nothing else under the same version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from lab.messages.schemas import Schema

FIELDS, REQUIRED = "properties", "required"
_PROSE = frozenset({"description", "title", "examples", "$schema", "$id", "$comment", "$defs"})


def breaking_changes(committed: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[str]:
    """One line each: what a reader of the committed schemas would stumble over.

    A message that left is no break once the same message has a newer version.
    """
    return [line for name, schema in sorted(committed.items()) for line in _of_message(name, schema, current)]


def _of_message(name: str, committed: Schema, current: Mapping[str, Schema]) -> Iterator[str]:
    if name in current:
        yield from _differences(name, _bare(committed), _bare(current[name]))
    elif not any(_is_newer(other, name) for other in current):
        yield f"{name}: is gone, and no newer version of it stands in its place"


def _is_newer(one: str, other: str) -> bool:
    (one_name, _, one_version), (other_name, _, other_version) = one.rpartition(".v"), other.rpartition(".v")
    return one_name == other_name and int(one_version) > int(other_version)


def _differences(where: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _of_mapping(where, cast("Schema", old), cast("Schema", new))
    elif isinstance(old, list) and isinstance(new, list) and len(cast("list[Any]", old)) == len(cast("list[Any]", new)):
        for number, (one, other) in enumerate(zip(cast("list[Any]", old), cast("list[Any]", new), strict=True)):
            yield from _differences(f"{where}[{number}]", one, other)
    elif old != new:
        yield f"{where}: was {old!r}, is {new!r}"


def _of_mapping(where: str, old: Schema, new: Schema) -> Iterator[str]:
    is_of_fields = where.endswith(f".{FIELDS}")
    keys = old.keys() | new.keys()
    if not is_of_fields:
        yield from _of_required(where, old, new)
        keys -= {REQUIRED}
    for key in sorted(keys):
        if key not in new:
            yield f"{where}.{key}: was removed"
        elif key in old:
            yield from _differences(f"{where}.{key}", old[key], new[key])
        elif not is_of_fields:
            yield f"{where}.{key}: was added"


def _of_required(where: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = set(old.get(REQUIRED, ())), set(new.get(REQUIRED, ()))
    yield from (f"{where}.{field}: became required" for field in sorted(after - before))
    yield from (f"{where}.{field}: may be missing now" for field in sorted(before - after))


def _bare(schema: Schema) -> Schema:
    """Without prose, and with each definition in the place that refers to it."""
    definitions = schema.get("$defs", {})

    def bare(value: Any, *, are_fields: bool = False) -> Any:
        if isinstance(value, list):
            return [bare(each) for each in cast("list[Any]", value)]
        if not isinstance(value, dict):
            return value
        node = cast("Schema", value)
        if "$ref" in node:
            return bare(definitions[node["$ref"].rpartition("/")[2]])
        kept = node if are_fields else {key: each for key, each in node.items() if key not in _PROSE}
        return {key: bare(each, are_fields=key == FIELDS and not are_fields) for key, each in kept.items()}

    return bare(schema)
