"""Which functions of a database change a table, by their own words or by those of a function that they call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import NamedTuple

from tests.integration.db.desk import Desk

FUNCTIONS = """
select proname, prosrc, prosecdef, array(
    select rolname from pg_roles
    where starts_with(rolname, 'tdmaker_') and has_function_privilege(rolname, p.oid, 'execute'))
from pg_proc p where pronamespace = 'public'::regnamespace
"""
TABLES = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
WRITE = re.compile(r"\b(?:insert\s+into|update|delete\s+from)\s+(\w+)", re.IGNORECASE)


class Function(NamedTuple):
    """`runs_as_owner`: it may write what its caller may not, so it is one of the doors. `callers` are roles."""

    source: str
    runs_as_owner: bool
    callers: list[str]


def functions_of(desk: Desk) -> dict[str, Function]:
    return {name: Function(_without_comments(source), *rest) for name, source, *rest in desk.rows(FUNCTIONS)}


def writers(desk: Desk) -> set[str]:
    functions = functions_of(desk)
    tables = {table for (table,) in desk.rows(TABLES)}
    found = {name for name, function in functions.items() if tables & set(WRITE.findall(function.source))}
    while callers := {name for name, each in functions.items() if name not in found and calls(each, found)}:
        found |= callers
    return found


def doors(desk: Desk) -> set[str]:
    """Those of the writers that a service may call, or that run as the owner of the tables."""
    functions: Mapping[str, Function] = functions_of(desk)
    return {name for name in writers(desk) if functions[name].runs_as_owner or functions[name].callers}


def calls(function: Function, names: Set[str]) -> bool:
    return bool(names & set(re.findall(r"\b(\w+)\s*\(", function.source)))


def _without_comments(source: str) -> str:
    return re.sub(r"--[^\n]*", "", source)
