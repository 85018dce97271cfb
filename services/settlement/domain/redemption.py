"""Which of our tokens are to become cash now, and how long to wait after a try that came to nothing.

The settlement has counted this cash already; here it becomes spendable. Strategy section 12, protocol sheet section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from shared.domain.ids import MarketId
from shared.domain.money import CENT, NO_CASH, Cash, Shares
from shared.domain.redemption import DEPOSIT_WALLET, Action

ALERT_AFTER_FAILURES = 3
SMALLEST = Cash(CENT)
ONE_PAIR = Cash(Decimal(1))
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Holding:
    """What the account has in one market past its end.

    `payable` is what its settled shares pay, `pairs` of how many shares both outcomes are held, `turned` the cash that
    proven redemptions and merges brought. `is_final`: the venue has named the payouts and every share is settled.
    `failures` counts the tries since the last proven one, `failed_at` the latest of them (domain time).
    """

    market: MarketId
    slug: str
    is_final: bool
    payable: Cash
    pairs: Shares
    turned: Cash
    is_under_way: bool
    failures: int
    failed_at: datetime | None

    @property
    def redeemable(self) -> Cash:
        """Counted as earned, not yet to be spent. A pair that was merged early is worth a dollar of what is payable."""
        return max(NO_CASH, self.payable - self.turned) if self.is_final else NO_CASH

    @property
    def mergeable(self) -> Cash:
        """A dollar for each whole pair that is still there."""
        if self.is_final:
            return NO_CASH
        whole = Cash(self.pairs.value.quantize(Decimal(1), ROUND_DOWN))
        return max(NO_CASH, whole - self.turned)


@dataclass(frozen=True, slots=True)
class Wanted:
    action: Action
    cash: Cash


def wanted(holding: Holding, now: datetime) -> Wanted | None:
    """One thing at a time in a market: what is under way decides what is left. `now` is domain time."""
    if holding.is_under_way or (holding.failed_at is not None and now < holding.failed_at + pause_after(holding)):
        return None
    if holding.redeemable >= SMALLEST:
        return Wanted(Action.REDEEM, holding.redeemable)
    if holding.mergeable >= ONE_PAIR:
        return Wanted(Action.MERGE, holding.mergeable)
    return None


def pause_after(holding: Holding) -> timedelta:
    """10 s after the first failure, twice as long after each further one, an hour at most."""
    doublings = min(max(holding.failures - 1, 0), 12)
    return min(_FIRST_PAUSE * 2**doublings, _LONGEST_PAUSE)


def why_not(mode: str, signature_type: int, *, auto_redeem: bool) -> str:
    """Why this account's tokens are left to its owner; empty when they are not."""
    if mode != "live":
        return "paper trading holds no tokens"
    if not auto_redeem:
        return "auto_redeem is off"
    if signature_type != DEPOSIT_WALLET:
        return f"the wallet is of signature type {signature_type}, only deposit wallets (3) are redeemed for"
    return ""
