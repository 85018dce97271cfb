import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.deploy.emitted import OF_EVERY_PROCESS, made_in
from tests.unit.deploy.promql import metrics_in

DASHBOARDS = sorted(Path("deploy/grafana/dashboards").glob("*.json"))
LIST = Path("deploy/prometheus/metrics.txt")


def panels(path: Path) -> Iterator[dict[str, Any]]:
    for panel in json.loads(path.read_text())["panels"]:
        yield panel
        yield from panel.get("panels", ())


def named_in_panels() -> set[str]:
    expressions = [
        target["expr"] for path in DASHBOARDS for panel in panels(path) for target in panel.get("targets", ())
    ]
    return {name for expression in expressions for name in metrics_in(expression)}


def listed() -> dict[str, str]:
    """Who emits it, by metric."""
    lines = [line.split() for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    return {name: emitter for name, _, emitter, *_ in lines}


RUNNING = sorted(path.parent.name for path in Path("services").glob("*/__main__.py"))


def test_panels_and_the_list_of_metrics_name_the_same_ones() -> None:
    assert named_in_panels() == set(listed())


@pytest.mark.parametrize("service", RUNNING)
def test_a_service_makes_the_metrics_that_panels_expect_of_it(service: str) -> None:
    expected = {name for name, emitter in listed().items() if emitter == service}
    assert expected <= made_in(Path("services") / service)


def test_what_every_service_emits_is_made_in_shared_code_or_by_the_library() -> None:
    expected = {name for name, emitter in listed().items() if emitter == "all"}
    assert expected <= made_in(Path("shared")) | OF_EVERY_PROCESS


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_ask_the_provisioned_source_and_have_their_own_numbers_and_words(path: Path) -> None:
    drawn = [panel for panel in panels(path) if panel["type"] != "row"]
    assert {panel["datasource"]["uid"] for panel in drawn} == {"prometheus"}
    assert len({panel["id"] for panel in panels(path)}) == len(list(panels(path)))
    assert all(panel["title"] and panel["description"] for panel in drawn)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_do_not_overlap(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(path):
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (status) (rate(tdmaker_orders_total{status!="live"}[1m])) * 60', {"tdmaker_orders_total"}),
        ("histogram_quantile(0.99, sum by (le) (rate(tdmaker_a_seconds_bucket[5m])))", {"tdmaker_a_seconds"}),
        (
            "tdmaker_exposure_dollars / on (account) tdmaker_exposure_limit_dollars",
            {"tdmaker_exposure_dollars", "tdmaker_exposure_limit_dollars"},
        ),
        ("tdmaker_trading_state == 1", {"tdmaker_trading_state"}),
    ],
)
def test_an_expression_tells_which_metrics_it_needs(expression: str, names: set[str]) -> None:
    assert metrics_in(expression) == names
