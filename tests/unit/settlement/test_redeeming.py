"""What is redeemed and merged, when, and what the operator is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settlement.domain.redemption import Holding, Wanted, pause_after, wanted, why_not
from services.settlement.handlers import Redeemer
from shared.domain.ids import MarketId
from shared.domain.money import NO_CASH, NO_SHARES, Cash, Shares
from shared.domain.redemption import Action
from tests.unit.settlement.cases import after
from tests.unit.settlement.test_settler import SetClock

NOW = after(minutes=3)
dollars = st.decimals(0, 1000, places=2)


def holding(
    *, is_final: bool = True, payable: Decimal | str = "0", pairs: Decimal | str = "0", turned: Decimal | str = "0",
    is_under_way: bool = False, failures: int = 0, failed_at: datetime | None = None, market: str = "0xm1",
) -> Holding:  # fmt: skip
    return Holding(
        MarketId(market), f"slug-{market}", is_final, Cash.of(payable), Shares.of(pairs), Cash.of(turned),
        is_under_way, failures, failed_at,
    )  # fmt: skip


def redeem(cash: str) -> Wanted:
    return Wanted(Action.REDEEM, Cash.of(cash))


def merge(cash: str) -> Wanted:
    return Wanted(Action.MERGE, Cash.of(cash))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(holding(payable="10.5"), redeem("10.5"), id="winning shares of a resolved market"),
        pytest.param(holding(is_final=False, payable="10"), None, id="a guess is no resolution"),
        pytest.param(holding(), None, id="losing shares are worth nothing"),
        pytest.param(holding(payable="0.009"), None, id="less than a cent is not worth a transaction"),
        pytest.param(holding(payable="10", turned="10"), None, id="proven once, never again"),
        pytest.param(holding(payable="12", turned="10"), redeem("2"), id="a late fill after the proof"),
        pytest.param(holding(payable="10", pairs="4", turned="4"), redeem("6"), id="merged pairs are no longer there"),
        pytest.param(holding(payable="10", pairs="4"), redeem("10"), id="of a resolved market all is redeemed"),
        pytest.param(holding(is_final=False, pairs="4.75"), merge("4"), id="whole pairs of an open market"),
        pytest.param(holding(is_final=False, pairs="0.99"), None, id="less than one pair"),
        pytest.param(holding(is_final=False, pairs="4.75", turned="4"), None, id="its pairs are merged"),
        pytest.param(holding(is_final=False, pairs="6.75", turned="4"), merge("2"), id="pairs that came later"),
        pytest.param(holding(payable="10", is_under_way=True), None, id="one at a time in a market"),
    ],
)
def test_what_is_due_follows_from_what_is_held_and_what_was_proven(held: Holding, expected: Wanted | None) -> None:
    assert wanted(held, NOW) == expected


@given(payable=dollars, pairs=dollars, merged=st.integers(0, 1000), is_final=st.booleans())
def test_no_cash_is_asked_for_twice(payable: Decimal, pairs: Decimal, merged: int, *, is_final: bool) -> None:
    """Whatever was turned already: what is turned then never exceeds what is held."""
    turned = min(Decimal(merged), payable if is_final else pairs.to_integral_value("ROUND_DOWN"))
    due = wanted(holding(is_final=is_final, payable=payable, pairs=pairs, turned=turned), NOW)
    if due is not None:
        assert turned + due.cash.value <= (payable if is_final else pairs)
        again = holding(is_final=is_final, payable=payable, pairs=pairs, turned=turned + due.cash.value)
        assert wanted(again, NOW) is None


@pytest.mark.parametrize(("failures", "seconds"), [(1, 10), (2, 20), (3, 40), (9, 2560), (10, 3600), (10_000, 3600)])
def test_each_failure_doubles_the_pause_up_to_an_hour(failures: int, seconds: int) -> None:
    held = holding(payable="10", failures=failures, failed_at=NOW)
    assert pause_after(held) == timedelta(seconds=seconds)
    assert wanted(held, NOW + timedelta(seconds=seconds - 1)) is None
    assert wanted(held, NOW + timedelta(seconds=seconds)) == redeem("10")


@pytest.mark.parametrize(
    ("mode", "signature_type", "auto_redeem", "reason"),
    [
        ("paper", 3, True, "paper trading holds no tokens"),
        ("live", 3, False, "auto_redeem is off"),
        ("live", 0, True, "the wallet is of signature type 0, only deposit wallets (3) are redeemed for"),
        ("live", 3, True, ""),
    ],
)
def test_the_reason_why_nothing_is_redeemed_is_said(
    mode: str, signature_type: int, auto_redeem: bool, reason: str
) -> None:
    assert why_not(mode, signature_type, auto_redeem=auto_redeem) == reason


@dataclass
class FakeTokens:
    """Requests are under way from then on."""

    held: list[Holding]
    requested: list[tuple[MarketId, Wanted]] = field(default_factory=list[tuple[MarketId, Wanted]])
    alerts: list[str] = field(default_factory=list[str])

    async def holdings(self, now: datetime) -> list[Holding]:
        return self.held

    async def request(self, market: MarketId, wanted: Wanted, now: datetime) -> bool:
        is_new = market not in [known for known, _ in self.requested]
        if is_new:
            self.requested.append((market, wanted))
        return is_new

    async def alert(self, detail: str) -> None:
        self.alerts.append(detail)


@dataclass
class FakeCashReport:
    tied_up: Cash = NO_CASH
    said: list[Wanted] = field(default_factory=list[Wanted])

    def redeemable(self, cash: Cash) -> None:
        self.tied_up = cash

    def requested(self, holding: Holding, wanted: Wanted) -> None:
        self.said.append(wanted)


async def look(tokens: FakeTokens, *, is_on: bool = True) -> FakeCashReport:
    report = FakeCashReport()
    await Redeemer(tokens, report, SetClock(NOW), is_on=is_on).look()
    return report


async def test_every_market_is_asked_for_on_its_own_and_what_is_tied_up_is_shown() -> None:
    tokens = FakeTokens([holding(payable="10", market="a"), holding(is_final=False, pairs="3", market="b")])
    report = await look(tokens)
    assert tokens.requested == [(MarketId("a"), redeem("10")), (MarketId("b"), merge("3"))]
    assert (report.tied_up, report.said) == (Cash.of("10"), [redeem("10"), merge("3")])


async def test_a_request_that_was_made_by_a_predecessor_is_not_told_again() -> None:
    tokens = FakeTokens([holding(payable="10")], [(MarketId("0xm1"), redeem("10"))])
    assert (await look(tokens)).said == []


async def test_what_is_not_redeemed_for_the_owner_is_still_shown_to_him() -> None:
    tokens = FakeTokens([holding(payable="10")])
    report = await look(tokens, is_on=False)
    assert (tokens.requested, report.tied_up) == ([], Cash.of("10"))


async def test_the_operator_hears_of_cash_that_does_not_come() -> None:
    tokens = FakeTokens(
        [holding(payable="10", failures=3, failed_at=NOW), holding(payable="1", failures=2, market="b")]
    )
    await look(tokens)
    assert tokens.alerts == ["slug-0xm1 is not turned into cash after 3 tries"]


def test_nothing_is_redeemable_of_a_market_that_is_only_guessed() -> None:
    held = holding(is_final=False, payable="10", pairs="2")
    assert (held.redeemable, holding(payable="10", pairs="2").mergeable) == (NO_CASH, NO_CASH)
    assert held.pairs > NO_SHARES
