"""What is asked of a call on a desk that is as it wants it: where it waits, and what it sees afterwards. Raises
AssertionError."""

from __future__ import annotations

from tests.integration.db.desk import Desk
from tests.integration.locks.calls import Call
from tests.integration.locks.rivals import Rivals


def prove_order(call: Call, rivals: Rivals) -> None:
    """Of each row in turn, held by another session alone: the call waits for that row, has locked the earlier ones and
    nothing in the tables of later ones; before the account it has locked or changed nothing at all."""
    tables = [lock.table for lock in call.locks]
    for at, lock in enumerate(call.locks):
        lock.held(rivals.first)
        wait = rivals.wait_of_second(call.act)
        assert (wait.table, wait.mode) == (lock.table, lock.mode)
        assert wait.tables >= set(tables[: at + 1])
        assert not wait.tables & set(tables[at + 1 :])
        if at == 0 and not call.why:
            assert wait.tables == {lock.table}


def prove_effect(call: Call, desk: Desk, rivals: Rivals) -> None:
    """With the other session's act not committed the call waits; afterwards it has seen it."""
    call.first(rivals.first)
    waiting = rivals.second(call.act)
    rivals.first.connection.commit()
    said = waiting.result()
    assert (call.after(desk) if call.after else said) == call.sees
