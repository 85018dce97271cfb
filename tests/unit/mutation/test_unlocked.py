"""What the check of the locks tries."""

from tests.mutation.unlocked import all_unlocked, unlocked

SOURCE = """
create or replace function lock_market(p_market text) returns void language plpgsql as $$
    perform 1 from market_guard for update;
$$;
-- It is locked for update by lock_market(p_market).
create or replace function act() returns void language plpgsql as $$
    perform 1 from account for update;
    v_guard := lock_market(p_market);
$$;
"""


def test_each_lock_is_left_out_alone() -> None:
    assert [(each.function, each.line, each.lock) for each in unlocked("x.sql", SOURCE)] == [
        ("lock_market", 3, "for update"),
        ("act", 7, "for update"),
        ("act", 8, "lock_market("),
    ]


def test_nothing_else_is_changed() -> None:
    first, second, third = (each.source for each in unlocked("x.sql", SOURCE))
    assert first == SOURCE.replace("market_guard for update", "market_guard")
    assert second == SOURCE.replace("account for update", "account")
    assert third.startswith(SOURCE.replace(":= lock_market", ":= see_market"))


def test_no_lock_is_written_in_another_way() -> None:
    words = ("for no key update", "for share", "for key share", "lock table", "pg_advisory")
    assert not [word for each in all_unlocked() for word in words if word in each.source.lower()]
