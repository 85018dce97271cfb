"""When a position is left early (strategy section 9 and the rows of section 14 about it)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from services.risk.domain.stop_loss import (
    AwaitSettlement,
    ExitDecision,
    ExitRules,
    Exposed,
    Hold,
    Reason,
    Sell,
    Sight,
    StandDown,
    Wait,
    look,
    verdicts,
)
from shared.domain.book import Level, Top
from shared.domain.money import Price, Shares
from tests.unit.risk.tops import MARKET, SLOT, START, UP, at

RULES = ExitRules(Price.of("0.75"), Price.of("0.40"), Decimal("0.10"), Decimal("0.35"))
MODEL = replace(RULES, has_model=True)
LATER = at(minutes=11)
HELD = Exposed(
    MARKET, UP, "Up", Price.of("0.80"), Shares.of(10), Shares.of(10), Price.of("0.80"), at(minutes=10), START + SLOT
)


def book(bid: str | None, ask: str | None = None) -> Top:
    def side(price: str | None) -> Level | None:
        return None if price is None else Level(Price.of(price), Shares.of(10))

    return Top(UP, side(bid), side(ask), LATER)


def sight(
    bid: str | None, now: datetime = LATER, *, fair: str | None = None, p_win: str | None = None, halted: bool = False
) -> Sight:
    return Sight(
        book(bid), None if fair is None else Decimal(fair), None if p_win is None else Decimal(p_win), now, halted
    )


def decide(exposed: Exposed, seen: Sight, rules: ExitRules = RULES) -> ExitDecision:
    return look(exposed, seen, rules)[1]


@pytest.mark.parametrize(
    ("bid", "decision"),
    [("0.41", Hold(Reason.ABOVE_EXIT)), ("0.40", Sell(Reason.STOP_LOSS)), ("0.01", Sell(Reason.STOP_LOSS))],
)
def test_it_sells_at_the_exit_level_and_not_a_tick_above(bid: str, decision: ExitDecision) -> None:
    assert decide(HELD, sight(bid)) == decision


@pytest.mark.parametrize(
    ("highest", "decision"), [("0.74", Hold(Reason.PEAK_NOT_REACHED)), ("0.75", Sell(Reason.STOP_LOSS))]
)
def test_it_is_armed_once_the_highest_bid_reached_the_peak(highest: str, decision: ExitDecision) -> None:
    assert decide(replace(HELD, highest_bid=Price.of(highest)), sight("0.30")) == decision


def test_a_bid_at_the_peak_arms_it_for_later() -> None:
    young = replace(HELD, highest_bid=Price.of("0.70"))
    armed, decision = look(young, sight("0.75"), RULES)
    assert (armed.highest_bid, decision) == (Price.of("0.75"), Hold(Reason.ABOVE_EXIT))
    assert decide(armed, sight("0.40")) == Sell(Reason.STOP_LOSS)


def test_without_a_peak_and_a_model_exits_are_off() -> None:
    assert decide(HELD, sight("0.10"), replace(RULES, peak=Price.of(0))) == Hold(Reason.EXITS_OFF)


@pytest.mark.parametrize(
    ("fair", "decision"),
    [("0.50", Sell(Reason.STOP_LOSS)), ("0.51", Wait(Reason.FAIR_VALUE)), (None, Sell(Reason.STOP_LOSS))],
)
def test_a_fair_value_above_exit_and_margin_waits(fair: str | None, decision: ExitDecision) -> None:
    assert decide(HELD, sight("0.40", fair=fair)) == decision


@pytest.mark.parametrize(
    ("seconds", "decision"),
    [(0.0, Wait(Reason.FAIR_VALUE)), (9.99, Wait(Reason.FAIR_VALUE)), (10.0, Sell(Reason.STOP_LOSS))],
)
def test_the_override_waits_less_than_ten_seconds(seconds: float, decision: ExitDecision) -> None:
    fallen, _ = look(HELD, sight("0.40", fair="0.9"), RULES)
    assert decide(fallen, sight("0.35", LATER + timedelta(seconds=seconds), fair="0.9")) == decision


def test_a_flash_crash_that_recovers_is_not_sold_and_the_next_one_waits_anew() -> None:
    fallen, _ = look(HELD, sight("0.20", fair="0.9"), RULES)
    recovered, decision = look(fallen, sight("0.41", LATER + timedelta(seconds=8), fair="0.9"), RULES)
    assert (decision, recovered.below_exit_since) == (StandDown(Reason.RECOVERED), None)
    again = sight("0.40", LATER + timedelta(seconds=12), fair="0.9")
    assert decide(recovered, again) == Wait(Reason.FAIR_VALUE)


def test_the_override_counts_from_the_first_fall_also_when_the_fair_value_rises_later() -> None:
    fallen, _ = look(replace(HELD, highest_bid=Price.of("0.80")), sight("0.40", fair="0.50", halted=True), RULES)
    later = sight("0.40", LATER + timedelta(seconds=11), fair="0.9")
    assert decide(fallen, later) == Sell(Reason.STOP_LOSS)


def test_an_empty_book_awaits_settlement_and_the_rule_applies_again_when_bids_come_back() -> None:
    emptied, decision = look(HELD, sight(None), RULES)
    assert decision == AwaitSettlement(Reason.EMPTY_BOOK)
    assert decide(emptied, sight("0.40")) == Sell(Reason.STOP_LOSS)
    assert decide(emptied, sight("0.60")) == Hold(Reason.ABOVE_EXIT)


def test_a_bid_of_nothing_is_no_bid() -> None:
    assert decide(HELD, sight("0")) == AwaitSettlement(Reason.EMPTY_BOOK)


def test_a_gap_in_the_feed_is_not_an_empty_book_and_ends_no_episode() -> None:
    fallen, _ = look(HELD, sight("0.40", fair="0.9"), RULES)
    unseen, decision = look(fallen, Sight(None, Decimal("0.9"), None, LATER + timedelta(seconds=5)), RULES)
    assert (decision, unseen.below_exit_since) == (Hold(Reason.UNKNOWN_BOOK), LATER)


def test_a_stale_books_last_bid_counts() -> None:
    assert decide(HELD, sight("0.40", LATER + timedelta(seconds=200))) == Sell(Reason.STOP_LOSS)


def test_a_crossed_book_sells_nothing() -> None:
    assert decide(HELD, Sight(book("0.40", "0.39"), None, None, LATER)) == Hold(Reason.CROSSED_BOOK)


@pytest.mark.parametrize(
    ("now", "decision"),
    [(START + SLOT - timedelta(milliseconds=1), Sell(Reason.STOP_LOSS)), (START + SLOT, Hold(Reason.MARKET_ENDED))],
)
def test_nothing_is_sold_from_the_slots_end_on(now: datetime, decision: ExitDecision) -> None:
    assert decide(HELD, sight("0.40", now)) == decision


def test_nothing_is_sold_in_halted() -> None:
    assert decide(HELD, sight("0.40", halted=True)) == Hold(Reason.HALTED)


def test_nothing_held_is_nothing_to_sell() -> None:
    assert decide(replace(HELD, shares=Shares.of(0)), sight("0.40")) == Hold(Reason.NOTHING_HELD)


@pytest.mark.parametrize(
    ("p_win", "decision"),
    [
        ("0.3499", Sell(Reason.EXIT_MODEL)),
        ("0.35", Hold(Reason.MODEL_HOLDS)),
        (None, Hold(Reason.MODEL_SILENT)),
    ],
)
def test_with_a_model_its_answer_decides_and_the_levels_are_off(p_win: str | None, decision: ExitDecision) -> None:
    assert decide(HELD, sight("0.70", p_win=p_win), MODEL) == decision
    assert decide(HELD, sight("0.10", p_win=p_win, fair="0.9"), MODEL) == decision


def test_a_model_back_at_its_threshold_stands_down() -> None:
    due, _ = look(HELD, sight("0.50", p_win="0.2"), MODEL)
    recovered, decision = look(due, sight("0.50", p_win="0.35"), MODEL)
    assert (decision, recovered.below_exit_since) == (StandDown(Reason.RECOVERED), None)


def test_a_model_does_not_sell_into_an_empty_book_either() -> None:
    assert decide(HELD, sight(None, p_win="0.1"), MODEL) == AwaitSettlement(Reason.EMPTY_BOOK)


def test_the_words_are_those_of_the_decision() -> None:
    seen = sight("0.40", fair="0.9")
    failed = [each for each in verdicts(HELD, seen, RULES) if not each.passed]
    assert [(each.name, each.value, each.limit) for each in failed] == [
        ("fair_value", "0.9, 0.0 s below exit", "<= 0.50 or 10 s below exit")
    ]
    assert all(each.passed for each in verdicts(HELD, sight("0.40"), RULES))


@pytest.mark.parametrize(
    ("top", "words"),
    [
        (None, {"book": "unknown", "sides": "unknown", "bid": "unknown"}),
        (book(None, "0.43"), {"book": "known", "sides": "not crossed", "bid": "none"}),
        (book("0.40", "0.43"), {"book": "known", "sides": "not crossed", "bid": "0.40"}),
        (book("0.44", "0.43"), {"book": "known", "sides": "crossed", "bid": "0.44"}),
    ],
)
def test_a_gap_an_empty_side_and_a_crossed_book_are_worded_apart(top: Top | None, words: dict[str, str]) -> None:
    seen = Sight(top, None, None, LATER, is_halted=False)
    said = {each.name: each.value for each in verdicts(HELD, seen, RULES)}
    assert {name: said[name] for name in words} == words
