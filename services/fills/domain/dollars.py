"""Whether the wallet's dollars at the venue are what the ledger explains, in millionths.

What is expected is the venue's own word at the last look at which both sides agreed, and what the ledger has moved
since. What is under way makes of it a range: outside of it something is wrong; inside, both sides agree only where the
range has closed, and else nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.fills.domain.proof import DOLLARS, SURPLUS, Difference
from shared.domain.ids import TokenId
from shared.domain.market import ProtocolVersion

UNITS_PER_DOLLAR = 1_000_000
FEE_UNIT = 10
"""The last decimal of a taker's fee, 0.00001. Which way the venue rounds it is documented nowhere."""
WALLET = "collateral"
"""The subject of a difference of dollars: an account has one wallet."""


@dataclass(frozen=True, slots=True)
class Payout:
    """What a position settled by the venue's word pays and was not seen to have paid: `unpaid` in all, `each` a share.
    It is in the venue's balance once somebody has redeemed it."""

    token: TokenId
    version: ProtocolVersion
    unpaid: int
    each: int = UNITS_PER_DOLLAR

    def left(self, balance: int | None) -> int:
        """What is still a token by the balance shown; all of it may be where none was shown."""
        return self.unpaid if balance is None else min(self.unpaid, -(-balance * self.each // UNITS_PER_DOLLAR))


@dataclass(frozen=True, slots=True)
class OwnCash:
    """What our tables say of the wallet's dollars.

    `stated` is the last statement, None before the first; `entry` and `fill` are the newest that are counted here,
    `moved` is what the ledger has moved since, settlements counted as paid. Of fills since, `taken` may each differ by
    the last decimal of the fee, `odd` by one unit: their notional is no whole number of them.

    Under way: `spent` and `earned` by trades that may not be on the chain; of markets that are over and not decided
    `booked` is what the ledger counts as paid and `most` what they can pay. `payouts` are the oldest, `unasked` is what
    all others have not paid. `is_newer`: something was booked since the statement.
    """

    stated: int | None = None
    entry: int = 0
    fill: int = 0
    moved: int = 0
    taken: int = 0
    odd: int = 0
    spent: int = 0
    earned: int = 0
    booked: int = 0
    most: int = 0
    payouts: Sequence[Payout] = ()
    unasked: int = 0
    is_newer: bool = True

    @property
    def rounding(self) -> int:
        return self.taken * FEE_UNIT + self.odd


@dataclass(frozen=True, slots=True)
class ShownCash:
    """What the venue shows: the wallet's dollars, and of tokens that pay out the balances it could be asked for."""

    cash: int
    balances: Mapping[TokenId, int] = field(default_factory=dict[TokenId, int])


@dataclass(frozen=True, slots=True)
class CashLook:
    """Both sides at one look, ours taken first."""

    own: OwnCash
    shown: ShownCash

    @property
    def left(self) -> int:
        """Winnings that are tokens still, at most."""
        return self.own.unasked + sum(each.left(self.shown.balances.get(each.token)) for each in self.own.payouts)

    @property
    def is_quiet(self) -> bool:
        """Nothing is under way and every token that pays was shown: what the wallet has to hold is known."""
        own = self.own
        is_under_way = own.spent or own.earned or own.booked or own.most or own.unasked
        return not is_under_way and all(each.token in self.shown.balances for each in own.payouts)

    @property
    def difference(self) -> Difference | None:
        """What nothing explains; ours is the nearest that would be explained. None before the first statement."""
        own, cash = self.own, self.shown.cash
        if own.stated is None:
            return None
        paid = own.stated + own.moved
        low = paid - own.earned - own.booked - self.left - own.rounding
        high = paid + own.spent - own.booked + own.most + own.rounding
        if low <= cash <= high:
            return None
        if cash < low:
            return Difference(DOLLARS, WALLET, None, low, cash)
        return Difference(SURPLUS, WALLET, None, high, cash)

    @property
    def agrees(self) -> bool:
        """To the rounding, where nothing is under way. Before the first statement nothing contradicts."""
        if self.own.stated is None:
            return self.is_quiet
        expected = self.own.stated + self.own.moved
        return self.is_quiet and abs(self.statement - expected) <= self.own.rounding

    @property
    def is_unsure(self) -> bool:
        """Explained by what is under way, if it comes to that."""
        return self.difference is None and not self.agrees

    @property
    def statement(self) -> int:
        """What the next one says, once they agree."""
        return self.shown.cash + self.left

    @property
    def paid_out(self) -> list[TokenId]:
        """Tokens that paid and that the venue shows no more."""
        return [each.token for each in self.own.payouts if self.shown.balances.get(each.token) == 0]
