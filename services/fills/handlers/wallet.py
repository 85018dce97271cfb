"""The wallet's dollars: looked at beside the ledger, and written down when both sides agree."""

from __future__ import annotations

import structlog

from services.fills.domain.dollars import CashLook
from services.fills.ports import CashBook, VenueRecord, VenueSilentError

log = structlog.get_logger()


class Wallet:
    """The first statement has nothing to agree with, so two looks have to show the same: a trade between the snapshots
    of one look must not be taken for dollars that were there before."""

    def __init__(self, book: CashBook, record: VenueRecord) -> None:
        self._book = book
        self._record = record
        self._before: tuple[int, int, int] | None = None

    async def look(self) -> CashLook:
        """Before the first statement the venue is asked to read the chain anew: it may never have been.

        Raises LedgerUnavailableError, VenueSilentError.
        """
        own = await self._book.own_cash()
        if own.stated is None:
            await self._record.look_again_at_cash(())
        return CashLook(own, await self._record.cash(own.payouts))

    async def look_again(self, look: CashLook) -> None:
        """The venue's balances come from a cache of its own. One that cannot be asked for anew differs all the same."""
        try:
            await self._record.look_again_at_cash(look.own.payouts)
        except VenueSilentError as error:
            log.warning("cash_not_read_anew", error=str(error))

    async def keep(self, look: CashLook, *, is_clean: bool) -> None:
        """`is_clean`: nothing at all differed. Raises LedgerUnavailableError."""
        if look.difference is None and look.paid_out:
            await self._book.mark_paid_out(look.paid_out)
        if is_clean and look.agrees and look.own.is_newer and self._is_sure(look):
            await self._book.state_cash(look.statement, look.own)

    def _is_sure(self, look: CashLook) -> bool:
        """In the second of two looks that show the same, where there is no statement yet."""
        before, self._before = self._before, (look.own.moved, look.own.fill, look.statement)
        return look.own.stated is not None or before == self._before
