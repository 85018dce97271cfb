import re
from pathlib import Path

import pytest

from tests.unit.deploy.emitted import OF_EVERY_PROCESS, made_in
from tests.unit.deploy.named import DASHBOARDS, SERVICES, listed, named_in_panels, panels
from tests.unit.deploy.promql import metrics_in

UNITS = re.compile(r"_(seconds|dollars|bytes)(_total)?$")
SECOND_WORDS = re.compile(r"_(usd|cents|ms|millis|secs|pending|active|open|failed)(_|$)")


def test_panels_name_metrics_of_the_list_only() -> None:
    assert named_in_panels() <= {metric.name for metric in listed()}


def test_the_list_names_a_metric_once() -> None:
    names = [metric.name for metric in listed()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_service_makes_exactly_the_metrics_that_the_list_expects_of_it(service: str) -> None:
    shared = made_in(Path("shared"))
    expected = {metric.name: metric.kind for metric in listed() if service in metric.emitters}
    own = {name: kind for name, kind in expected.items() if name not in shared.keys() | OF_EVERY_PROCESS}
    assert own == made_in(Path("services") / service)


def test_what_shared_code_makes_is_listed() -> None:
    assert made_in(Path("shared")).items() <= {metric.name: metric.kind for metric in listed()}.items()


def test_names_carry_their_unit_and_counters_end_in_total() -> None:
    ours = [metric for metric in listed() if metric.name.startswith("tdmaker_")]
    assert all(metric.name.endswith("_total") == (metric.kind == "counter") for metric in ours)
    assert all(UNITS.search(metric.name) for metric in ours if metric.kind == "histogram")
    assert not [metric.name for metric in ours if SECOND_WORDS.search(metric.name)]


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
