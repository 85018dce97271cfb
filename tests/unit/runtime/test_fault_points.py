"""Each service dies at each point that it passes, in a test of crashes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.supervisor.environment import SERVICES
from shared.fault_points import PASSED, POINTS
from tests.integration.executor import test_crashes as of_executor_and_fills
from tests.integration.executor import test_crashes_of_others as of_others
from tests.integration.executor.test_redemption import WHILE_REDEEMING
from tests.integration.settlement.test_service import WHILE_SETTLING

BY_FILE = {"fact_published": "Relay(", "delivery_handled": "outside.facts()"}
ON_PAPER_ALONE = ("fills", "delivery_handled")
READERS = {("control", "delivery_handled"), ("notifier", "delivery_handled")}
"""They write nothing of an order's."""
CRASHED = {
    "executor": (
        *of_executor_and_fills.WHILE_PLACING,
        *of_executor_and_fills.WHILE_CANCELLING,
        *WHILE_REDEEMING,
    ),
    "fills": (*of_executor_and_fills.WHILE_FILLING, *of_executor_and_fills.WHILE_FILLING_ON_PAPER),
    "bidder": of_others.WHILE_BIDDING,
    "risk": of_others.WHILE_LEAVING,
    "discovery": of_others.WHILE_LISTING,
    "settlement": WHILE_SETTLING,
}


def source_of(service: str) -> str:
    return "\n".join(path.read_text() for path in sorted(Path("services", service).rglob("*.py")))


@pytest.mark.parametrize("service", SERVICES)
def test_the_table_names_the_points_that_the_code_passes(service: str) -> None:
    text = source_of(service)
    shared = {point for point, made in BY_FILE.items() if made in text}
    assert set(PASSED[service]) == set(re.findall(r'\breach(?:\(|, )"(\w+)"', text)) | shared


def test_every_point_is_passed_by_somebody() -> None:
    assert {point for points in PASSED.values() for point in points} == set(POINTS)
    assert set(PASSED) == set(SERVICES)


def test_every_service_dies_at_every_point_that_it_passes() -> None:
    passed = {(service, point) for service, points in PASSED.items() for point in points}
    died = {(service, point.partition(":")[0]) for service, points in CRASHED.items() for point in points}
    assert died == passed - READERS
