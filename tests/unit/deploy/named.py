"""The metrics that the list and the dashboards name."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.unit.deploy.promql import metrics_in

DASHBOARDS = sorted(Path("deploy/grafana/dashboards").glob("*.json"))
LIST = Path("deploy/prometheus/metrics.txt")
SERVICES = frozenset(path.parent.name for path in Path("services").glob("*/__main__.py"))


@dataclass(frozen=True, slots=True)
class Listed:
    """`emitters` are services; none for a metric that Prometheus makes itself."""

    name: str
    kind: str
    emitters: frozenset[str]


def listed() -> list[Listed]:
    lines = [line.split() for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    return [Listed(name, kind, _emitters(emitters)) for name, kind, emitters, *_ in lines]


def _emitters(column: str) -> frozenset[str]:
    return {"all": SERVICES, "prometheus": frozenset[str]()}.get(column, frozenset(column.split(",")))


def panels(path: Path) -> Iterator[dict[str, Any]]:
    for panel in json.loads(path.read_text())["panels"]:
        yield panel
        yield from panel.get("panels", ())


def named_in_panels() -> set[str]:
    expressions = [
        target["expr"] for path in DASHBOARDS for panel in panels(path) for target in panel.get("targets", ())
    ]
    return {name for expression in expressions for name in metrics_in(expression)}
