"""No function that changes a table can be called past a lock: each waits where its line of `calls.py` says."""

from __future__ import annotations

import pytest

from tests.integration.db.desk import Desk
from tests.integration.locks.calls import CALLS, PASSES_OVER, Call
from tests.integration.locks.proof import prove_effect, prove_order
from tests.integration.locks.rivals import Rivals
from tests.integration.locks.writers import doors, functions_of, writers

pytestmark = pytest.mark.servers
TOLD = {call.function for call in CALLS} | set(PASSES_OVER)
OWN_TABLES = {
    ("bidder", "decision", "INSERT"), ("bidder", "decision", "UPDATE"), ("bidder", "decision", "DELETE"),
    ("control", "operator_action", "INSERT"), ("notifier", "operator_action", "INSERT"),
}  # fmt: skip
EVERYBODYS = {"inbox", "parked_frame"}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_it_locks_its_rows_in_this_order_and_sees_what_another_session_did(
    call: Call, desk: Desk, rivals: Rivals
) -> None:
    call.before(desk)
    prove_order(call, rivals)
    prove_effect(call, desk, rivals)


def test_every_function_that_changes_a_table_is_told(desk: Desk) -> None:
    assert doors(desk) == TOLD


def test_a_new_function_that_changes_a_table_by_way_of_another_is_found(desk: Desk) -> None:
    desk.connection.execute(
        "create function sneak(p_account text) returns void language sql security definer as"
        " 'select add_reserved(p_account, -1)'"
    )
    assert doors(desk) - TOLD == {"sneak"}


def test_what_changes_a_table_and_runs_as_its_caller_can_be_called_by_no_service(desk: Desk) -> None:
    functions = functions_of(desk)
    assert not [name for name in writers(desk) if functions[name].callers and not functions[name].runs_as_owner]


def test_no_service_can_write_past_the_functions(desk: Desk) -> None:
    grants = desk.rows(
        "select replace(grantee, 'tdmaker_', ''), table_name::text, privilege_type::text"
        " from information_schema.role_table_grants"
        " where table_schema = 'public' and starts_with(grantee, 'tdmaker_') and privilege_type <> 'SELECT'"
    )
    assert {grant for grant in grants if grant[1] not in EVERYBODYS} == OWN_TABLES


def test_a_function_that_locks_no_account_first_says_why() -> None:
    for call in CALLS:
        locks_account_first = call.locks[0].table == "account" and call.locks[0].mode == "AccessExclusiveLock"
        assert locks_account_first != bool(call.why), call.name


def test_pruning_passes_over_what_a_relay_holds(desk: Desk, rivals: Rivals) -> None:
    for cause in ("one", "two"):
        desk.one("select guard(%s, %s, 'reducing', '', 'risk')", desk.account, cause)
    desk.one("update outbox set published_at = clock_timestamp() - interval '2 days' returning 1")
    rivals.first.one("select 1 from outbox order by outbox_id limit 1 for update")
    desk.connection.execute("set lock_timeout = '1s'")

    assert desk.one("select prune_outbox()") == 1
