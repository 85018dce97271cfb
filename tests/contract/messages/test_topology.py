"""The streams file, the catalogue of messages and what services really do say the same."""

from __future__ import annotations

import pytest

from lab.messages.asyncapi import LEVEL_READERS, subject
from shared.bus.streams import load_topology
from shared.messages.catalogue import COMMANDS, FACTS, LEVELS, MESSAGES
from shared.messages.envelope import Message
from tests.contract.messages.subscriptions import levels_of, running_services, streams_of

TOPOLOGY = load_topology()
PARKED = "pm.v1.parked.*"


def test_every_streams_subjects_are_the_facts_and_commands_of_the_catalogue() -> None:
    declared = [each for subjects in TOPOLOGY.streams.values() for each in subjects]
    assert sorted(declared) == sorted([PARKED, *(subject(kind) for kind in FACTS + COMMANDS)])


def test_no_level_is_stored_in_a_stream() -> None:
    declared = {each for subjects in TOPOLOGY.streams.values() for each in subjects}
    assert not declared & {subject(kind) for kind in LEVELS}


def test_consumers_read_streams_that_exist() -> None:
    assert {stream for streams in TOPOLOGY.consumers.values() for stream in streams} <= TOPOLOGY.streams.keys()


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.SCHEMA)
def test_schema_and_subject_name_the_same_owner(kind: type[Message]) -> None:
    owner, name, version = kind.SCHEMA.split(".")
    assert kind.SUBJECT.startswith(f"pm.v1.{owner}.")
    assert name
    assert version.startswith("v")


def test_no_two_messages_share_a_schema_or_a_subject() -> None:
    assert len({kind.SCHEMA for kind in MESSAGES}) == len({kind.SUBJECT for kind in MESSAGES}) == len(MESSAGES)


@pytest.mark.parametrize("service", running_services())
def test_a_service_subscribes_to_the_streams_that_the_file_gives_it(service: str) -> None:
    assert streams_of(service) == sorted(TOPOLOGY.consumers.get(service, []))


def test_consumers_are_declared_for_services_alone() -> None:
    assert TOPOLOGY.consumers.keys() <= set(running_services())


@pytest.mark.parametrize("service", running_services())
def test_a_service_listens_for_the_levels_that_the_document_says(service: str) -> None:
    assert levels_of(service) == sorted(kind.__name__ for kind, readers in LEVEL_READERS.items() if service in readers)
