"""The circuit breaker (strategy section 10), pure: `35_breaker.sql` does the same in the commit of each result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from shared.domain.money import NO_CASH, Cash


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """Reached is tripped. The two profits are below 0."""

    max_losses: int
    max_drawdown: Cash
    daily_limit: Cash


@dataclass(frozen=True, slots=True)
class Breaker:
    """`day` is a UTC day of domain time; `day_forgiven` what a forced reset took off its profit. `tripped`: why, or
    None. Only the day's figures begin anew at midnight."""

    session_profit: Cash = NO_CASH
    losses_in_a_row: int = 0
    day: date | None = None
    day_profit: Cash = NO_CASH
    day_forgiven: Cash = NO_CASH
    tripped: str | None = None

    def day_counted(self, now: datetime) -> Cash:
        """What is held against the daily limit."""
        return self.day_profit - self.day_forgiven if self.day == utc_day(now) else NO_CASH


@dataclass(frozen=True, slots=True)
class NeedsForce:
    """The day is at its limit."""


def hear(breaker: Breaker, profit: Cash, at: datetime, limits: BreakerLimits) -> Breaker:
    """A position was closed, by sale or by settlement: the sign decides win or loss, 0 changes nothing."""
    if profit == NO_CASH:
        return breaker
    losses = breaker.losses_in_a_row + 1 if profit < NO_CASH else 0
    return check(replace(_added(breaker, profit, at), losses_in_a_row=losses), at, limits)


def correct(breaker: Breaker, profit: Cash, at: datetime, limits: BreakerLimits) -> Breaker:
    """An earlier result changed by that much: profit of the day of the correction, no new win or loss."""
    return breaker if profit == NO_CASH else check(_added(breaker, profit, at), at, limits)


def check(breaker: Breaker, now: datetime, limits: BreakerLimits) -> Breaker:
    """Brings the figures to that day, and trips where a limit is reached; tripped already, it stays tripped."""
    today = _on(breaker, utc_day(now))
    return today if today.tripped is not None else replace(today, tripped=_reached(today, now, limits))


def reset(breaker: Breaker, now: datetime, limits: BreakerLimits, *, force: bool = False) -> Breaker | NeedsForce:
    """A new session. Forced, the day's limit counts from here."""
    today = _on(breaker, utc_day(now))
    counted = today.day_counted(now)
    is_at_limit = counted <= limits.daily_limit
    if is_at_limit and not force:
        return NeedsForce()
    forgiven = today.day_forgiven + counted if is_at_limit else today.day_forgiven
    return Breaker(day=today.day, day_profit=today.day_profit, day_forgiven=forgiven)


def utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _reached(breaker: Breaker, now: datetime, limits: BreakerLimits) -> str | None:
    if breaker.losses_in_a_row >= limits.max_losses:
        return f"{breaker.losses_in_a_row} losses in a row"
    if breaker.session_profit <= limits.max_drawdown:
        return f"session profit {breaker.session_profit}"
    counted = breaker.day_counted(now)
    return f"profit of the day {counted}" if counted <= limits.daily_limit else None


def _added(breaker: Breaker, profit: Cash, at: datetime) -> Breaker:
    """What belongs to a day before the known one leaves the day's figures alone."""
    day = utc_day(at)
    today = _on(breaker, day)
    day_profit = today.day_profit + profit if today.day == day else today.day_profit
    return replace(today, session_profit=today.session_profit + profit, day_profit=day_profit)


def _on(breaker: Breaker, day: date) -> Breaker:
    if breaker.day is not None and day <= breaker.day:
        return breaker
    return replace(breaker, day=day, day_profit=NO_CASH, day_forgiven=NO_CASH)
