import re
from pathlib import Path

import pytest

from lab.messages.asyncapi import LEVEL_READERS
from shared.bus.streams import load_topology
from shared.messages.catalogue import MESSAGES

SERVICES = sorted(path.parent.name for path in Path("services").glob("*/__main__.py"))
TOPOLOGY = load_topology()
LINES_MAX = 60


def row(service: str, name: str) -> set[str]:
    """What stands in backticks in one row of the table at the head of a service's document."""
    lines = Path(f"services/{service}/README.md").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"| {name} |")]
    return set(re.findall(r"`([^`]+)`", line))


def subjects(service: str, name: str) -> set[str]:
    return {word.removesuffix(".*") for word in row(service, name) if word.startswith("pm.v1.")}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_names_exactly_the_streams_that_it_consumes(service: str) -> None:
    named = {word for word in row(service, "Consumes") if word in TOPOLOGY.streams}
    assert named == set(TOPOLOGY.consumers.get(service, []))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_names_exactly_the_levels_that_it_hears(service: str) -> None:
    heard = {kind.SUBJECT for kind, readers in LEVEL_READERS.items() if service in readers}
    assert subjects(service, "Consumes") == heard


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_names_exactly_the_subjects_that_it_owns(service: str) -> None:
    owned = {kind.SUBJECT for kind in MESSAGES if kind.SCHEMA.split(".")[0] == service}
    assert subjects(service, "Publishes") == owned


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_described_on_one_page(service: str) -> None:
    text = Path(f"services/{service}/README.md").read_text()
    assert len(text.splitlines()) <= LINES_MAX
    assert f"python -m services.{service}" in text
