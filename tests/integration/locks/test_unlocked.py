"""The lock suite notices a lock that is not taken. `python -m tests.mutation.locks` tries it with every one."""

from __future__ import annotations

from typing import LiteralString, cast

import pytest

from tests.integration.db.desk import Desk
from tests.integration.locks.calls import CALLS
from tests.integration.locks.proof import prove_order
from tests.integration.locks.rivals import Rivals
from tests.mutation.unlocked import Unlocked, all_unlocked

pytestmark = pytest.mark.servers
NEVER_WAITS = ("resolve_unmatched", "for update", "resolve_unmatched")
WAITS_AT_A_WRITE = ("halt", "for update", "halt")
TOO_LATE = ("apply_order_event", "lock_market(", "apply_order_event")


def without(function: str, lock: str) -> Unlocked:
    return next(each for each in all_unlocked() if (each.function, each.lock) == (function, lock))


@pytest.mark.parametrize(("function", "lock", "called"), [NEVER_WAITS, WAITS_AT_A_WRITE, TOO_LATE])
def test_a_lock_that_is_not_taken_is_noticed(function: str, lock: str, called: str, desk: Desk, rivals: Rivals) -> None:
    desk.connection.execute(cast("LiteralString", without(function, lock).source))
    call = next(call for call in CALLS if call.function == called)

    call.before(desk)
    with pytest.raises(AssertionError):
        prove_order(call, rivals)
