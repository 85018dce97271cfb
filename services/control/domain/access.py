"""Who may look and who may act: bearer tokens, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

TOKEN_MIN_CHARACTERS = 24
NAME_MAX_CHARACTERS = 40


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a token belongs to; the name stands in the record of every act."""

    name: str
    role: Role

    @property
    def may_act(self) -> bool:
        return self.role is Role.OPERATOR


class TokensError(ValueError):
    """The tokens file cannot be used; the text says why and never shows a token."""


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    role: Role
    token: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tokens: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Digests of the tokens with their owners; the tokens themselves are not kept."""

    owners: Mapping[bytes, Caller]

    def owner(self, token: str) -> Caller | None:
        """Compares with every token, whichever fits, so that the time taken tells nothing."""
        digest = _digest(token)
        found: Caller | None = None
        for known, caller in self.owners.items():
            if hmac.compare_digest(known, digest):
                found = caller
        return found


def parse_tokens(text: str) -> Tokens:
    """From `{"tokens": [{"name": "desk", "role": "operator", "token": "..."}]}`. Raises TokensError."""
    try:
        file = msgspec.json.decode(text.encode(), type=_File)
    except msgspec.DecodeError as error:
        raise TokensError(_without_values(error)) from None
    owners: dict[bytes, Caller] = {}
    for entry in file.tokens:
        _check(entry, owners)
        owners[_digest(entry.token)] = Caller(entry.name, entry.role)
    if not owners:
        raise TokensError("it names no token")
    return Tokens(owners)


def _check(entry: _Entry, owners: Mapping[bytes, Any]) -> None:
    if not entry.name or len(entry.name) > NAME_MAX_CHARACTERS or not entry.name.isprintable():
        raise TokensError(f"a name has 1 to {NAME_MAX_CHARACTERS} printable characters")
    if len(entry.token) < TOKEN_MIN_CHARACTERS:
        raise TokensError(f"the token of {entry.name} is shorter than {TOKEN_MIN_CHARACTERS} characters")
    if _digest(entry.token) in owners:
        raise TokensError(f"the token of {entry.name} is somebody else's too")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _without_values(error: msgspec.DecodeError) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"{str(error).split(':')[0]} does not fit; see docs/control.md for its form"
    return "it is not JSON"
