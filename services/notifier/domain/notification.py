"""What an operator is told: one text for each fact that matters, none for the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from shared.messages.fills import FillBooked
from shared.messages.risk import TradingStateChanged
from shared.messages.settlement import PositionSettled

CENT = Decimal("0.01")
STATE_SIGNS = {"active": "✅", "reducing": "⚠️", "halted": "⛔"}


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What a text says of a market beside the fact itself; None is unknown. `strike` and `spot` in dollars."""

    slug: str
    start: datetime | None = None
    strike: Decimal | None = None
    spot: Decimal | None = None

    def minutes_into(self, instant: datetime) -> Decimal | None:
        """Real minutes into the slot, to a tenth."""
        if self.start is None:
            return None
        return (Decimal(str((instant - self.start).total_seconds())) / 60).quantize(Decimal("0.1"), ROUND_HALF_UP)

    def move_pct(self, outcome: str) -> Decimal | None:
        """Directional move since the strike: positive when it favours the outcome."""
        if self.strike is None or self.spot is None:
            return None
        move = (self.spot - self.strike) / self.strike * 100
        return -move if outcome.lower() == "down" else move


def of_fill(fill: FillBooked, market: MarketFacts, occurred_at: datetime) -> str | None:
    """Confirmations are routine and stay silent; a first booking and a failed trade do not."""
    if fill.status == "confirmed" or (fill.status == "provisional" and fill.version > 1):
        return None
    where = f"{market.slug} {fill.outcome}"
    size = f"{fill.shares} at {fill.price} = ${_cents((fill.price * fill.shares).value)}"
    if fill.status == "failed":
        return f"❗ Trade failed on chain: {where}, {size} was taken back"
    move = market.move_pct(fill.outcome)
    moved = "move unknown" if move is None else f"move {_signed(move, CENT)} %"
    minutes = market.minutes_into(occurred_at)
    when = "minute unknown" if minutes is None else f"minute {minutes}"
    verb = "Bought" if fill.side == "BUY" else "Sold"
    return f"🟢 {verb} {where}: {size} ({moved}, {when})"


def of_settlement(settled: PositionSettled, market: MarketFacts) -> str:
    result = settled.kind if settled.kind in {"adjust", "sale"} else "won" if settled.profit.value > 0 else "lost"
    sign = {"won": "💰", "lost": "🔻", "sale": "🏳️", "adjust": "✏️"}[result]
    forced = ", forced" if settled.kind == "forced" else ", provisional" if settled.kind == "provisional" else ""
    return (
        f"{sign} {result.capitalize()}{forced}: {market.slug} {settled.outcome},"
        f" {settled.shares} shares, profit ${_signed(settled.profit.value, CENT)}"
    )


def of_trading_state(change: TradingStateChanged) -> str:
    causes = "; ".join(f"{each.cause} ({each.detail})" if each.detail else each.cause for each in change.causes)
    return f"{STATE_SIGNS.get(change.state, '❔')} Trading is {change.state}{f': {causes}' if causes else ''}"


def is_stale(recorded_at: datetime, now_wall: datetime, age_max_seconds: float) -> bool:
    """Old news is not sent: after an outage the operator wants the present."""
    return (now_wall - recorded_at).total_seconds() > age_max_seconds


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _signed(value: Decimal, step: Decimal) -> str:
    return f"{value.quantize(step, ROUND_HALF_UP):+f}"
