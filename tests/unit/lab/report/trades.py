"""Closed positions: each test says only what differs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from lab.report.record import Entry, Record, Refusals, Trade
from shared.domain.ids import OrderId
from shared.domain.money import Cash, Price, Shares

START = datetime(2026, 4, 1, 12, tzinfo=UTC)


def entry(price: str = "0.80", shares: str = "10", minute: str = "5", rung: int = 0, fair: str | None = None) -> Entry:
    at = START + timedelta(minutes=float(minute))
    value = None if fair is None else Decimal(fair)
    return Entry(at, OrderId(f"order-{rung}"), rung, Price.of(price), Shares.of(shares), Decimal(minute), value)


def trade(
    profit: str,
    *entries: Entry,
    number: int = 0,
    coin: str = "btc",
    payout: str | None = None,
    shadow: str | None = None,
    left_early: bool = False,
) -> Trade:
    """The `number`-th market, closed so many slots later; by default the payout follows from the profit's sign."""
    paid = Decimal(int(not profit.startswith("-"))) if payout is None else Decimal(payout)
    return Trade(
        market=f"{coin}-updown-{number}",
        coin=coin,
        outcome="Up",
        closed_at=START + timedelta(minutes=15 * (number + 1)),
        entries=entries or (entry(),),
        profit=Cash.of(profit),
        fees=Cash.of("0"),
        payout=None if left_early else paid,
        left_early=left_early,
        shadow_profit=None if shadow is None else Cash.of(shadow),
    )


def record(*trades: Trade, refusals: tuple[Refusals, ...] = (), warning: str = "") -> Record:
    return Record(
        source="account sim:paper:paper",
        mode="paper, fills simulated",
        prices="sim",
        warning=warning,
        trades=trades,
        refusals=refusals,
        unsettled=0,
        shadows_without_ask=0,
    )
