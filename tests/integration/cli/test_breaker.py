"""`tdmaker breaker` on real tables."""

from __future__ import annotations

import json

import psycopg
import pytest

from cli.app import run
from cli.errors import EXIT_FAILED, EXIT_OK
from tests.integration.control import rows

pytestmark = pytest.mark.servers


def test_it_shows_resets_and_asks_for_force_while_the_day_is_at_its_limit(
    postgres_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows.open_account(postgres_database)
    here = ["--postgres-url", postgres_database]
    assert run(["breaker", *here]) == EXIT_OK
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        now = "clock_timestamp()"
        connection.execute(f"select set_breaker_limits(%s, 5, -50, -200, {now}, 'risk')", (rows.ACCOUNT,))
        connection.execute(f"select breaker_hear(%s, 'm', -200, {now}, 'test')", (rows.ACCOUNT,))
    capsys.readouterr()

    assert run(["breaker", "status", *here, "--json"]) == EXIT_FAILED
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["tripped"], shown["session_profit"], shown["day_profit"]) == (True, "-200", "-200")

    assert run(["breaker", "reset", *here, "--json"]) == EXIT_FAILED
    assert json.loads(capsys.readouterr().out) == {"reset": {rows.ACCOUNT: "needs_force"}}
    assert run(["breaker", "reset", "--force", *here]) == EXIT_OK
    assert run(["breaker", *here]) == EXIT_OK
