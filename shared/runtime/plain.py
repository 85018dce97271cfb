"""Values of ours as plain JSON and back: every class by its name, so that a journal of them needs no schema of its own.

Reading makes only instances of our own value classes that are loaded already; nothing else can be named.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, cast

import msgspec

from shared.messages.envelope import MONEY

OURS = ("services.", "shared.")
CLASS = "$"
VALUE = "="


class NotPlainError(TypeError):
    """A value, or the name of one, that a journal does not take."""


class JournaledError(Exception):
    """Stands for an error whose class is not ours."""


def to_plain(value: object) -> object:
    """Raises NotPlainError."""
    if isinstance(value, Enum):
        return {CLASS: _name(type(value)), VALUE: value.value}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [to_plain(each) for each in cast("list[object]", value)]
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return {CLASS: "map", VALUE: [[to_plain(key), to_plain(each)] for key, each in pairs]}
    for kind, (name, write, _) in _SIMPLE.items():
        if isinstance(value, kind):
            return {CLASS: name, VALUE: write(value)}
    return _object(value)


def from_plain(plain: Any) -> Any:
    """What `to_plain` was given. Raises NotPlainError."""
    if isinstance(plain, list):
        return [from_plain(each) for each in cast("list[Any]", plain)]
    return _instance(cast("dict[str, Any]", plain)) if isinstance(plain, dict) else plain


def _instance(fields: dict[str, Any]) -> Any:
    name = fields[CLASS]
    if name == "map":
        return {from_plain(key): from_plain(each) for key, each in fields[VALUE]}
    for simple, _, read in _SIMPLE.values():
        if name == simple:
            return read(fields[VALUE])
    kind = _kind(name)
    if issubclass(kind, BaseException):
        return kind(fields[VALUE])
    if VALUE in fields:
        return kind.of(fields[VALUE]) if kind in MONEY else kind(fields[VALUE])
    return kind(**{key: from_plain(each) for key, each in fields.items() if key != CLASS})


def _object(value: object) -> object:
    kind = type(value)
    if kind in MONEY:
        return {CLASS: _name(kind), VALUE: str(cast("Any", value).value)}
    if isinstance(value, BaseException):
        ours = kind if kind.__module__.startswith(OURS) else JournaledError
        return {CLASS: _name(ours), VALUE: str(value) if ours is kind else f"{kind.__name__}: {value}"}
    if isinstance(value, msgspec.Struct):
        return {CLASS: _name(kind)} | {name: to_plain(getattr(value, name)) for name in value.__struct_fields__}
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.init]
        return {CLASS: _name(kind)} | {name: to_plain(getattr(value, name)) for name in names}
    raise NotPlainError(f"a {kind.__module__}.{kind.__qualname__} cannot be journaled")


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _kind(name: str) -> type[Any]:
    module, _, qualname = name.partition(":")
    found = getattr(sys.modules.get(module), qualname, None) if module.startswith(OURS) else None
    if not isinstance(found, type) or not _is_value(found):
        raise NotPlainError(f"{name} is no value class of ours")
    return found


def _is_value(kind: type) -> bool:
    return kind in MONEY or dataclasses.is_dataclass(kind) or issubclass(kind, Enum | msgspec.Struct | Exception)


def _items(value: Any) -> list[object]:
    return [to_plain(each) for each in value]


_SIMPLE: Mapping[type, tuple[str, Callable[[Any], object], Callable[[Any], Any]]] = {
    Decimal: ("decimal", str, Decimal),
    datetime: ("instant", datetime.isoformat, datetime.fromisoformat),
    timedelta: ("microseconds", lambda span: span // timedelta(microseconds=1), lambda n: timedelta(microseconds=n)),
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    msgspec.Raw: ("raw", lambda raw: bytes(raw).decode(), lambda text: msgspec.Raw(text.encode())),
    tuple: ("tuple", _items, lambda items: tuple(from_plain(each) for each in items)),
    frozenset: ("set", lambda held: sorted(_items(held), key=repr), lambda items: frozenset(map(from_plain, items))),
}
