"""Whatever is traded, confirmed, failed, paid and redeemed, and in whatever order it becomes visible: true dollars are
never a difference, and dollars that are missing are one as soon as nothing is under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from services.fills.domain.dollars import (
    FEE_UNIT,
    UNITS_PER_DOLLAR,
    CashLook,
    OwnCash,
    Payout,
    ShownCash,
)
from shared.domain.ids import TokenId
from shared.domain.market import ProtocolVersion

dollars = st.integers(1, 200).map(lambda each: each * UNITS_PER_DOLLAR // 2)
fees = st.integers(0, 200).map(lambda each: each * FEE_UNIT)
which = st.integers(0, 3)


@dataclass(slots=True)
class Trade:
    """Signed as the wallet sees it. `ours` is what the ledger books and `theirs` what the venue moves."""

    ours: float
    theirs: int
    is_taken: bool
    is_odd: bool
    is_on_chain: bool = False
    is_confirmed: bool = False


@dataclass(slots=True)
class Slot:
    """Over; `won` is what its shares pay, and nobody knows it before `is_final`."""

    most: int
    won: int
    is_final: bool = False
    is_paid: bool = False
    is_seen_paid: bool = False


@dataclass(slots=True)
class World:
    """A venue, and the tables of a system that hears of it late."""

    cash: int = 1000 * UNITS_PER_DOLLAR
    stated: int | None = None
    moved: float = 0
    taken: int = 0
    odd: int = 0
    trades: list[Trade] = field(default_factory=list[Trade])
    slots: list[Slot] = field(default_factory=list[Slot])

    @property
    def under_way(self) -> list[Trade]:
        return [each for each in self.trades if not each.is_confirmed]

    def look(self, unread: frozenset[int] = frozenset()) -> CashLook:
        undecided = [each for each in self.slots if not each.is_final]
        payouts = {
            TokenId(str(number)): each
            for number, each in enumerate(self.slots)
            if each.is_final and each.won and not each.is_seen_paid
        }
        own = OwnCash(
            stated=self.stated,
            moved=floor(self.moved),
            taken=self.taken,
            odd=self.odd + (self.moved != floor(self.moved)),
            spent=sum(-floor(each.ours) for each in self.under_way if each.ours < 0),
            earned=sum(floor(each.ours) + 1 for each in self.under_way if each.ours > 0),
            most=sum(each.most for each in undecided),
            payouts=[Payout(token, ProtocolVersion.V1, each.won) for token, each in payouts.items()],
        )
        balances = {
            token: 0 if each.is_paid else each.won for token, each in payouts.items() if int(token) not in unread
        }
        return CashLook(own, ShownCash(self.cash, balances))

    def keep(self, look: CashLook) -> None:
        """As the wallet's keeper does."""
        if look.difference is None:
            for token in look.paid_out:
                self.slots[int(token)].is_seen_paid = True
        if look.agrees:
            self.stated = look.statement
            self.moved = self.taken = self.odd = 0

    def come_to_rest(self) -> None:
        """What was under way came through, what was won is cash."""
        for trade in self.under_way:
            self.put_on_chain(trade)
            trade.is_confirmed = True
        for slot in self.slots:
            self.decide(slot)
            self.pay(slot)

    def put_on_chain(self, trade: Trade) -> None:
        if not trade.is_on_chain:
            trade.is_on_chain = True
            self.cash += trade.theirs

    def decide(self, slot: Slot) -> None:
        if not slot.is_final:
            slot.is_final = True
            self.moved += slot.won

    def pay(self, slot: Slot) -> None:
        if not slot.is_paid:
            slot.is_paid = True
            self.cash += slot.won


class Dollars(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.keep(self.world.look())

    @rule(
        notional=dollars,
        fee=fees,
        off=st.integers(-1, 1),
        is_taken=st.booleans(),
        is_odd=st.booleans(),
        is_sale=st.booleans(),
    )
    def trade(self, *, notional: int, fee: int, off: int, is_taken: bool, is_odd: bool, is_sale: bool) -> None:
        """The venue rounds the fee as it likes, and cuts what is no whole unit."""
        ours = (notional if is_sale else -notional) + is_odd / 2 - (fee if is_taken else 0)
        theirs = floor(ours) - (off * FEE_UNIT if is_taken else 0)
        self.world.trades.append(Trade(ours, theirs, is_taken, is_odd))
        self.world.moved += ours
        self.world.taken += is_taken
        self.world.odd += is_odd

    @rule(number=which)
    def reach_the_chain(self, number: int) -> None:
        for trade in self.world.under_way[number : number + 1]:
            self.world.put_on_chain(trade)

    @rule(number=which)
    def confirm(self, number: int) -> None:
        for trade in self.world.under_way[number : number + 1]:
            self.world.put_on_chain(trade)
            trade.is_confirmed = True

    @rule(number=which)
    def fail(self, number: int) -> None:
        for trade in self.world.under_way[number : number + 1]:
            self.world.trades.remove(trade)
            self.world.moved -= trade.ours
            self.world.cash -= trade.theirs if trade.is_on_chain else 0

    @rule(shares=dollars, is_won=st.booleans())
    def end(self, *, shares: int, is_won: bool) -> None:
        self.world.slots.append(Slot(shares, shares if is_won else 0))

    @rule(number=which)
    def decide(self, number: int) -> None:
        for slot in [each for each in self.world.slots if not each.is_final][number : number + 1]:
            self.world.decide(slot)

    @rule(number=which)
    def pay(self, number: int) -> None:
        """By the venue before anybody has settled it, by us, or by hand."""
        for slot in [each for each in self.world.slots if not each.is_paid][number : number + 1]:
            self.world.pay(slot)

    @rule(unread=st.frozensets(which))
    def look(self, unread: frozenset[int]) -> None:
        self.world.keep(self.world.look(unread))

    @rule(by=st.sampled_from([-UNITS_PER_DOLLAR, 5 * UNITS_PER_DOLLAR]))
    def adjust(self, by: int) -> None:
        """Cash that people moved, and told."""
        self.world.cash += by
        self.world.moved += by

    @invariant()
    def nothing_is_unexplained(self) -> None:
        assert self.world.look().difference is None

    def teardown(self) -> None:
        self.world.come_to_rest()
        look = self.world.look()
        self.world.keep(look)
        assert look.agrees
        for by in (1, -1):
            self.world.cash += by
            assert self.world.look().difference is not None
            self.world.cash -= by


def test_true_dollars_are_never_a_difference_and_a_missing_unit_always_is() -> None:
    run_state_machine_as_test(
        Dollars, settings=settings(max_examples=150, stateful_step_count=30, deadline=None, derandomize=True)
    )
