"""A replay held against the run that traded the same frames."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from lab.replay.against import Finding, findings
from lab.replay.traded import Act, Pair, Traded, replayed
from tests.unit.lab.replay.tape import MINUTE, START, Tape

SLUG = f"btc-updown-15m-{START}"


def traded(folder: Path) -> Traded:
    """One order at 0.80, filled half a minute later, won."""
    outcome = Tape().quiet(0, 15 * MINUTE, "0.80", "0.82").play(folder)
    (only,) = replayed(outcome, outcome.slots).values()
    return only


def found(run: Traded, replay: Traded) -> dict[str, Finding]:
    return {each.what: each for each in findings([Pair(run, replay)])}


def test_a_replay_told_in_the_words_of_a_run(tmp_path: Path) -> None:
    of = traded(tmp_path)
    (order,), (fill,) = of.orders, of.fills
    assert (of.slug, order) == (SLUG, Act("Up", "BUY", Decimal("0.80"), Decimal("6.25"), Decimal("0.000")))
    assert fill == replace(order, seconds=Decimal("30.000"))
    assert of.profit == Decimal("1.25")


def test_what_is_the_same_agrees(tmp_path: Path) -> None:
    of = traded(tmp_path)
    same = found(deepcopy(of), of)
    assert [each.agrees for each in same.values()] == [True] * 4
    assert list(same) == ["decisions", "order", "fill", "profit"]


def test_an_entry_that_came_later_at_another_price_is_told_with_both(tmp_path: Path) -> None:
    of = traded(tmp_path)
    late = deepcopy(of)
    late.orders = [replace(late.orders[0], price=Decimal("0.81"), seconds=Decimal("2.5"))]
    order = found(late, of)["order"]
    assert (order.agrees, order.why) == (False, "+2.500 s, price +0.01")


def test_a_later_entry_at_the_same_price_agrees_and_tells_by_how_much(tmp_path: Path) -> None:
    of = traded(tmp_path)
    late = deepcopy(of)
    late.orders = [replace(late.orders[0], seconds=Decimal("0.1"))]
    order = found(late, of)["order"]
    assert (order.agrees, order.why) == (True, "+0.100 s")


def test_an_entry_of_one_side_alone_is_told_with_the_others_refusals(tmp_path: Path) -> None:
    of = traded(tmp_path)
    idle = Traded(SLUG)
    idle.answers.update({("Up", "refused", "STALE_BOOK"): 9, ("Up", "refused", "NO_BID"): 2})
    told = found(idle, of)
    assert (told["order"].run, told["order"].why) == ("-", "refused there: STALE_BOOK, NO_BID")
    assert "by REST" in told["decisions"].why
    assert not told["profit"].agrees


def test_a_slot_that_the_run_did_not_reach_is_one_line(tmp_path: Path) -> None:
    waiting = Traded(SLUG)
    waiting.answers["Up", "refused", "TOO_EARLY"] = 100
    told = found(waiting, traded(tmp_path))
    assert [(each.agrees, each.why) for each in told.values()] == [(False, "the run ended before this slot")]


def test_a_position_that_was_open_at_the_runs_end_has_no_profit_yet(tmp_path: Path) -> None:
    of = traded(tmp_path)
    profit = found(replace(deepcopy(of), profit=None), of)["profit"]
    assert (profit.agrees, profit.why) == (False, "the run ended before the result")
