"""The committed documents of the messages are those that their types make."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.messages.documents import committed_schemas, differing, generated, refused_changes, write
from lab.messages.schemas import message_schemas
from shared.messages.catalogue import MESSAGES


def test_no_committed_schema_changed_in_a_way_that_its_readers_would_not_survive() -> None:
    assert refused_changes() == []


def test_the_committed_documents_are_up_to_date() -> None:
    """Otherwise: `python -m lab.messages write`."""
    assert differing(generated()) == []


def test_every_message_and_the_envelope_have_a_schema() -> None:
    assert set(committed_schemas()) == {"envelope.v1", *(kind.SCHEMA for kind in MESSAGES)}


def test_money_is_decimal_text_and_never_a_number() -> None:
    for name, schema in message_schemas().items():
        assert '"number"' not in json.dumps(schema), name


def test_an_instant_names_its_zone() -> None:
    assert message_schemas()["envelope.v1"]["properties"]["occurred_at"]["format"] == "date-time"


def references(text: str) -> set[str]:
    return set(re.findall(r'"\$ref": "([^"]+)"', text))


def resolves(document: Any, reference: str) -> bool:
    for part in reference.removeprefix("#/").split("/"):
        if part not in document:
            return False
        document = document[part]
    return True


@pytest.mark.parametrize("path", sorted(generated()), ids=str)
def test_every_reference_leads_somewhere(path: Path) -> None:
    text = generated()[path]
    assert [each for each in references(text) if not resolves(json.loads(text), each)] == []


def test_the_asyncapi_document_has_a_sender_for_every_channel() -> None:
    document = json.loads(generated()[Path("asyncapi.json")])
    sent = {
        operation["channel"]["$ref"].removeprefix("#/channels/")
        for operation in document["operations"].values()
        if operation["action"] == "send"
    }
    assert sent == document["channels"].keys()


def test_what_is_missing_outdated_or_left_over_is_named(tmp_path: Path) -> None:
    documents = {Path("asyncapi.json"): "{}\n", Path("schemas/a.v1.json"): "{}\n"}
    (tmp_path / "schemas").mkdir()
    (tmp_path / "asyncapi.json").write_text("old")
    (tmp_path / "schemas" / "b.v1.json").write_text("{}\n")
    assert differing(documents, tmp_path) == [
        "schemas/a.v1.json: missing",
        "schemas/b.v1.json: no message is behind it",
        "asyncapi.json: outdated",
    ]
    write(documents, tmp_path)
    assert differing(documents, tmp_path) == []
