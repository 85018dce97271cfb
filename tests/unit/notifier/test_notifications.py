"""What is told, what is not, and in which words."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.notifier.domain.notification import (
    Entry,
    MarketFacts,
    entry_of,
    is_news,
    of_purchase,
    of_sale,
    of_settlement,
    of_trading_state,
)
from services.notifier.handlers import Notifier
from shared.domain.ids import AccountId, MarketId
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Side
from shared.messages.bidder import CancelEntry
from shared.messages.risk import TradingCause, TradingStateChanged
from tests.unit.notifier.fakes import (
    ACCOUNT,
    MARKET,
    OCCURRED,
    START,
    WALL,
    FakeRecords,
    FixedClock,
    RecordingMailbox,
    envelope,
    fill,
    settled,
)

ENTRY = entry_of("Up", MARKET, OCCURRED)
SLUG = MARKET.slug


class Office:
    def __init__(self) -> None:
        self.mailbox, self.records = RecordingMailbox(), FakeRecords()
        self.notifier = Notifier(ACCOUNT, self.mailbox, self.records, FixedClock())

    @property
    def texts(self) -> list[str]:
        return self.mailbox.texts


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_fill_names_market_outcome_price_cost_move_and_minute() -> None:
    assert of_purchase(fill(), MARKET, ENTRY) == (
        f"🟢 Bought {SLUG} Up: 12.5 at 0.80 = $10.00 (move +0.25 %, minute 6.5)"
    )


def test_the_move_of_a_down_fill_is_seen_from_down() -> None:
    assert MARKET.move_pct("Down", OCCURRED) == Decimal("-0.25")


@pytest.mark.parametrize(("age_seconds", "known"), [(30, True), (30.1, False), (-31, False)])
def test_a_price_of_another_time_says_nothing_of_the_move(age_seconds: float, known: bool) -> None:
    market = replace(MARKET, spot_at=OCCURRED - timedelta(seconds=age_seconds))
    assert (market.move_pct("Up", OCCURRED) is not None) is known


def test_a_strike_of_nothing_is_no_strike() -> None:
    assert replace(MARKET, strike=Decimal(0)).move_pct("Up", OCCURRED) is None


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    unknown = MarketFacts("0xabc")
    text = of_purchase(fill(), unknown, entry_of("Up", unknown, OCCURRED))
    assert text == "🟢 Bought 0xabc Up: 12.5 at 0.80 = $10.00 (move unknown, minute unknown)"


@pytest.mark.parametrize(
    ("status", "version", "told"),
    [("provisional", 1, True), ("provisional", 2, False), ("confirmed", 2, False), ("failed", 2, True)],
)
def test_a_confirmation_is_routine_and_a_failed_trade_is_not(status: str, version: int, told: bool) -> None:
    assert is_news(fill(status=status, version=version)) is told


def test_a_failed_trade_tells_what_was_taken_back() -> None:
    failed = fill(status="failed", version=2)
    assert of_purchase(failed, MARKET, ENTRY) == (
        f"❗ Trade failed on chain: {SLUG} Up, 12.5 at 0.80 = $10.00 was taken back"
    )
    assert of_sale(failed, MARKET, ENTRY, None).startswith(f"❗ Sale failed on chain: {SLUG} Up, 12.5")


def test_a_stop_loss_tells_its_profit_and_the_entry() -> None:
    sale = fill(side=Side.SELL, price=Price.of("0.40"))
    assert of_sale(sale, MARKET, ENTRY, Decimal("-5")) == (
        f"🏳️ Stop-loss, sold {SLUG} Up: 12.5 at 0.40 = $5.00, profit $-5.00 (entered: move +0.25 %, minute 6.5)"
    )
    assert "profit unknown" in of_sale(sale, MARKET, ENTRY, None)


@pytest.mark.parametrize(
    ("kind", "profit", "words"),
    [
        ("venue", "2.5", "💰 Won: "),
        ("venue", "-10", "🔻 Lost: "),
        ("provisional", "2.5", "💰 Won, provisional: "),
        ("forced", "-10", "🔻 Lost, forced: "),
    ],
)
def test_a_settlement_tells_price_profit_and_entry(kind: str, profit: str, words: str) -> None:
    assert of_settlement(settled(kind=kind, profit=Cash.of(profit)), MARKET, ENTRY) == (
        f"{words}{SLUG} Up, 12.5 shares at 0.8, profit ${Decimal(profit):+.2f} (entered: move +0.25 %, minute 6.5)"
    )


def test_a_correction_tells_what_it_changed() -> None:
    adjusted = settled(kind="adjust", shares=Shares.of(0), cost=Cash.of(0), profit=Cash.of("12.5"))
    assert of_settlement(adjusted, MARKET, Entry()) == (
        f"✏️ Corrected: {SLUG} Up, profit $+12.50 (entered: move unknown, minute unknown)"
    )


def test_the_settlement_of_what_was_sold_out_before_is_no_news() -> None:
    nothing = settled(shares=Shares.of(0), cost=Cash.of(0), profit=Cash.of(0))
    assert of_settlement(nothing, MARKET, ENTRY) is None


def test_a_trading_state_tells_every_cause() -> None:
    causes = (
        TradingCause(cause="kill", state="halted", detail="desk"),
        TradingCause(cause="breaker", state="reducing", detail="5 losses in a row"),
        TradingCause(cause="stale_books", state="reducing", detail=""),
    )
    change = TradingStateChanged(account=ACCOUNT, state="halted", cancels=True, causes=causes, version=3)
    assert of_trading_state(change) == (
        "⛔ Trading is halted: kill switch (desk); circuit breaker tripped (5 losses in a row); books are stale"
    )


async def test_a_settlement_and_a_sale_remember_the_move_of_the_fill(office: Office) -> None:
    await office.notifier.on_fact(envelope(fill()))
    office.records.market = replace(MARKET, spot=Decimal(79_000))
    office.records.profit = Decimal(-5)

    await office.notifier.on_fact(envelope(fill(side=Side.SELL, fill_id=8), "m2"))
    await office.notifier.on_fact(envelope(settled(), "m3"))

    assert all(text.endswith("(entered: move +0.25 %, minute 6.5)") for text in office.texts[1:])


async def test_after_a_restart_the_minute_of_entry_is_still_known(office: Office) -> None:
    office.records.entered = START + timedelta(minutes=4)

    await office.notifier.on_fact(envelope(settled()))

    assert office.texts[0].endswith("(entered: move unknown, minute 4.0)")


async def test_an_alert_is_told_as_it_is(office: Office) -> None:
    office.records.alerts = ["both outcomes held in 0xabc"]

    await office.notifier.tell_alerts()
    await office.notifier.tell_alerts()

    assert office.texts == ["🚨 both outcomes held in 0xabc"]


async def test_a_fact_delivered_twice_is_told_once(office: Office) -> None:
    await office.notifier.on_fact(envelope(fill()))
    await office.notifier.on_fact(envelope(fill()))
    await office.notifier.on_fact(envelope(fill(), message_id="m2"))
    assert len(office.texts) == 2


async def test_old_news_is_not_told(office: Office) -> None:
    await office.notifier.on_fact(envelope(settled(), recorded_at=WALL - timedelta(minutes=16)))
    assert office.texts == []


async def test_another_account_and_other_facts_are_nobodys_business(office: Office) -> None:
    await office.notifier.on_fact(envelope(fill(account=AccountId("polymarket:live:0x1"))))
    other = CancelEntry(
        order_id=fill().order_id, account=ACCOUNT, market=MarketId("0xabc"), reason="x", decided_at=WALL
    )
    await office.notifier.on_fact(envelope(other))
    assert office.texts == []
