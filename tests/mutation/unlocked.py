"""The SQL functions with one lock taken out, each lock once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FUNCTIONS = Path("shared/db/functions")
LOCK = re.compile(r"\s+for update( skip locked)?\b|(?<!function )\block_market\(")
DEFINITION = re.compile(r"create or replace function (\w+)")
SEE_MARKET = """
create or replace function see_market(p_account text, p_market text)
returns market_guard language plpgsql as $$
declare
    v_guard market_guard;
begin
    insert into market_guard (account_id, market_id) values (p_account, p_market) on conflict do nothing;
    select * into v_guard from market_guard where account_id = p_account and market_id = p_market;
    return v_guard;
end $$;
"""
"""What is called instead of `lock_market`: the same row, not locked."""


@dataclass(frozen=True, slots=True)
class Unlocked:
    """`source` is the whole file without the lock that stood in `function` on `line`."""

    file: str
    function: str
    line: int
    lock: str
    source: str


def unlocked(file: str, source: str) -> Iterator[Unlocked]:
    """Each `for update` left out, and each call of `lock_market` one that does not lock; comments are not touched."""
    for found in LOCK.finditer(source):
        start = source.rfind("\n", 0, found.start()) + 1
        if "--" in source[start : found.start()]:
            continue
        calls = found.group().startswith("lock_market")
        spoiled = source[: found.start()] + ("see_market(" if calls else "") + source[found.end() :]
        function = DEFINITION.findall(source[: found.start()])[-1]
        line = source[: found.end()].count("\n") + 1
        yield Unlocked(file, function, line, found.group().strip(), spoiled + (SEE_MARKET if calls else ""))


def all_unlocked() -> list[Unlocked]:
    """Of every function there is."""
    return [each for path in sorted(FUNCTIONS.glob("*.sql")) for each in unlocked(path.name, path.read_text())]
