"""What an operator is told: one text for each fact that matters, none for the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from shared.domain.reference import directional, up_move_pct
from shared.messages.fills import FillBooked
from shared.messages.risk import TradingStateChanged
from shared.messages.settlement import PositionSettled

CENT = Decimal("0.01")
TENTH = Decimal("0.1")
SPOT_AGE_MAX_SECONDS = 30.0
"""Domain. An older price says nothing of the move at an instant."""
STATE_SIGNS = {"active": "✅", "reducing": "⚠️", "halted": "⛔"}
CAUSE_WORDS = {
    "breaker": "circuit breaker tripped",
    "stale_books": "books are stale",
    "kill": "kill switch",
    "venue_refuses": "the venue refuses us",
}


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What a text says of a market beside the fact itself; None is unknown. `strike` and `spot` in dollars, `spot_at`
    in domain time."""

    slug: str
    start: datetime | None = None
    strike: Decimal | None = None
    spot: Decimal | None = None
    spot_at: datetime | None = None

    def minutes_into(self, instant: datetime) -> Decimal | None:
        """Real minutes into the slot, to a tenth."""
        if self.start is None:
            return None
        return (Decimal(str((instant - self.start).total_seconds())) / 60).quantize(TENTH, ROUND_HALF_UP)

    def move_pct(self, outcome: str, instant: datetime) -> Decimal | None:
        """Directional move since the strike at that instant: positive when it favours the outcome."""
        if self.strike is None or self.spot is None or self.spot_at is None:
            return None
        if abs((instant - self.spot_at).total_seconds()) > SPOT_AGE_MAX_SECONDS:
            return None
        move = up_move_pct(self.strike, self.spot)
        return None if move is None else directional(move, outcome)


@dataclass(frozen=True, slots=True)
class Entry:
    """How a position began: the directional move and the minute of the slot at its first fill; None is unknown."""

    move_pct: Decimal | None = None
    minutes: Decimal | None = None

    def __str__(self) -> str:
        move = "move unknown" if self.move_pct is None else f"move {_signed(self.move_pct, CENT)} %"
        return f"{move}, {'minute unknown' if self.minutes is None else f'minute {self.minutes}'}"


def entry_of(outcome: str, market: MarketFacts, at: datetime) -> Entry:
    return Entry(market.move_pct(outcome, at), market.minutes_into(at))


def is_news(fill: FillBooked) -> bool:
    """Confirmations are routine and stay silent; a first booking and a failed trade do not."""
    return fill.status != "confirmed" and (fill.status == "failed" or fill.version == 1)


def of_purchase(fill: FillBooked, market: MarketFacts, entry: Entry) -> str:
    where = f"{market.slug} {fill.outcome}"
    if fill.status == "failed":
        return f"❗ Trade failed on chain: {where}, {_size(fill)} was taken back"
    return f"🟢 Bought {where}: {_size(fill)} ({entry})"


def of_sale(fill: FillBooked, market: MarketFacts, entry: Entry, profit: Decimal | None) -> str:
    """A position is only ever sold to leave it early. `profit` is of this sale, None where it is not known."""
    where = f"{market.slug} {fill.outcome}"
    if fill.status == "failed":
        return f"❗ Sale failed on chain: {where}, {_size(fill)} was taken back"
    earned = "profit unknown" if profit is None else f"profit {_dollars(profit)}"
    return f"🏳️ Stop-loss, sold {where}: {_size(fill)}, {earned} (entered: {entry})"


def of_settlement(settled: PositionSettled, market: MarketFacts, entry: Entry) -> str | None:
    """Nothing to tell of a position that was sold out before."""
    if not settled.shares and settled.profit.value == 0:
        return None
    result = settled.kind if settled.kind == "adjust" else "won" if settled.profit.value > 0 else "lost"
    sign = {"won": "💰", "lost": "🔻", "adjust": "✏️"}[result]
    word = "Corrected" if result == "adjust" else result.capitalize()
    guessed = f", {settled.kind}" if settled.kind in {"forced", "provisional"} else ""
    return (
        f"{sign} {word}{guessed}: {market.slug} {settled.outcome}{_bought(settled)},"
        f" profit {_dollars(settled.profit.value)} (entered: {entry})"
    )


def of_trading_state(change: TradingStateChanged) -> str:
    causes = "; ".join(_cause(each.cause, each.detail) for each in change.causes)
    return f"{STATE_SIGNS.get(change.state, '❔')} Trading is {change.state}{f': {causes}' if causes else ''}"


def of_alert(detail: str) -> str:
    return f"🚨 {detail}"


def is_stale(recorded_at: datetime, now_wall: datetime, age_max_seconds: float) -> bool:
    """Old news is not sent: after an outage the operator wants the present."""
    return (now_wall - recorded_at).total_seconds() > age_max_seconds


def _cause(cause: str, detail: str) -> str:
    words = CAUSE_WORDS.get(cause, cause)
    return f"{words} ({detail})" if detail else words


def _size(fill: FillBooked) -> str:
    return f"{fill.shares} at {fill.price} = ${_rounded((fill.price * fill.shares).value, CENT)}"


def _bought(settled: PositionSettled) -> str:
    if not settled.shares:
        return ""
    price = (settled.cost.value / settled.shares.value).quantize(Decimal("0.0001"), ROUND_HALF_UP).normalize()
    return f", {settled.shares} shares at {price:f}"


def _dollars(amount: Decimal) -> str:
    return "$" + _signed(amount, CENT)


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, ROUND_HALF_UP)


def _signed(value: Decimal, step: Decimal) -> str:
    return f"{_rounded(value, step):+f}"
