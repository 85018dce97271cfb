"""What is wrong with a case is one line that names the case and the field; nothing is guessed."""

import json

import pytest

from lab.explain.answer import answers
from lab.explain.case import CaseError, read_cases
from tests.unit.lab.explain.cases import BASE, POSITION, START, Document, document, order

REQUIRED = ("question", "market", "now", "strike", "reference_price", "books")
OF_A_MARKET = tuple(BASE["market"])


def refusal(text: str) -> str:
    with pytest.raises(CaseError) as refused:
        answers(read_cases(text)[0])
    line = str(refused.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("field", [*REQUIRED, *(f"market__{name}" for name in OF_A_MARKET), "books__Up__bid"])
def test_a_field_that_is_missing_is_named(field: str) -> None:
    line = refusal(json.dumps([document(), document(**{field: ...})]))
    assert line == f"case 2: {field.replace('__', '.')}: is missing"


BAD: list[tuple[str, Document]] = [
    ("two outcomes", {"market__outcomes": ["Up", "Down", "Tie"]}),
    ("two tokens", {"market__tokens": ["1"]}),
    ("outcomes are Up and Down", {"market__outcomes": ["Up", "Up"]}),
    ("outcomes are Up and Down", {"market__outcomes": ["Yes", "No"]}),
    ("token of its own", {"market__tokens": ["1", "1"]}),
    ("end must be after start", {"market__end": START}),
    ("market.start: must be a number, not 'yesterday'", {"market__start": "yesterday"}),
    ("now: must be unix seconds", {"now": -1}),
    ("now: must say its offset", {"now": "2026-04-01T12:00:00"}),
    ("now: must be a number", {"now": True}),
    ("market.tick: must be greater than 0", {"market__tick": "0"}),
    ('market.tick: must be a decimal as text, such as "0.80", not 0.01', {"market__tick": 0.01}),
    ("market.accepting_orders: must be a valid boolean", {"market__accepting_orders": "yes"}),
    ("books.Up.bid: must be a number, not 'cheap'", {"books__Up__bid": "cheap"}),
    ("books.Up.bid: must be a decimal as text", {"books__Up__bid": 0.8}),
    ("books.Up.bid: must be less than or equal to 1", {"books__Up__bid": "1.01"}),
    ("books.Up.age_s: must be greater than or equal to 0", {"books__Up__age_s": -1}),
    ("strike: must be a decimal as text", {"strike": 100000.5}),
    ("strike: must be below", {"strike": "1e400000"}),
    ("strike: must be below", {"strike": "NaN"}),
    ("'Sideways' is no outcome", {"evaluate": "Sideways"}),
    ("'Sideways' is no outcome", {"orders": [order(outcome="Sideways")]}),
    ("question: must be one of entry, resting or exit", {"question": "why"}),
    ("trading_state: must be one of", {"trading_state": "asleep"}),
    ("orders.0.status: must be one of", {"orders": [order("resting")]}),
    ("orders: each needs an id of its own", {"orders": [order(), order()]}),
    ("orders: question resting needs an order of Up", {"question": "resting"}),
    ("position: question exit needs one", {"question": "exit"}),
    ("evaluate: Up is not held", {"question": "exit", "position": POSITION | {"outcome": "Down"}}),
    ("fair_valu: is no field of a case", {"fair_valu": "0.5"}),
    ("fair_value: must be less than or equal to 1", {"fair_value": "1.1"}),
    ("filled_rungs: Up has no rung 1", {"filled_rungs": [1]}),
    ("filled_rungs: 'top' is no rung", {"filled_rungs": ["top"]}),
    ("settings: --max-bid=0.70", {"settings": {"max_bid": "0.705"}}),
    ("settings: max_bid=0.70 is below target_bid=0.75", {"settings": {"max_bid": "0.70"}}),
    ("settings: --targt-bid: unknown setting", {"settings": {"targt_bid": "0.70"}}),
    ("settings: stoploss_exit=0.80 is above", {"settings": {"stoploss_peak": "0.75", "stoploss_exit": "0.80"}}),
    ("settings: hybrid_taker_above=0.5 is below", {"settings": {"hybrid_taker_above": 0.5}}),
    ("settings: entry_mode=ml-hybrid has no model_path", {"settings": {"entry_mode": "ml-hybrid"}}),
    ("settings: mode live needs wallet", {"settings": {"mode": "live"}}),
]


@pytest.mark.parametrize(("words", "changes"), BAD, ids=[words for words, _ in BAD])
def test_what_cannot_be_is_refused_in_one_line(words: str, changes: Document) -> None:
    line = refusal(json.dumps(document(**changes)))
    assert line.startswith("case 1: ")
    assert words in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON: "),
        ("[1]", "case 1: must be an object"),
        ('"entry"', "case 1: must be an object"),
        ('{"now": NaN}', "NaN is no number"),
        ('{"now": 1, "now": 2}', "'now' is given twice"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_case_is_refused_in_one_line(text: str, words: str) -> None:
    assert words in refusal(text)


def test_the_environment_does_not_change_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDMAKER_TARGET_BID", "0.85")
    (given,) = answers(read_cases(json.dumps(document()))[0])
    assert given.decision == "bid"
