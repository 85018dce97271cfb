"""`docker compose up` as a user does it: trades on the simulator, on paper, then live; is watched and stopped.

The tests are one story and share one system; each goes on where the one before it stopped.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.stack import ROOT, Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600), pytest.mark.xdist_group("compose")]

DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "trading.json"
SERVICES = sorted(path.parent.name for path in Path(ROOT / "services").glob("*/__main__.py"))
EMPTY_WHILE_ALL_IS_WELL = {
    "Why not: tdmaker_refusals_total": "no intent need be refused",
    "Deliveries that failed: tdmaker_deliveries_total": "no delivery need fail",
    "Frames refused: tdmaker_frames_refused_total": "the simulator sends no frame that cannot be read",
}


@pytest.fixture(scope="module")
def stack(engine: dict[str, str]) -> Iterator[Stack]:
    """Built, started and trading or about to; nothing of it is left afterwards."""
    stack = Stack(engine)
    stack.remove_leftovers()
    stack.build()
    try:
        stack.up()
        yield stack
    finally:
        stack.down("--volumes", "--remove-orphans")


def test_plain_up_trades_on_paper_at_the_simulator(stack: Stack) -> None:
    filled = stack.until("a filled order", 150, lambda: filled_orders(stack))
    status = stack.ask("/api/status")
    assert (status["venue"], status["mode"], status["speed"]) == ("sim", "paper", 10)
    assert status["account"]["trading_state"] == "active"
    assert all(order["venue_order_id"].startswith("paper-") for order in filled)


def test_every_service_is_scraped(stack: Stack) -> None:
    def scraped() -> bool:
        return {row["metric"]["service"] for row in stack.measured("up == 1")} == set(SERVICES)

    assert stack.until("a scrape of every service", 30, scraped)


def test_no_container_has_rights_or_can_write_to_its_image(stack: Stack) -> None:
    containers = stack.inspected()
    assert {*SERVICES, "simulator", "postgres", "nats", "redis", "prometheus"} <= set(containers)
    for service, container in containers.items():
        assert container["Config"]["User"].split(":")[0] not in {"", "0", "root"}, service
        assert container["HostConfig"]["ReadonlyRootfs"], service
        assert container["HostConfig"]["CapDrop"] == ["ALL"], service
        assert not container["HostConfig"]["Privileged"], service


def test_the_signing_key_is_out_of_reach_of_everything_but_the_executor(stack: Stack) -> None:
    holders = {
        service
        for service, container in stack.inspected().items()
        if any("secret-signing" in mount.get("Name", "") for mount in container["Mounts"])
    }
    assert holders == {"executor"}


def test_another_up_goes_on_with_the_run(stack: Stack) -> None:
    run_id = stack.ask("/api/status")["run_id"]
    assert f"run {run_id} goes on" in stack.compose("run", "--rm", "--no-TTY", "--no-deps", "new-run")


def test_after_a_stop_a_new_run_trades_live_and_the_books_are_kept(stack: Stack) -> None:
    first_run, paper = stack.ask("/api/status")["run_id"], paper_fills(stack)
    stack.down()
    stack.up(TDMAKER_MODE="live")
    filled = stack.until("an order filled live", 150, lambda: filled_orders(stack))
    status = stack.ask("/api/status")
    assert status["mode"] == "live"
    assert status["run_id"] != first_run
    assert paper_fills(stack) == paper
    known = {order["order_id"]: order for order in stack.referee()["orders"]}
    assert all(float(known[order["venue_order_id"]]["size_matched"]) > 0 for order in filled)


def test_one_call_stops_it(stack: Stack) -> None:
    receipt = stack.act("/api/kill")
    assert (receipt["trading_state"], receipt["closed"]) == ("halted", True)
    assert not [order for order in stack.referee()["orders"] if order["status"] == "LIVE"]


def test_every_panel_shows_something(stack: Stack) -> None:
    queries = panel_queries()
    assert set(EMPTY_WHILE_ALL_IS_WELL) <= {name for name, _ in queries}
    asked = [(name, query) for name, query in queries if name not in EMPTY_WHILE_ALL_IS_WELL]

    def nothing_empty() -> bool:
        return not [name for name, query in asked if not stack.measured(query)]

    try:
        stack.until("every panel", 30, nothing_empty)
    except AssertionError:
        empty = [f"{name}: {query}" for name, query in asked if not stack.measured(query)]
        raise AssertionError("\n".join(["panels that show nothing:", *empty])) from None


def filled_orders(stack: Stack) -> list[dict[str, Any]]:
    return [order for order in stack.ask("/api/orders") if order["status"] == "filled"]


def paper_fills(stack: Stack) -> list[str]:
    return stack.table("select trade_id from fill where account_id = 'sim:paper:paper' order by trade_id")


def panel_queries() -> list[tuple[str, str]]:
    """Every query of the dashboard, named by its panel and the metric in it."""
    drawn = json.loads(DASHBOARD.read_text())["panels"]
    inner = [panel for row in drawn for panel in row.get("panels", ())]
    targets = [(panel, target) for panel in (*drawn, *inner) for target in panel.get("targets", ())]
    return [(f"{panel['title']}: {_metric(target['expr'])}", target["expr"]) for panel, target in targets]


def _metric(query: str) -> str:
    words = query.replace("{", " ").replace("[", " ").replace("(", " ").replace(")", " ").split()
    return next((word for word in words if word.startswith(("tdmaker_", "process_")) or word == "up"), query)
