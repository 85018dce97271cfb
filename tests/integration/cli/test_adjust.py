"""`tdmaker adjust` on real tables."""

from __future__ import annotations

import json
from decimal import Decimal

import psycopg
import pytest

from cli.app import run
from cli.errors import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from tests.integration.control import rows

pytestmark = pytest.mark.servers
LIVE = "sim:live:0xaa"


def open_live(url: str, wallet: str = "0xaa", *, is_counted: bool = True) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        account = f"sim:live:{wallet}"
        connection.execute("select open_account(%s, 'sim', 'live', %s, 50)", (account, wallet))
        if is_counted:
            connection.execute("select state_cash(%s, 1000, 0, 0)", (account,))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_cash_that_people_moved_is_in_the_ledger_with_who_and_why(
    postgres_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows.open_account(postgres_database)
    open_live(postgres_database)
    here = ["--postgres-url", postgres_database]

    assert run(["adjust", "deposit", "25.5", "--note", "from the bank", *here, "--json"]) == EXIT_OK
    assert run(["adjust", "withdraw", "5", "--note", "lunch", *here, "--account", LIVE]) == EXIT_OK

    first = capsys.readouterr().out.splitlines()[0]
    assert json.loads(first) == {"account": LIVE, "move": "deposit", "dollars": "25.5", "note": "from the bank"}
    with psycopg.connect(postgres_database) as connection:
        moves = "select event::text, debit::text, credit::text, amount from ledger_entry order by entry_id"
        assert connection.execute(moves).fetchall() == [
            ("deposit", "cash", "capital", Decimal("25.5")),
            ("withdraw", "capital", "cash", Decimal(5)),
        ]
        acts = connection.execute("select actor, act, detail from operator_action order by action_id").fetchall()
    assert [(act, detail) for _, act, detail in acts] == [
        ("deposit", "25.5 dollars: from the bank"),
        ("withdraw", "5 dollars: lunch"),
    ]
    assert all(actor.startswith("cli:") for actor, _, _ in acts)


def test_on_paper_there_is_no_wallet_to_adjust(postgres_database: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows.open_account(postgres_database)
    here = ["--note", "n", "--postgres-url", postgres_database]

    assert run(["adjust", "deposit", "25", *here]) == EXIT_FAILED
    assert "only a live one has a wallet" in said(capsys)
    assert run(["adjust", "deposit", "25", *here, "--account", rows.ACCOUNT]) == EXIT_FAILED
    assert "trades on paper" in said(capsys)


def test_before_the_wallet_was_counted_nothing_has_to_be_adjusted(
    postgres_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    open_live(postgres_database, is_counted=False)

    assert run(["adjust", "deposit", "25", "--note", "n", "--postgres-url", postgres_database]) == EXIT_FAILED
    assert "never counted yet" in said(capsys)


def test_of_several_live_accounts_one_is_named(postgres_database: str, capsys: pytest.CaptureFixture[str]) -> None:
    open_live(postgres_database)
    open_live(postgres_database, "0xbb")

    assert run(["adjust", "deposit", "25", "--note", "n", "--postgres-url", postgres_database]) == EXIT_USAGE
    assert "--account: sim:live:0xaa, sim:live:0xbb" in said(capsys)


@pytest.mark.parametrize("dollars", ["0", "much", "NaN", "inf", "0.0000001"])
def test_what_is_no_amount_is_refused(dollars: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["adjust", "deposit", dollars, "--note", "n"]) == EXIT_USAGE
    assert "dollars" in said(capsys)


def test_it_wants_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["adjust", "deposit", "5", "--note", " "]) == EXIT_USAGE
    assert "--note" in said(capsys)
