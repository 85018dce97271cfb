"""The account's trading state in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString, cast

import psycopg

from services.executor.ports import TableUnavailableError
from shared.db.account import Account, read_account
from shared.db.pool import Pool, call
from shared.domain.ids import AccountId

SET = "select guard(%s, %s, %s, %s, 'executor', %s)::text"
SILENT = "select coalesce(array_agg(silent), '{}') from silent_services(%s) as silent"
CLEAR = "select guard(%s, %s, 'active', '', 'executor')::text"
ALERT = "select alert(%s, %s, 'executor')"


class PostgresGuard:
    def __init__(self, pool: Pool, account: AccountId) -> None:
        self._pool = pool
        self._account = account

    async def set_cause(self, cause: str, state: str, detail: str, *, cancels: bool) -> None:
        await self._call(SET, (self._account, cause, state, detail, cancels))

    async def clear_cause(self, cause: str) -> None:
        await self._call(CLEAR, (self._account, cause))

    async def alert(self, detail: str) -> None:
        await self._call(ALERT, (self._account, detail))

    async def heard_state(self) -> tuple[str, bool, int]:
        account = await self._read()
        return account.trading_state, account.cancels, account.version

    async def silent_services(self) -> frozenset[str]:
        return frozenset(cast("list[str]", await self._call(SILENT, (self._account,))))

    async def _call(self, statement: LiteralString, parameters: Sequence[object]) -> object:
        try:
            return await call(self._pool, statement, parameters)
        except psycopg.Error as error:
            raise TableUnavailableError(f"{type(error).__name__}: {error}") from error

    async def _read(self) -> Account:
        try:
            account = await read_account(self._pool, self._account)
        except psycopg.Error as error:
            raise TableUnavailableError(f"{type(error).__name__}: {error}") from error
        if account is None:
            raise TableUnavailableError(f"the account {self._account} is gone")
        return account
