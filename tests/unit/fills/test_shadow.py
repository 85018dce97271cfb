"""The shadow taker: what a taker would have paid at a market's first fill, and never anything made up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fills.domain.shadow import FirstFill, Offer, Shadow, enter
from services.fills.handlers.book import BookFills
from services.fills.handlers.shadow import LATE_SECONDS, ShadowTaker
from services.fills.ports import LedgerUnavailableError
from shared.domain.ids import MarketId, TokenId, TradeId
from shared.domain.money import Cash, Price, Shares
from shared.messages.discovery import BookLevel, TopChanged
from tests.unit.fills.fakes import NOW, FakeLedger, FakeMeter, TurnedClock, seen

FIRST = FirstFill(
    MarketId("m1"), TradeId("t1"), TokenId("1"), "Up", Cash.of("5"), taker_fee_rate=Decimal("0.07"), occurred_at=NOW
)


def offered(ask: str) -> Offer:
    return Offer(Price.of(ask))


def test_a_taker_pays_the_ask_and_the_markets_fee_out_of_the_orders_dollars() -> None:
    bought = enter(FIRST, offered("0.85")).bought

    assert bought is not None
    assert bought.fee_per_share == Cash.of("0.008925")
    assert bought.shares == Shares.of("5.821230")


def test_a_market_without_fee_sells_at_the_ask() -> None:
    bought = enter(replace(FIRST, taker_fee_rate=Decimal(0)), offered("0.80")).bought

    assert bought is not None
    assert (bought.fee_per_share, bought.shares) == (Cash.of(0), Shares.of("6.25"))


@pytest.mark.parametrize(
    ("offer", "result"),
    [
        pytest.param(Offer(None), "no_ask", id="nothing was offered"),
        pytest.param(offered("0"), "no_ask", id="nobody sells for nothing"),
        pytest.param(None, "missed", id="nobody saw the book at that instant"),
        pytest.param(offered("0.80"), "open", id="a taker could have bought"),
    ],
)
def test_an_entry_without_an_ask_is_counted_and_buys_nothing(offer: Offer | None, result: str) -> None:
    shadow = enter(FIRST, offer)

    assert shadow.result == result
    assert (shadow.bought is None) is (result != "open")


@given(
    stake=st.decimals("0.01", "1000", places=2),
    ask=st.decimals("0.001", "1", places=3),
    rate=st.decimals("0", "0.1", places=3),
)
def test_a_taker_never_spends_more_than_the_order(stake: Decimal, ask: Decimal, rate: Decimal) -> None:
    first = replace(FIRST, stake=Cash(stake), taker_fee_rate=rate)
    bought = enter(first, Offer(Price(ask))).bought

    assert bought is not None
    each = bought.ask.value + bought.fee_per_share.value
    assert stake - each * Decimal("0.000001") < bought.shares.value * each <= stake


@dataclass(slots=True)
class FakeShadowBook:
    """`due` are first fills without a shadow."""

    due: list[FirstFill] = field(default_factory=list[FirstFill])
    entered: list[Shadow] = field(default_factory=list[Shadow])
    is_away: bool = False

    async def shadows_due(self) -> list[FirstFill]:
        if self.is_away:
            raise LedgerUnavailableError("away")
        return list(self.due)

    async def enter_shadow(self, shadow: Shadow) -> bool:
        self.due.remove(shadow.first)
        self.entered.append(shadow)
        return True


class Pit:
    """The taker beside the booking of fills, as fills wires them."""

    def __init__(self) -> None:
        self.book, self.meter, self.clock = FakeShadowBook(), FakeMeter(), TurnedClock()
        self.taker = ShadowTaker(self.book, self.clock, self.meter)
        self.ledger = FakeLedger()
        self.fills = BookFills(self.ledger, self.clock, self.meter, lambda: None, self.taker.note)

    def offers(self, ask: str | None, *, known: bool = True, token: str = "1") -> None:
        asks = () if ask is None else (BookLevel(price=Price.of(ask), shares=Shares.of(100)),)
        self.taker.hear(
            TopChanged(
                market=MarketId("m1"), token=TokenId(token), bids=(), asks=asks, known=known, seen_at=NOW, sequence=1
            )
        )

    async def fills_first(self) -> None:
        await self.fills.fill(seen())
        self.book.due.append(FIRST)

    def asks(self) -> list[Price | None]:
        return [shadow.bought.ask if shadow.bought else None for shadow in self.book.entered]


@pytest.fixture
def pit() -> Pit:
    return Pit()


async def test_the_ask_of_the_instant_of_the_fill_counts_however_late_it_is_written(pit: Pit) -> None:
    pit.offers("0.82")
    await pit.fills_first()
    pit.offers("0.90")
    pit.book.is_away = True
    with pytest.raises(LedgerUnavailableError):
        await pit.taker.enter_due()
    pit.book.is_away = False

    await pit.taker.enter_due()

    assert pit.asks() == [Price.of("0.82")]
    assert pit.meter.shadows == ["open"]


async def test_a_fill_heard_again_does_not_move_the_ask(pit: Pit) -> None:
    pit.offers("0.82")
    await pit.fills_first()
    pit.offers("0.90")
    await pit.fills.fill(seen(status="confirmed"))

    await pit.taker.enter_due()

    assert pit.asks() == [Price.of("0.82")]


async def test_no_ask_at_the_fill_is_no_entry_but_counted(pit: Pit) -> None:
    pit.offers(None)
    await pit.fills_first()

    await pit.taker.enter_due()

    assert [shadow.result for shadow in pit.book.entered] == ["no_ask"]
    assert pit.meter.shadows == ["no_ask"]


async def test_after_a_restart_between_fill_and_entry_the_ask_is_gone(pit: Pit) -> None:
    pit.book.due.append(FIRST)
    pit.offers("0.82")

    await pit.taker.enter_due()

    assert [shadow.result for shadow in pit.book.entered] == ["missed"]


async def test_a_fill_that_a_sweep_finds_late_has_no_ask_of_its_instant(pit: Pit) -> None:
    pit.offers("0.82")
    pit.clock.turn(LATE_SECONDS + 0.1)
    await pit.fills_first()

    await pit.taker.enter_due()

    assert [shadow.result for shadow in pit.book.entered] == ["missed"]


@pytest.mark.parametrize("known", [True, False])
async def test_a_book_that_got_lost_offers_nothing_that_anybody_knows(pit: Pit, known: bool) -> None:
    pit.offers("0.82")
    pit.offers("0.82", known=known)
    await pit.fills_first()

    await pit.taker.enter_due()

    assert [shadow.result for shadow in pit.book.entered] == ["open" if known else "missed"]


async def test_the_other_outcomes_offer_is_not_ours(pit: Pit) -> None:
    pit.offers("0.20", token="2")
    await pit.fills_first()

    await pit.taker.enter_due()

    assert [shadow.result for shadow in pit.book.entered] == ["missed"]


async def test_a_fill_is_booked_also_when_no_shadow_can_be_written(pit: Pit) -> None:
    pit.book.is_away = True

    assert await pit.fills.fill(seen()) == "booked"
