"""Which metrics the code of a service makes, read from its source."""

import ast
from pathlib import Path

PREFIX = "tdmaker_"
OURS = {"counter", "gauge", "latency"}
LIBRARY = {"Counter", "Gauge", "Histogram"}
OF_EVERY_PROCESS = {"process_start_time_seconds", "process_resident_memory_bytes"}


def made_in(folder: Path) -> set[str]:
    """Full names of the metrics that the modules below `folder` make with a literal name."""
    return {name for path in folder.rglob("*.py") for name in _made_by(path.read_text())}


def _made_by(source: str) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args)
    return {name for call in calls if (name := _name(call))}


def _name(call: ast.Call) -> str | None:
    first = call.args[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    if isinstance(call.func, ast.Attribute) and call.func.attr in OURS:
        return PREFIX + first.value
    if isinstance(call.func, ast.Name) and call.func.id in LIBRARY:
        return first.value
    return None
