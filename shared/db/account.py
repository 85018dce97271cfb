"""The account: its limit, exposure and trading state."""

from __future__ import annotations

from dataclasses import dataclass

from shared.db.pool import Pool, call
from shared.domain.ids import AccountId
from shared.domain.money import Cash


@dataclass(frozen=True, slots=True)
class Account:
    """`cancels`: resting entries go too. `wallet_size` is what sizes derive from, None where nobody knows it; `version`
    counts changes of the trading state."""

    account: AccountId
    max_exposure: Cash
    open_cost: Cash
    reserved: Cash
    trading_state: str
    cancels: bool
    wallet_size: Cash | None = None
    version: int = 0

    @property
    def headroom(self) -> Cash:
        """The limit minus what positions cost and live orders may cost."""
        return self.max_exposure - self.open_cost - self.reserved


def account_id(venue: str, mode: str, wallet: str) -> AccountId:
    return AccountId(f"{venue}:{mode}:{wallet.lower()}")


async def open_account(
    pool: Pool, venue: str, mode: str, wallet: str, max_exposure: Cash, wallet_size: Cash | None = None
) -> AccountId:
    """Makes the account or gives the existing one today's limit and wallet."""
    account = account_id(venue, mode, wallet)
    await call(
        pool,
        "select account_id from open_account(%s, %s, %s, %s, %s, %s)",
        (account, venue, mode, wallet, max_exposure.value, None if wallet_size is None else wallet_size.value),
    )
    return account


async def read_account(pool: Pool, account: AccountId) -> Account | None:
    async with pool.connection() as connection:
        row = await (
            await connection.execute(
                "select account_id, max_exposure, open_cost, reserved, trading_state::text,"
                " exists (select 1 from trading_cause c where c.account_id = a.account_id and c.cancels),"
                " wallet_size, version"
                " from account a where account_id = %s",
                (account,),
            )
        ).fetchone()
    if row is None:
        return None
    name, limit, cost, reserved, state, cancels, wallet, version = row
    wallet_size = None if wallet is None else Cash(wallet)
    return Account(AccountId(name), Cash(limit), Cash(cost), Cash(reserved), state, cancels, wallet_size, version)
