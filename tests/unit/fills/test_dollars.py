"""The wallet's dollars: what is under way is explained, what is missing is a case until both sides agree again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from services.fills.domain.dollars import (
    FEE_UNIT,
    UNITS_PER_DOLLAR,
    WALLET,
    CashLook,
    OwnCash,
    Payout,
    ShownCash,
)
from services.fills.domain.proof import DOLLARS, SURPLUS, Difference, OwnOrder, OwnSide
from services.fills.handlers.proof import AT_VENUE, Cases, VenueProof
from services.fills.handlers.wallet import Wallet
from shared.domain.ids import MarketId, TokenId, VenueOrderId
from shared.domain.market import ProtocolVersion
from shared.domain.order import OrderStatus
from tests.unit.fills.fakes import FakeCases, FakeMeter, FakeRecord, TurnedClock

HUNDRED = 100 * UNITS_PER_DOLLAR
TEN = 10 * UNITS_PER_DOLLAR
UP = TokenId("1")
PAYS_TEN = Payout(UP, ProtocolVersion.V1, TEN)
COUNTED = OwnCash(stated=HUNDRED, is_newer=False)
LOOK_SECONDS = 5.0


def look(own: OwnCash, cash: int, balances: Mapping[TokenId, int] | None = None) -> CashLook:
    return CashLook(own, ShownCash(cash, balances or {}))


def explained(own: OwnCash, balances: Mapping[TokenId, int] | None = None) -> tuple[int, int]:
    """The least and the most by which the wallet may differ from a hundred dollars, found by looking."""
    low = look(own, -HUNDRED, balances).difference
    high = look(own, 3 * HUNDRED, balances).difference
    assert low is not None
    assert high is not None
    assert low.ours is not None
    assert high.ours is not None
    return low.ours - HUNDRED, high.ours - HUNDRED


def test_a_single_unit_too_few_or_too_many_is_found() -> None:
    for kind, cash in ((DOLLARS, HUNDRED - 1), (SURPLUS, HUNDRED + 1)):
        assert look(COUNTED, cash).difference == Difference(kind, WALLET, None, HUNDRED, cash)
    assert look(COUNTED, HUNDRED).agrees


def test_what_the_ledger_has_moved_is_expected() -> None:
    assert look(replace(COUNTED, moved=-TEN), HUNDRED - TEN).agrees


@pytest.mark.parametrize(
    ("own", "range_"),
    [
        pytest.param(replace(COUNTED, moved=-TEN, spent=TEN), (-TEN, 0), id="a purchase"),
        pytest.param(replace(COUNTED, moved=TEN, earned=TEN), (0, TEN), id="a sale"),
        pytest.param(replace(COUNTED, most=TEN), (0, TEN), id="a market that is over"),
        pytest.param(replace(COUNTED, moved=TEN, booked=TEN, most=TEN), (0, TEN), id="a provisional settlement"),
        pytest.param(replace(COUNTED, moved=TEN, payouts=[PAYS_TEN]), (0, TEN), id="a payout nobody could ask about"),
        pytest.param(replace(COUNTED, moved=TEN, unasked=TEN), (0, TEN), id="a payout too many to ask about"),
    ],
)
def test_what_is_under_way_may_have_arrived_or_not(own: OwnCash, range_: tuple[int, int]) -> None:
    assert explained(own) == range_
    assert look(own, HUNDRED).is_unsure


@pytest.mark.parametrize("by", [-FEE_UNIT, 0, FEE_UNIT])
def test_a_takers_fee_may_be_rounded_otherwise_by_its_last_decimal(by: int) -> None:
    assert look(replace(COUNTED, taken=1), HUNDRED + by).agrees
    assert look(replace(COUNTED, taken=1), HUNDRED + by * 2).agrees is (by == 0)


def test_a_fill_of_no_whole_unit_may_be_cut_by_one() -> None:
    assert explained(replace(COUNTED, odd=2)) == (-2, 2)


def test_winnings_are_expected_as_tokens_or_as_cash_by_what_the_venue_shows() -> None:
    own = replace(COUNTED, moved=TEN, payouts=[PAYS_TEN])

    assert look(own, HUNDRED, {UP: TEN}).agrees
    assert look(own, HUNDRED + TEN, {UP: 0}).agrees
    assert look(own, HUNDRED + TEN // 2, {UP: TEN // 2}).agrees
    assert look(own, HUNDRED, {UP: 0}).difference == Difference(DOLLARS, WALLET, None, HUNDRED + TEN, HUNDRED)


def test_a_split_payout_is_left_by_its_fraction() -> None:
    own = replace(COUNTED, moved=TEN // 2, payouts=[replace(PAYS_TEN, unpaid=TEN // 2, each=UNITS_PER_DOLLAR // 2)])

    assert look(own, HUNDRED, {UP: TEN}).agrees


def test_a_dollar_that_is_lost_is_found_while_winnings_are_tokens() -> None:
    own = replace(COUNTED, moved=TEN, payouts=[PAYS_TEN])

    assert look(own, HUNDRED - UNITS_PER_DOLLAR, {UP: TEN}).difference is not None


class Watch:
    def __init__(self) -> None:
        self.book, self.record, self.meter, self.clock = FakeCases(), FakeRecord(), FakeMeter(), TurnedClock()
        cases = Cases(self.book, self.clock, self.meter, lambda: None, AT_VENUE)
        self.proof = VenueProof(self.book, Wallet(self.book, self.record), self.record, cases, self.meter)

    async def sees(
        self, own: OwnCash, cash: int, balances: Mapping[TokenId, int] | None = None, times: int = 1
    ) -> None:
        self.book.wallet, self.record.wallet = own, ShownCash(cash, balances or {})
        for _ in range(times):
            await self.proof.look()
            self.clock.turn(LOOK_SECONDS)


@pytest.fixture
def watch() -> Watch:
    return Watch()


async def test_where_it_begins_is_written_down_when_two_looks_show_the_same(watch: Watch) -> None:
    await watch.sees(OwnCash(moved=-TEN), HUNDRED)
    await watch.sees(OwnCash(moved=-TEN), HUNDRED + 1)
    assert watch.book.stated == []

    await watch.sees(OwnCash(moved=-TEN), HUNDRED + 1)

    assert watch.book.stated == [HUNDRED + 1]


async def test_before_it_begins_the_venue_is_asked_to_read_the_chain(watch: Watch) -> None:
    await watch.sees(OwnCash(), HUNDRED)
    await watch.sees(COUNTED, HUNDRED)

    assert watch.record.wallet_looked_again == 1


async def test_it_does_not_begin_while_a_trade_is_under_way(watch: Watch) -> None:
    await watch.sees(OwnCash(moved=-TEN, spent=TEN), HUNDRED, times=3)

    assert watch.book.stated == []


async def test_it_does_not_begin_while_anything_else_differs(watch: Watch) -> None:
    watch.book.own = OwnSide(orders={VenueOrderId("0xa"): OwnOrder(MarketId("m1"), OrderStatus.LIVE, TEN)})

    await watch.sees(OwnCash(), HUNDRED, times=3)

    assert watch.book.stated == []


async def test_what_agreed_is_where_the_count_goes_on_with_winnings_that_are_tokens(watch: Watch) -> None:
    await watch.sees(replace(COUNTED, moved=TEN, payouts=[PAYS_TEN], is_newer=True), HUNDRED, {UP: TEN})

    assert watch.book.stated == [HUNDRED + TEN]
    assert watch.book.paid_out == []


async def test_nothing_is_written_down_where_nothing_was_booked(watch: Watch) -> None:
    await watch.sees(COUNTED, HUNDRED, times=3)

    assert watch.book.stated == []


async def test_a_token_that_is_gone_was_paid_out(watch: Watch) -> None:
    await watch.sees(replace(COUNTED, moved=TEN, payouts=[PAYS_TEN]), HUNDRED + TEN, {UP: 0})

    assert watch.book.paid_out == [UP]


async def test_a_token_that_is_gone_without_its_dollars_was_not(watch: Watch) -> None:
    await watch.sees(replace(COUNTED, moved=TEN, payouts=[PAYS_TEN]), HUNDRED, {UP: 0})

    assert watch.book.paid_out == []
    assert watch.record.wallet_looked_again == 1


async def test_a_lost_dollar_is_a_case_that_closes_when_it_is_told(watch: Watch) -> None:
    lost = HUNDRED - UNITS_PER_DOLLAR
    await watch.sees(COUNTED, lost, times=4)
    assert watch.book.cases == {(DOLLARS, WALLET): Difference(DOLLARS, WALLET, None, HUNDRED, lost)}
    assert watch.meter.gauge[DOLLARS] == UNITS_PER_DOLLAR

    await watch.sees(replace(COUNTED, moved=-UNITS_PER_DOLLAR), lost)

    assert watch.book.cases == {}
    assert watch.meter.gauge[DOLLARS] == 0


async def test_a_case_stays_while_what_is_under_way_would_explain_it(watch: Watch) -> None:
    more = HUNDRED + UNITS_PER_DOLLAR
    await watch.sees(COUNTED, more, times=4)

    await watch.sees(replace(COUNTED, most=TEN), more, times=4)

    assert list(watch.book.cases) == [(SURPLUS, WALLET)]
    assert watch.meter.gauge[SURPLUS] == UNITS_PER_DOLLAR


async def test_what_would_be_explained_opens_no_case(watch: Watch) -> None:
    more = HUNDRED + UNITS_PER_DOLLAR
    await watch.sees(COUNTED, more, times=2)

    await watch.sees(replace(COUNTED, most=TEN), more, times=10)

    assert watch.book.cases == {}
