"""Comparisons of a source, each turned into its nearest wrong neighbour, one at a time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

NEIGHBOURS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True, slots=True)
class Flip:
    """One comparison operator, by the line it stands on; `source` is the whole module with it flipped."""

    line: int
    before: str
    after: str
    source: str


def flips(source: str) -> Iterator[Flip]:
    """Each operator of each comparison once; comments and layout are lost, the meaning else is not."""
    places = [
        (node_index, op_index)
        for node_index, node in enumerate(_comparisons(ast.parse(source)))
        for op_index in range(len(node.ops))
    ]
    for node_index, op_index in places:
        tree = ast.parse(source)
        node = _comparisons(tree)[node_index]
        before = ast.unparse(node)
        node.ops[op_index] = NEIGHBOURS[type(node.ops[op_index])]()
        yield Flip(node.lineno, before, ast.unparse(node), ast.unparse(tree))


def _comparisons(tree: ast.Module) -> list[ast.Compare]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
