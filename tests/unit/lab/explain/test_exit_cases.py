"""A case's position is looked at as risk looks at it."""

import pytest

from shared.domain.money import Price, Shares
from tests.unit.lab.explain.cases import POSITION, START, Document, book, exit_asked

LOW = book("0.40", "0.45")
AT = START + 660
BELIEVED: Document = {"books__Up": LOW, "fair_value": "0.51"}
DOOMED: Document = {"reference_price": "99000", "books__Up": LOW}


def since(seconds: float) -> Document:
    """Below the exit level for that long."""
    return POSITION | {"bid_below_exit_since": AT - seconds}


def test_an_armed_position_at_the_exit_level_is_sold_down_to_any_bid() -> None:
    given = exit_asked(**DOOMED)
    assert (given.decision, given.reason, given.price, given.shares) == (
        "sell",
        "STOP_LOSS",
        Price.of("0.01"),
        Shares.of("6.25"),
    )


HELD: list[tuple[str, str, Document]] = [
    ("hold", "ABOVE_EXIT", {"books__Up": book("0.41", "0.45")}),
    ("hold", "PEAK_NOT_REACHED", DOOMED | {"position": POSITION | {"highest_bid": "0.74"}}),
    ("hold", "EMPTY_BOOK", {"books__Up": book(None, "0.45")}),
    ("hold", "EMPTY_BOOK", {"books__Up": book("0", "0.45")}),
    ("hold", "UNKNOWN_BOOK", {"books__Up": None}),
    ("hold", "CROSSED_BOOK", {"books__Up": book("0.40", "0.40")}),
    ("hold", "HALTED", DOOMED | {"trading_state": "halted"}),
    ("hold", "MARKET_ENDED", DOOMED | {"now": START + 900}),
    ("hold", "EXITS_OFF", DOOMED | {"settings": {}}),
    ("hold", "NOTHING_HELD", DOOMED | {"position": POSITION | {"shares": "0"}}),
    ("wait", "FAIR_VALUE", BELIEVED),
    ("sell", "STOP_LOSS", {"books__Up": LOW, "fair_value": "0.50"}),
    ("wait", "FAIR_VALUE", BELIEVED | {"position": since(9.999)}),
    ("sell", "STOP_LOSS", BELIEVED | {"position": since(10)}),
    ("stand_down", "RECOVERED", {"books__Up": book("0.41", "0.45"), "position": since(1)}),
    ("sell", "STOP_LOSS", DOOMED | {"books__Up": book("0.40", "0.45", age=500)}),
    ("sell", "STOP_LOSS", DOOMED | {"books__Up": book("0.40", "0.45", bid_size=None)}),
    ("sell", "STOP_LOSS", DOOMED | {"trading_state": "reducing"}),
    ("sell", "STOP_LOSS", DOOMED | {"position": POSITION | {"highest_bid": None}}),
    ("sell", "EXIT_MODEL", {"model_p_up": "0.34"}),
    ("hold", "MODEL_HOLDS", DOOMED | {"model_p_up": "0.35"}),
    ("hold", "MODEL_SILENT", {"model_p_up": "0.34", "strike": None}),
    ("hold", "MODEL_SILENT", {"settings": {"exit_model_path": "model.json"}}),
]  # fmt: skip


@pytest.mark.parametrize(("decision", "reason", "changes"), HELD, ids=[f"{each[0]}-{each[1]}" for each in HELD])
def test_each_reason_to_leave_or_to_stay_is_named(decision: str, reason: str, changes: Document) -> None:
    given = exit_asked(**changes)
    assert (given.decision, given.reason) == (decision, reason)


def test_only_confirmed_shares_are_sold_in_whole_steps() -> None:
    assert exit_asked(**DOOMED, position=POSITION | {"confirmed_shares": "3.129"}).shares == Shares.of("3.12")
    assert exit_asked(**DOOMED, position=POSITION | {"confirmed_shares": "0"}).shares == Shares.of("0")


def test_an_exit_is_asked_of_what_is_held() -> None:
    down = POSITION | {"outcome": "Down"}
    given = exit_asked(evaluate=..., position=down, books__Down=LOW, reference_price="101000")
    assert (given.decision, given.reason) == ("sell", "STOP_LOSS")
