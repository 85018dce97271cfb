"""The standing proof: own ledger = the venue's orders and trades = its balances, looked at every few seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

import structlog

from services.fills.domain.dollars import WALLET, CashLook
from services.fills.domain.grace import Key, Lasting, hold, key_of
from services.fills.domain.proof import BALANCE, DOLLARS, FILL, LEDGER, ORDER, SURPLUS, Difference, OwnSide, compare
from services.fills.handlers.wallet import Wallet
from services.fills.ports import CaseBook, Kick, Meter, VenueRecord, VenueSilentError
from shared.domain.clock import Clock
from shared.domain.ids import TokenId

AT_VENUE = frozenset({ORDER, FILL, BALANCE, DOLLARS, SURPLUS})
AT_HOME = frozenset({LEDGER})
THE_WALLET = frozenset({(DOLLARS, WALLET), (SURPLUS, WALLET)})
NOTHING: Set[tuple[str, str]] = frozenset()
log = structlog.get_logger()


class Cases:
    """Holds each look's differences against a grace; opens cases and closes them, as levels: a restart loses only the
    time that a difference has lasted."""

    def __init__(self, book: CaseBook, clock: Clock, meter: Meter, kick: Kick, kinds: Set[str]) -> None:
        self._book = book
        self._clock = clock
        self._meter = meter
        self._kick = kick
        self._kinds = kinds
        self._held: dict[Key, Lasting] = {}

    def is_new(self, difference: Difference) -> bool:
        return key_of(difference) not in self._held

    async def judge(self, found: Sequence[Difference], unsure: Set[tuple[str, str]] = NOTHING) -> None:
        """What is `unsure`, by kind and subject, this look has neither found nor cleared: it stays as it was.

        Raises LedgerUnavailableError.
        """
        now_seconds = self._clock.monotonic_seconds()
        seen = hold(self._held, found, now_seconds)
        self._held = {**{key: each for key, each in self._held.items() if key[:2] in unsure}, **seen}
        self._measure()
        is_open = {(kind, subject) for kind, subject in await self._book.open_cases() if kind in self._kinds}
        for lasting in seen.values():
            each = lasting.difference
            if lasting.is_overdue(now_seconds) and (each.kind, each.subject) not in is_open:
                await self._open(each)
        for kind, subject in sorted(is_open - {(each.kind, each.subject) for each in found} - unsure):
            await self._close(kind, subject)

    def _measure(self) -> None:
        units = Counter[str]()
        for lasting in self._held.values():
            if lasting.is_seen_again:
                units[lasting.difference.kind] += abs(lasting.difference.excess)
        for kind in sorted(self._kinds):
            self._meter.unexplained(kind, units[kind])

    async def _open(self, difference: Difference) -> None:
        if await self._book.open_case(difference):
            self._kick()
            log.error(
                "case_opened",
                kind=difference.kind,
                subject=difference.subject,
                ours=difference.ours,
                theirs=difference.theirs,
            )

    async def _close(self, kind: str, subject: str) -> None:
        if await self._book.close_case(kind, subject):
            self._kick()
            log.warning("case_closed", kind=kind, subject=subject)


class VenueProof:
    """Our tables beside the venue. Whatever differs, a sweep may repair."""

    def __init__(self, book: CaseBook, wallet: Wallet, record: VenueRecord, cases: Cases, meter: Meter) -> None:
        self._book = book
        self._wallet = wallet
        self._record = record
        self._cases = cases
        self._meter = meter

    async def look(self) -> bool:
        """Whether anything differs. A venue that does not answer proves nothing and changes nothing.

        Raises LedgerUnavailableError.
        """
        own = await self._book.own_side()
        try:
            venue, cash = await self._record.side(own), await self._wallet.look()
        except VenueSilentError as error:
            log.warning("proof_incomplete", error=str(error))
            self._meter.looked(is_complete=False)
            return False
        found = compare(own, venue)
        if cash.difference is not None:
            found.append(cash.difference)
        await self._look_again([each for each in found if self._cases.is_new(each)], own, cash)
        await self._cases.judge(found, THE_WALLET if cash.is_unsure else NOTHING)
        await self._wallet.keep(cash, is_clean=not found)
        self._meter.looked(is_complete=True)
        return bool(found)

    async def _look_again(self, fresh: Sequence[Difference], own: OwnSide, cash: CashLook) -> None:
        """The venue's balances come from a cache of its own. One that cannot be asked for anew differs all the same."""
        for each in fresh:
            if each.kind in {DOLLARS, SURPLUS}:
                await self._wallet.look_again(cash)
            if each.kind != BALANCE:
                continue
            token = TokenId(each.subject)
            try:
                await self._record.look_again(token, own.holdings[token].version)
            except VenueSilentError as error:
                log.warning("balance_not_read_anew", token=token, error=str(error))


class LedgerProof:
    """Our ledger beside itself: all there is on paper, where the order row is the venue."""

    def __init__(self, book: CaseBook, cases: Cases) -> None:
        self._book = book
        self._cases = cases

    async def look(self) -> None:
        """Raises LedgerUnavailableError."""
        await self._cases.judge(await self._book.own_differences())
