"""The kill in the tables, tried in a thread of its own: a database that hangs must hold up nothing else."""

import threading
from dataclasses import replace
from typing import LiteralString

import psycopg

from cli import readings
from cli.errors import CommandError
from cli.kill.receipt import Receipt, Wish
from cli.running import first_line
from shared.domain.clock import Clock

ACCOUNT_NAMES: LiteralString = "select account_id as account from account order by account_id"
HALT: LiteralString = "select halt(%s, %s, %s)::text"
UNCERTAIN_OR_OPEN: LiteralString = """
select count(*) from orders
where account_id = any(%s) and status not in ('filled', 'cancelled', 'rejected', 'expired')
"""
POLL_SECONDS = 0.05
AGAIN_SECONDS = 0.25


class Tables:
    """`answered` is set by the commit or by the last word, `ended` by the last word alone: nothing is open any more,
    the wish's time is over, or `refusal` says what will not change."""

    def __init__(self, wish: Wish, clock: Clock) -> None:
        self._wish = wish
        self._clock = clock
        self._began_seconds = clock.monotonic_seconds()
        self._names: list[str] = []
        self.receipt = Receipt()
        self.refusal: CommandError | None = None
        self.answered = threading.Event()
        self.ended = threading.Event()

    @property
    def is_late(self) -> bool:
        return self._clock.monotonic_seconds() - self._began_seconds >= self._wish.wait_seconds

    def follow(self, postgres_url: str) -> None:
        """Returns at once; a thread goes on until it has ended."""
        threading.Thread(target=self._insist, args=(postgres_url,), name="tables", daemon=True).start()

    def act(self, tables: readings.Connection) -> None:
        """Halts, then waits until nothing is open. Raises CommandError, psycopg.Error."""
        if not self.receipt.is_halted:
            self._halt(tables)
        self._wait_until_closed(tables)

    def _insist(self, postgres_url: str) -> None:
        try:
            while not self._is_done(postgres_url) and not self.is_late:
                self.ended.wait(AGAIN_SECONDS)
        finally:
            self.ended.set()
            self.answered.set()

    def _is_done(self, postgres_url: str) -> bool:
        try:
            with readings.connect(postgres_url) as tables:
                self.act(tables)
        except psycopg.OperationalError as error:
            self.receipt = replace(self.receipt, problem=f"Postgres does not answer ({first_line(error)})")
            return False
        except psycopg.errors.UndefinedTable:
            self.refusal = CommandError("this database has no tables yet; `./tdmaker migrate` makes them")
        except psycopg.Error as error:
            self.receipt = replace(self.receipt, problem=f"Postgres refuses ({first_line(error)})")
        except CommandError as error:
            self.refusal = error
        return True

    def _halt(self, tables: readings.Connection) -> None:
        wish = self._wish
        self._names = accounts_of(tables, wish.account)
        open_before = self._open(tables)
        states = {name: readings.scalar(tables, HALT, (name, wish.actor, wish.reason)) for name in self._names}
        self.receipt = Receipt(trading_state=states, open_before=open_before, halted_ms=self._since_ms())
        self.answered.set()

    def _wait_until_closed(self, tables: readings.Connection) -> None:
        while (left := self._open(tables)) and not self.is_late:
            self.ended.wait(POLL_SECONDS)
        self.receipt = replace(self.receipt, open_now=left, closed_ms=None if left else self._since_ms())

    def _open(self, tables: readings.Connection) -> int:
        return readings.scalar(tables, UNCERTAIN_OR_OPEN, (self._names,))

    def _since_ms(self) -> float:
        return round((self._clock.monotonic_seconds() - self._began_seconds) * 1000, 1)


def accounts_of(tables: readings.Connection, account: str | None) -> list[str]:
    """Raises CommandError for an account that is not there."""
    names = [row["account"] for row in readings.rows(tables, ACCOUNT_NAMES)]
    if account is not None and account not in names:
        raise CommandError(f"--account={account}: no such account; there are {', '.join(names) or 'none yet'}")
    if not names:
        raise CommandError("there is no account yet; nothing has traded here")
    return names if account is None else [account]
