"""The account: its limit, exposure and trading state."""

from __future__ import annotations

from dataclasses import dataclass

from shared.db.pool import Pool, call
from shared.domain.ids import AccountId
from shared.domain.money import Cash


@dataclass(frozen=True, slots=True)
class Account:
    account: AccountId
    max_exposure: Cash
    open_cost: Cash
    reserved: Cash
    trading_state: str
    cancels: bool

    @property
    def headroom(self) -> Cash:
        """The limit minus what positions cost and live orders may cost."""
        return self.max_exposure - self.open_cost - self.reserved


def account_id(venue: str, mode: str, wallet: str) -> AccountId:
    return AccountId(f"{venue}:{mode}:{wallet.lower()}")


async def open_account(pool: Pool, venue: str, mode: str, wallet: str, max_exposure: Cash) -> AccountId:
    """Makes the account or gives the existing one today's limit."""
    account = account_id(venue, mode, wallet)
    await call(
        pool,
        "select account_id from open_account(%s, %s, %s, %s, %s)",
        (account, venue, mode, wallet, max_exposure.value),
    )
    return account


async def read_account(pool: Pool, account: AccountId) -> Account | None:
    async with pool.connection() as connection:
        row = await (
            await connection.execute(
                "select account_id, max_exposure, open_cost, reserved, trading_state::text,"
                " exists (select 1 from trading_cause c where c.account_id = a.account_id and c.cancels)"
                " from account a where account_id = %s",
                (account,),
            )
        ).fetchone()
    if row is None:
        return None
    return Account(AccountId(row[0]), Cash(row[1]), Cash(row[2]), Cash(row[3]), row[4], row[5])
