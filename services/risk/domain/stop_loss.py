"""When a position is left early (strategy section 9): every check once, with the words that explain it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.book import Top
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.domain.verdict import Verdict


class Reason(StrEnum):
    NOTHING_HELD = "NOTHING_HELD"
    EXITS_OFF = "EXITS_OFF"
    HALTED = "HALTED"
    MARKET_ENDED = "MARKET_ENDED"
    UNKNOWN_BOOK = "UNKNOWN_BOOK"
    CROSSED_BOOK = "CROSSED_BOOK"
    PEAK_NOT_REACHED = "PEAK_NOT_REACHED"
    EMPTY_BOOK = "EMPTY_BOOK"
    ABOVE_EXIT = "ABOVE_EXIT"
    RECOVERED = "RECOVERED"
    FAIR_VALUE = "FAIR_VALUE"
    MODEL_SILENT = "MODEL_SILENT"
    MODEL_HOLDS = "MODEL_HOLDS"
    STOP_LOSS = "STOP_LOSS"
    EXIT_MODEL = "EXIT_MODEL"


@dataclass(frozen=True, slots=True)
class Hold:
    reason: Reason


@dataclass(frozen=True, slots=True)
class Wait:
    """Below the exit level, but the coin's price says that it is a flash crash."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Sell:
    reason: Reason


@dataclass(frozen=True, slots=True)
class StandDown:
    """A sale was due a look ago, and is no longer."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class AwaitSettlement:
    """Nobody is there to sell to; when bids come back before the slot's end the rule applies again."""

    reason: Reason


ExitDecision = Hold | Wait | Sell | StandDown | AwaitSettlement


@dataclass(frozen=True, slots=True)
class ExitRules:
    """`peak` of 0 and no model: exits are off. With a model the price levels are off and `threshold` decides."""

    peak: Price
    exit: Price
    fair_margin: Decimal
    threshold: Decimal
    has_model: bool = False
    override_seconds: float = 10.0

    @property
    def is_off(self) -> bool:
        return not self.has_model and not self.peak.value


@dataclass(frozen=True, slots=True)
class Exposed:
    """A position as the exits see it. `ends_at` bounds the slot, excluded. `below_exit_since`: since when, in this
    episode, the bid is at or below the exit level (with a model: its answer below the threshold), None outside one."""

    market: MarketId
    token: TokenId
    outcome: str
    entry_price: Price
    shares: Shares
    confirmed_shares: Shares
    highest_bid: Price
    filled_at: datetime
    ends_at: datetime
    below_exit_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What is to be seen at one instant. `top` is net of our own orders; None: nothing is known of the book since the
    feed (re)connected, which is not an empty book. A stale book's last bid counts. `p_win`: the exit model's answer."""

    top: Top | None
    fair_value: Decimal | None
    p_win: Decimal | None
    now: datetime
    is_halted: bool = False

    @property
    def bid(self) -> Price | None:
        """None where nobody bids; a price of 0 is no bid."""
        best = None if self.top is None else self.top.bid
        return best.price if best is not None and best.price.value > 0 else None


@dataclass(frozen=True, slots=True)
class _Check:
    verdict: Verdict
    otherwise: ExitDecision


def look(exposed: Exposed, sight: Sight, rules: ExitRules) -> tuple[Exposed, ExitDecision]:
    """The position after this look, and what is to be done: the first check that fails says why not to sell."""
    after = _followed(exposed, sight, rules)
    for check in _checks(exposed, after, sight, rules):
        if not check.verdict.passed:
            return after, check.otherwise
    return after, Sell(Reason.EXIT_MODEL if rules.has_model else Reason.STOP_LOSS)


def verdicts(exposed: Exposed, sight: Sight, rules: ExitRules) -> tuple[Verdict, ...]:
    """What `look` held against what, in its order; passed means that it does not stand against selling."""
    after = _followed(exposed, sight, rules)
    return tuple(check.verdict for check in _checks(exposed, after, sight, rules))


def _followed(exposed: Exposed, sight: Sight, rules: ExitRules) -> Exposed:
    """The highest bid never falls; an episode begins at the first fall and ends with the recovery, a gap ends none."""
    bid = sight.bid
    highest = exposed.highest_bid if bid is None else max(exposed.highest_bid, bid)
    since = exposed.below_exit_since
    if (is_below := _is_below(sight, rules)) is not None:
        since = (since or sight.now) if is_below else None
    return replace(exposed, highest_bid=highest, below_exit_since=since)


def _is_below(sight: Sight, rules: ExitRules) -> bool | None:
    """None where nothing can be said."""
    if rules.has_model:
        return None if sight.p_win is None else sight.p_win < rules.threshold
    return None if sight.bid is None else sight.bid <= rules.exit


def _checks(before: Exposed, after: Exposed, sight: Sight, rules: ExitRules) -> Iterator[_Check]:
    yield from _circumstances(after, sight, rules)
    yield from _book(sight)
    if rules.has_model:
        yield _somebody_bids(sight)
        yield _model(before, sight, rules)
    else:
        yield _armed(after, rules)
        yield _somebody_bids(sight)
        yield _exit_level(before, sight, rules)
        yield _override(after, sight, rules)


def _circumstances(after: Exposed, sight: Sight, rules: ExitRules) -> Iterator[_Check]:
    yield _check("held", after.shares, "some", bool(after.shares), Hold(Reason.NOTHING_HELD))
    is_on = "off" if rules.is_off else "exit model" if rules.has_model else "stop-loss"
    yield _check("exits", is_on, "on", not rules.is_off, Hold(Reason.EXITS_OFF))
    state = "halted" if sight.is_halted else "not halted"
    yield _check("trading_state", state, "not halted", not sight.is_halted, Hold(Reason.HALTED))
    left_seconds = (after.ends_at - sight.now).total_seconds()
    yield _check("slot_left", f"{left_seconds:.1f} s", "> 0 s", left_seconds > 0, Hold(Reason.MARKET_ENDED))


def _book(sight: Sight) -> Iterator[_Check]:
    is_known = sight.top is not None
    yield _check("book", "known" if is_known else "unknown", "known", is_known, Hold(Reason.UNKNOWN_BOOK))
    is_crossed = sight.top is not None and sight.top.is_crossed()
    word = "unknown" if sight.top is None else "crossed" if is_crossed else "not crossed"
    yield _check("sides", word, "not crossed", is_known and not is_crossed, Hold(Reason.CROSSED_BOOK))


def _armed(after: Exposed, rules: ExitRules) -> _Check:
    is_armed = after.highest_bid >= rules.peak
    return _check("highest_bid", after.highest_bid, f">= {rules.peak}", is_armed, Hold(Reason.PEAK_NOT_REACHED))


def _somebody_bids(sight: Sight) -> _Check:
    word = sight.bid if sight.bid is not None else "unknown" if sight.top is None else "none"
    return _check("bid", word, "some", sight.bid is not None, AwaitSettlement(Reason.EMPTY_BOOK))


def _exit_level(before: Exposed, sight: Sight, rules: ExitRules) -> _Check:
    value, is_low = (sight.bid or "unknown"), sight.bid is not None and sight.bid <= rules.exit
    otherwise = Hold(Reason.ABOVE_EXIT) if before.below_exit_since is None else StandDown(Reason.RECOVERED)
    return _check("exit_level", value, f"<= {rules.exit}", is_low, otherwise)


def _override(after: Exposed, sight: Sight, rules: ExitRules) -> _Check:
    """Without a fair value there is nothing to wait for."""
    level = rules.exit.value + rules.fair_margin
    is_fair_below = sight.fair_value is None or sight.fair_value <= level
    waited_seconds = 0.0 if (since := after.below_exit_since) is None else (sight.now - since).total_seconds()
    fair = "unknown" if sight.fair_value is None else str(sight.fair_value)
    return _check(
        "fair_value",
        f"{fair}, {waited_seconds:.1f} s below exit",
        f"<= {level} or {rules.override_seconds:g} s below exit",
        is_fair_below or waited_seconds >= rules.override_seconds,
        Wait(Reason.FAIR_VALUE),
    )


def _model(before: Exposed, sight: Sight, rules: ExitRules) -> _Check:
    limit = f"< {rules.threshold}"
    if sight.p_win is None:
        return _check("exit_model", "unknown", limit, False, Hold(Reason.MODEL_SILENT))
    otherwise = Hold(Reason.MODEL_HOLDS) if before.below_exit_since is None else StandDown(Reason.RECOVERED)
    return _check("exit_model", sight.p_win, limit, sight.p_win < rules.threshold, otherwise)


def _check(name: str, value: object, limit: str, passed: bool, otherwise: ExitDecision) -> _Check:
    return _Check(Verdict(name, str(value), limit, passed), otherwise)
