"""Which metrics the code of a service makes, read from its source."""

import ast
from pathlib import Path

PREFIX = "tdmaker_"
OURS = {"counter": "counter", "gauge": "gauge", "latency": "histogram"}
LIBRARY = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram"}
OF_EVERY_PROCESS = {"process_start_time_seconds", "process_resident_memory_bytes"}


def made_in(folder: Path) -> dict[str, str]:
    """The kinds, by full name, of the metrics that the modules below `folder` make with a literal name."""
    return {name: kind for path in folder.rglob("*.py") for name, kind in _made_by(path.read_text())}


def _made_by(source: str) -> list[tuple[str, str]]:
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args)
    return [made for call in calls if (made := _made(call))]


def _made(call: ast.Call) -> tuple[str, str] | None:
    first = call.args[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    if isinstance(call.func, ast.Attribute) and call.func.attr in OURS:
        return PREFIX + first.value, OURS[call.func.attr]
    if isinstance(call.func, ast.Name) and call.func.id in LIBRARY:
        return first.value, LIBRARY[call.func.id]
    return None
