import json

import pytest

from cli.supervisor.environment import SERVICES
from tests.system.run import Ended, Run, kinds, samples, total
from tests.unit.deploy.named import Listed, listed, named_in_panels

pytestmark = pytest.mark.system

ONLY_IN_TROUBLE = {"tdmaker_trading_cause", "tdmaker_refusals_total"}
"""Without a series while nothing holds trading back and no intent was refused."""


@pytest.mark.parametrize("service", SERVICES)
def test_a_running_service_is_alive_ready_and_can_be_scraped(running: Run, service: str) -> None:
    assert running.get(service, "/healthz") == (200, json.dumps({"status": "ok", "service": service}))
    status, body = running.get(service, "/readyz")
    assert (status, json.loads(body)["waiting_for"]) == (200, [])
    status, body = running.get(service, "/metrics")
    assert (status, total(body, "tdmaker_service_ready")) == (200, 1)
    assert running.get(service, "/nowhere")[0] == 404


def expected() -> list[Listed]:
    """The notifier's own need a Telegram bot, which this run has not."""
    return [metric for metric in listed() if metric.emitters != frozenset({"notifier"})]


def test_every_listed_metric_is_emitted_by_all_that_the_list_names(ended: Ended) -> None:
    emitted = {service: kinds(scrape) for service, scrape in ended.scrapes.items()}
    assert emitted.keys() == set(SERVICES)
    missing = [
        f"{service}: {metric.name} ({metric.kind})"
        for metric in expected()
        for service in sorted(metric.emitters)
        if emitted[service].get(metric.name) != metric.kind
    ]
    assert not missing


def test_nothing_of_ours_is_emitted_that_the_list_does_not_name(ended: Ended) -> None:
    emitted = {name for scrape in ended.scrapes.values() for name in kinds(scrape) if name.startswith("tdmaker_")}
    assert emitted <= {metric.name for metric in listed()}


def test_every_panel_has_something_to_draw(ended: Ended) -> None:
    drawn = {name for scrape in ended.scrapes.values() for name, _, _ in samples(scrape)}
    by_prometheus = {metric.name for metric in listed() if not metric.emitters}
    panels = named_in_panels() - by_prometheus - ONLY_IN_TROUBLE
    assert not {name for name in panels if not drawn & {name, f"{name}_bucket"}}


@pytest.mark.parametrize(
    ("service", "histogram"),
    [
        ("discovery", "frame_to_top"),
        ("bidder", "book_to_intent"),
        ("executor", "sign"),
        ("executor", "reserve"),
        ("executor", "intent_to_wire"),
        ("executor", "wire_to_answer"),
        ("fills", "fill_to_booked"),
    ],
)
def test_the_time_of_every_step_of_a_trade_was_measured(ended: Ended, service: str, histogram: str) -> None:
    name = f"tdmaker_{histogram}_seconds"
    count, seconds = (total(ended.scrapes[service], f"{name}_{part}") for part in ("count", "sum"))
    assert count >= 1
    assert 0 < seconds / count < 5


def test_counters_agree_with_the_summary(ended: Ended) -> None:
    """The last scrape is a little older than the summary."""
    executor, summary = ended.scrapes["executor"], ended.summary
    assert 1 <= total(executor, "tdmaker_orders_total", 'status="submitting"') <= summary["orders"]
    assert 1 <= total(executor, "tdmaker_orders_total", 'status="filled"') <= summary["orders"]
    assert total(executor, "tdmaker_orders_total", 'status="rejected"') == 0
    assert 1 <= total(ended.scrapes["fills"], "tdmaker_fills_total") <= summary["fills"]
    assert total(ended.scrapes["settlement"], "tdmaker_settlements_total", 'kind="venue"') >= 1
    assert total(ended.scrapes["bidder"], "tdmaker_decisions_total", 'verdict="placed"') >= 1
