"""What is told, what is not, and in which words."""

from datetime import timedelta
from decimal import Decimal

import pytest

from services.notifier.domain.notification import MarketFacts, of_fill, of_settlement, of_trading_state
from services.notifier.handlers import Notifier
from shared.domain.ids import AccountId, MarketId
from shared.domain.money import Cash
from shared.messages.bidder import CancelEntry
from shared.messages.risk import TradingCause, TradingStateChanged
from tests.unit.notifier.fakes import (
    ACCOUNT,
    MARKET,
    START,
    WALL,
    FixedClock,
    OneMarket,
    RecordingMailbox,
    envelope,
    fill,
    settled,
)

MINUTE_SIX = START + timedelta(minutes=6, seconds=30)


def notifier(mailbox: RecordingMailbox) -> Notifier:
    return Notifier(ACCOUNT, mailbox, OneMarket(), FixedClock())


def test_a_fill_names_market_outcome_price_cost_move_and_minute() -> None:
    assert of_fill(fill(), MARKET, MINUTE_SIX) == (
        "🟢 Bought btc-updown-15m-1775033100 Up: 12.5 at 0.80 = $10.00 (move +0.25 %, minute 6.5)"
    )


def test_the_move_of_a_down_fill_is_seen_from_down() -> None:
    assert MARKET.move_pct("Down") == Decimal("-0.25")
    assert "move -0.25 %" in str(of_fill(fill(outcome="Down"), MARKET, MINUTE_SIX))


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    text = of_fill(fill(), MarketFacts("0xabc"), MINUTE_SIX)
    assert text == "🟢 Bought 0xabc Up: 12.5 at 0.80 = $10.00 (move unknown, minute unknown)"


@pytest.mark.parametrize(
    ("status", "version", "told"), [("provisional", 1, True), ("confirmed", 2, False), ("failed", 2, True)]
)
def test_a_confirmation_is_routine_and_a_failed_trade_is_not(status: str, version: int, told: bool) -> None:
    assert (of_fill(fill(status=status, version=version), MARKET, MINUTE_SIX) is not None) is told


@pytest.mark.parametrize(
    ("kind", "profit", "words"),
    [
        ("venue", "2.5", "💰 Won: btc-updown-15m-1775033100 Up, 12.5 shares, profit $+2.50"),
        ("venue", "-10", "🔻 Lost: btc-updown-15m-1775033100 Up, 12.5 shares, profit $-10.00"),
        ("forced", "-10", "🔻 Lost, forced: btc-updown-15m-1775033100 Up, 12.5 shares, profit $-10.00"),
        ("adjust", "-1.234", "✏️ Adjust: btc-updown-15m-1775033100 Up, 12.5 shares, profit $-1.23"),
    ],
)
def test_a_settlement_tells_the_profit(kind: str, profit: str, words: str) -> None:
    assert of_settlement(settled(kind=kind, profit=Cash.of(profit)), MARKET) == words


def test_a_trading_state_tells_every_cause() -> None:
    causes = (
        TradingCause(cause="kill", state="halted", detail="desk"),
        TradingCause(cause="stale_book", state="reducing", detail=""),
    )
    change = TradingStateChanged(account=ACCOUNT, state="halted", cancels=True, causes=causes, version=3)
    assert of_trading_state(change) == "⛔ Trading is halted: kill (desk); stale_book"


async def test_a_fact_delivered_twice_is_told_once() -> None:
    mailbox = RecordingMailbox()
    told = notifier(mailbox)
    await told.on_fact(envelope(fill()))
    await told.on_fact(envelope(fill()))
    await told.on_fact(envelope(fill(), message_id="m2"))
    assert len(mailbox.texts) == 2


async def test_old_news_is_not_told() -> None:
    mailbox = RecordingMailbox()
    await notifier(mailbox).on_fact(envelope(settled(), recorded_at=WALL - timedelta(minutes=16)))
    assert mailbox.texts == []


async def test_another_account_and_other_facts_are_nobodys_business() -> None:
    mailbox = RecordingMailbox()
    await notifier(mailbox).on_fact(envelope(fill(account=AccountId("polymarket:live:0x1"))))
    other = CancelEntry(
        order_id=fill().order_id, account=ACCOUNT, market=MarketId("0xabc"), reason="x", decided_at=WALL
    )
    await notifier(mailbox).on_fact(envelope(other))
    assert mailbox.texts == []
