"""What each service subscribes to, read from its source."""

import ast
from collections.abc import Iterator
from pathlib import Path

from shared.messages.catalogue import LEVELS

SERVICES = Path("services")


def running_services() -> list[str]:
    return sorted(path.parent.name for path in SERVICES.glob("*/__main__.py"))


def streams_of(service: str) -> list[str]:
    """Streams given to `facts.subscribe`: a literal, or a loop's variable over a constant of the module."""
    return sorted(stream for tree in _modules(service) for stream in _streams_in(tree))


def levels_of(service: str) -> list[str]:
    """Names of the level types that are listened for on core NATS; a fact heard there early is no level."""
    levels = {kind.__name__ for kind in LEVELS}
    return sorted({level for tree in _modules(service) for level in _levels_in(tree)} & levels)


def _modules(service: str) -> Iterator[ast.Module]:
    for path in sorted((SERVICES / service).rglob("*.py")):
        yield ast.parse(path.read_text(), str(path))


def _streams_in(tree: ast.Module) -> Iterator[str]:
    """Raises ValueError for a subscription whose stream the source does not tell."""
    looped = [call for loop in _loops(tree) for call in _subscriptions(loop) if _takes_variable_of(loop, call)]
    for loop in _loops(tree):
        if any(_takes_variable_of(loop, call) for call in _subscriptions(loop)):
            yield from _constants(tree, loop.iter)
    for call in _subscriptions(tree):
        if call not in looped:
            yield str(ast.literal_eval(call.args[0]))


def _loops(tree: ast.Module) -> list[ast.For]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.For)]


def _subscriptions(tree: ast.AST) -> list[ast.Call]:
    return [call for call in _calls(tree) if ast.unparse(call.func) == "facts.subscribe"]


def _takes_variable_of(loop: ast.For, call: ast.Call) -> bool:
    return ast.unparse(loop.target) == ast.unparse(call.args[0])


def _constants(tree: ast.Module, values: ast.expr) -> tuple[str, ...]:
    """The tuple written there, or the one that the module gives that name."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(values) in [ast.unparse(target) for target in node.targets]:
            return tuple(ast.literal_eval(node.value))
    return tuple(ast.literal_eval(values))


def _levels_in(tree: ast.Module) -> Iterator[str]:
    for call in _calls(tree):
        if isinstance(call.func, ast.Name) and call.func.id == "subscribe_levels":
            yield ast.unparse(call.args[1])
        if isinstance(call.func, ast.Attribute) and call.func.attr == "subscribe":
            yield from _subject_owners(call)


def _subject_owners(call: ast.Call) -> Iterator[str]:
    """`client.subscribe(f"{Kind.SUBJECT}.*")`."""
    for node in ast.walk(call):
        if isinstance(node, ast.Attribute) and node.attr == "SUBJECT" and isinstance(node.value, ast.Name):
            yield node.value.id


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))
