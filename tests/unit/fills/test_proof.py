"""The standing proof: what differs is found, what is under way is explained, what lasts is a case."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fills.domain.grace import GRACE_SECONDS
from services.fills.domain.proof import (
    BALANCE,
    DOLLARS,
    DUST,
    FILL,
    IN_FLIGHT,
    LEDGER,
    ORDER,
    SURPLUS,
    UNITS_PER_SHARE,
    Difference,
    FillKey,
    Holding,
    OpenOrder,
    OwnOrder,
    OwnSide,
    VenueSide,
    compare,
)
from services.fills.handlers.proof import AT_HOME, AT_VENUE, Cases, LedgerProof, VenueProof
from services.fills.handlers.wallet import Wallet
from shared.domain.ids import MarketId, TokenId, TradeId, VenueOrderId
from shared.domain.order import FINAL, RESTING, OrderStatus
from tests.unit.fills.fakes import FakeCases, FakeMeter, FakeRecord, TurnedClock

M1 = MarketId("m1")
UP = TokenId("1")
A = VenueOrderId("0xa")
TEN = 10 * UNITS_PER_SHARE
LOOK_SECONDS = 5.0

units = st.integers(1, 10**9)
orders = st.sampled_from([VenueOrderId(f"0x{number}") for number in range(4)])
keys = st.tuples(orders, st.sampled_from([TradeId(f"t{number}") for number in range(4)]))


@st.composite
def agreeing(draw: st.DrawFn) -> tuple[OwnSide, VenueSide]:
    """Any account with orders of every status, fills and holdings, as both sides have it when nothing is wrong."""
    own_orders = draw(
        st.dictionaries(orders, st.builds(OwnOrder, st.just(M1), st.sampled_from(OrderStatus), units, st.booleans()))
    )
    fills = draw(st.dictionaries(keys, units))
    holdings = draw(
        st.dictionaries(st.sampled_from([TokenId("1"), TokenId("2")]), st.builds(Holding, st.just(M1), units))
    )
    resting = {
        order: OpenOrder(M1, each.shares)
        for order, each in own_orders.items()
        if each.status in RESTING and not each.is_immediate
    }
    balances = {token: holding.held for token, holding in holdings.items()}
    return OwnSide(None, own_orders, fills, holdings), VenueSide(resting, dict(fills), balances)


def kinds(found: list[Difference]) -> list[str]:
    return [each.kind for each in found]


@given(agreeing())
def test_two_sides_that_agree_differ_in_nothing(sides: tuple[OwnSide, VenueSide]) -> None:
    assert compare(*sides) == []


@given(agreeing(), keys, units)
def test_a_fill_that_one_side_lacks_or_has_otherwise_is_found(
    sides: tuple[OwnSide, VenueSide], key: FillKey, more: int
) -> None:
    own, venue = sides
    here = own.fills.get(key)

    found = compare(own, replace(venue, fills={**venue.fills, key: (here or 0) + more}))

    assert Difference(FILL, f"{key[1]} on {key[0]}", _market(own, key[0]), here, (here or 0) + more) in found
    if here is not None:
        without = {other: each for other, each in venue.fills.items() if other != key}
        gone = compare(own, replace(venue, fills=without))
        assert [(each.kind, each.theirs) for each in gone] == [(FILL, None)]


def _market(own: OwnSide, order: VenueOrderId) -> MarketId | None:
    return own.orders[order].market if order in own.orders else None


@given(agreeing(), units)
def test_an_order_that_nobody_here_knows_is_found(sides: tuple[OwnSide, VenueSide], shares: int) -> None:
    own, venue = sides
    stranger = VenueOrderId("0xstranger")

    found = compare(own, replace(venue, orders={**venue.orders, stranger: OpenOrder(M1, shares)}))

    assert found == [Difference(ORDER, stranger, M1, None, shares)]


@given(agreeing())
def test_an_order_of_ours_that_rests_nowhere_is_found(sides: tuple[OwnSide, VenueSide]) -> None:
    own, venue = sides

    found = compare(own, replace(venue, orders={}))

    assert {each.subject for each in found} == set(venue.orders)
    assert all(each.theirs is None for each in found)


@given(agreeing(), st.integers(-(10**9), 10**9).filter(bool))
def test_a_balance_that_is_off_by_a_single_unit_is_found(sides: tuple[OwnSide, VenueSide], by: int) -> None:
    own, venue = sides
    wrong = {token: max(0, balance + by) for token, balance in venue.balances.items()}

    found = compare(own, replace(venue, balances=wrong))

    assert {each.subject for each in found} == {token for token in wrong if wrong[token] != venue.balances[token]}
    assert set(kinds(found)) <= {BALANCE}


@pytest.mark.parametrize("status", sorted(IN_FLIGHT))
@pytest.mark.parametrize("shown", [{}, {A: OpenOrder(M1, TEN)}], ids=["absent", "open"])
def test_an_order_under_way_may_rest_or_not(status: OrderStatus, shown: dict[VenueOrderId, OpenOrder]) -> None:
    assert compare(OwnSide(orders={A: OwnOrder(M1, status, TEN)}), VenueSide(orders=shown)) == []


@pytest.mark.parametrize("status", sorted(FINAL))
def test_an_order_that_is_over_here_and_rests_there_is_found(status: OrderStatus) -> None:
    found = compare(OwnSide(orders={A: OwnOrder(M1, status, TEN)}), VenueSide(orders={A: OpenOrder(M1, TEN)}))

    assert found == [Difference(ORDER, A, M1, None, TEN)]


def test_less_than_can_be_ordered_rests_of_a_filled_order() -> None:
    own = OwnSide(orders={A: OwnOrder(M1, OrderStatus.FILLED, TEN)})

    assert compare(own, VenueSide(orders={A: OpenOrder(M1, TEN, TEN - DUST)})) == []
    assert kinds(compare(own, VenueSide(orders={A: OpenOrder(M1, TEN, TEN - DUST - 1)}))) == [ORDER]


def test_an_order_that_traded_and_is_not_booked_is_told_of_once_as_its_fill() -> None:
    own = OwnSide(orders={A: OwnOrder(M1, OrderStatus.LIVE, TEN)})

    assert kinds(compare(own, VenueSide(fills={(A, TradeId("t1")): TEN}))) == [FILL]


@pytest.mark.parametrize(("balance", "is_explained"), [(6, True), (8, True), (11, True), (5, False), (12, False)])
def test_what_is_not_on_the_chain_yet_may_be_in_the_balance_or_not(balance: int, is_explained: bool) -> None:
    own = OwnSide(holdings={UP: Holding(M1, 10, arriving=4, leaving=1)})

    assert (compare(own, VenueSide(balances={UP: balance})) == []) is is_explained


@pytest.mark.parametrize(("balance", "is_explained"), [(0, True), (4, True), (10, True), (11, False)])
def test_after_the_end_what_won_may_have_been_paid_out(balance: int, is_explained: bool) -> None:
    own = OwnSide(holdings={UP: Holding(M1, 10, has_ended=True)})

    assert (compare(own, VenueSide(balances={UP: balance})) == []) is is_explained


class Watch:
    def __init__(self) -> None:
        self.book, self.record, self.meter, self.clock = FakeCases(), FakeRecord(), FakeMeter(), TurnedClock()
        wallet = Wallet(self.book, self.record)
        self.proof = VenueProof(self.book, wallet, self.record, self._cases(AT_VENUE), self.meter)
        self.ledger = LedgerProof(self.book, self._cases(AT_HOME))
        self.book.own = OwnSide(holdings={UP: Holding(M1, TEN)})
        self.balance(TEN)

    def _cases(self, kinds: frozenset[str]) -> Cases:
        return Cases(self.book, self.clock, self.meter, lambda: None, kinds)

    def balance(self, held: int) -> None:
        self.record.shown = VenueSide(balances={UP: held})

    async def looks(self, count: int) -> None:
        for _ in range(count):
            await self.proof.look()
            self.clock.turn(LOOK_SECONDS)


@pytest.fixture
def watch() -> Watch:
    return Watch()


async def test_a_difference_is_a_case_once_it_outlives_its_grace(watch: Watch) -> None:
    watch.balance(TEN - 1)
    await watch.looks(3)
    assert watch.book.cases == {}
    assert watch.meter.gauge == {ORDER: 0, FILL: 0, BALANCE: 1, DOLLARS: 0, SURPLUS: 0}

    await watch.looks(1)

    assert watch.book.cases == {(BALANCE, UP): Difference(BALANCE, UP, M1, TEN, TEN - 1)}


async def test_it_closes_by_itself_when_the_difference_is_gone(watch: Watch) -> None:
    watch.balance(TEN - 1)
    await watch.looks(4)

    watch.balance(TEN)
    await watch.looks(1)

    assert watch.book.cases == {}
    assert watch.meter.gauge[BALANCE] == 0


async def test_what_is_seen_once_does_not_count_however_long_the_next_look_takes(watch: Watch) -> None:
    watch.balance(TEN - 1)
    await watch.looks(1)
    watch.clock.turn(GRACE_SECONDS)

    watch.balance(TEN)
    await watch.looks(1)

    assert (watch.book.cases, watch.meter.gauge[BALANCE]) == ({}, 0)


async def test_differences_that_come_and_go_are_no_case(watch: Watch) -> None:
    for balance in (TEN - 1, TEN + 5, TEN - 1, TEN + 5, TEN - 1, TEN + 5):
        watch.balance(balance)
        await watch.looks(1)

    assert (watch.book.cases, watch.meter.gauge[BALANCE]) == ({}, 0)


async def test_a_real_one_stays_itself_while_both_sides_trade_on(watch: Watch) -> None:
    for traded in range(4):
        watch.book.own = OwnSide(holdings={UP: Holding(M1, TEN + traded)})
        watch.balance(TEN + traded - 1)
        await watch.looks(1)

    assert list(watch.book.cases) == [(BALANCE, UP)]


async def test_a_silent_venue_proves_nothing_and_closes_nothing(watch: Watch) -> None:
    watch.balance(TEN - 1)
    await watch.looks(4)
    watch.record.silent = True

    await watch.looks(3)

    assert list(watch.book.cases) == [(BALANCE, UP)]
    assert watch.meter.looks == [True] * 4 + [False] * 3


async def test_a_balance_that_cannot_be_read_anew_differs_all_the_same(watch: Watch) -> None:
    watch.balance(TEN - 1)
    watch.record.cached = True

    await watch.looks(4)

    assert list(watch.book.cases) == [(BALANCE, UP)]


async def test_a_successor_closes_a_case_that_is_over_and_keeps_one_that_is_not(watch: Watch) -> None:
    other = Difference(FILL, "t1 on 0xa", None, None, TEN)
    watch.balance(TEN - 1)
    watch.book.cases = {(BALANCE, UP): Difference(BALANCE, UP, M1, TEN, TEN - 1), (FILL, other.subject): other}

    await watch.looks(1)

    assert list(watch.book.cases) == [(BALANCE, UP)]


async def test_the_venue_is_asked_to_look_at_the_chain_again_once(watch: Watch) -> None:
    watch.balance(TEN - 1)

    await watch.looks(3)

    assert watch.record.looked_again == [UP]


async def test_a_ledger_that_differs_with_itself_is_a_case_of_its_own(watch: Watch) -> None:
    watch.book.differences = [Difference(LEDGER, "reserved and orders", None, 16, 17)]
    for _ in range(2):
        await watch.ledger.look()
        watch.clock.turn(GRACE_SECONDS * 2)

    assert list(watch.book.cases) == [(LEDGER, "reserved and orders")]
    await watch.looks(1)
    assert list(watch.book.cases) == [(LEDGER, "reserved and orders")]
    assert watch.meter.gauge[LEDGER] == 1
