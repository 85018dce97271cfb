"""The committed documents: read, compared, written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.messages.asyncapi import document
from lab.messages.compatibility import breaking_changes
from lab.messages.schemas import Schema, message_schemas
from shared.bus.streams import load_topology

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "messages"
SCHEMAS = Path("schemas")


def generated() -> dict[Path, str]:
    """Text of each document by its path below the folder."""
    asyncapi = document(load_topology(), _version())
    schemas = {SCHEMAS / f"{name}.json": _text(schema) for name, schema in message_schemas().items()}
    return {Path("asyncapi.json"): _text(asyncapi), **schemas}


def committed_schemas(folder: Path = FOLDER) -> dict[str, Schema]:
    return {path.stem: json.loads(path.read_text()) for path in sorted((folder / SCHEMAS).glob("*.json"))}


def refused_changes(folder: Path = FOLDER) -> list[str]:
    """Changes that readers of what is committed would not survive."""
    return breaking_changes(committed_schemas(folder), message_schemas())


def differing(documents: Mapping[Path, str], folder: Path = FOLDER) -> list[str]:
    """One line for each document that is missing, outdated, or there without a reason."""
    present = {path.relative_to(folder) for path in folder.rglob("*.json")}
    missing = [f"{path}: missing" for path in documents if path not in present]
    surplus = [f"{path}: no message is behind it" for path in sorted(present - documents.keys())]
    outdated = [
        f"{path}: outdated"
        for path, text in documents.items()
        if path in present and (folder / path).read_text() != text
    ]
    return [*missing, *surplus, *outdated]


def write(documents: Mapping[Path, str], folder: Path = FOLDER) -> None:
    (folder / SCHEMAS).mkdir(parents=True, exist_ok=True)
    for path in folder.rglob("*.json"):
        if path.relative_to(folder) not in documents:
            path.unlink()
    for path, text in documents.items():
        (folder / path).write_text(text)


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
