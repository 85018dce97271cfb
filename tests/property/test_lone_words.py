"""Whatever the two sources say, and when: one alone is believed for good only after an hour without another word."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.settlement.domain.lone_words import FINAL_AFTER, LoneWords
from services.settlement.domain.resolution import Disagreed, Resolved, Silent, Word
from shared.domain.ids import MarketId
from tests.unit.settlement.cases import DOWN, END, UP

MARKET = MarketId("0xm1")
SILENT, DISAGREED = Silent(), Disagreed("catalogue says 111, order book 222")


def named(up: int, *, alone: bool) -> Resolved:
    return Resolved({UP: Decimal(up), DOWN: Decimal(1 - up)}, "order_book" if alone else "both", is_lone=alone)


WORDS = st.one_of(
    st.just(SILENT), st.just(DISAGREED), st.builds(named, st.integers(0, 1), alone=st.booleans()), st.just(SILENT)
)
SAID = st.lists(st.tuples(st.integers(1, 50), WORDS), max_size=30)
"""Minutes since the word before, and the word."""


def is_believed(history: list[tuple[timedelta, Word]]) -> bool:
    """By the history alone: said now, said an hour ago or longer, and nothing else since."""
    at, word = history[-1]
    for then, said in reversed(history):
        if said not in (word, SILENT):
            return False
        if said == word and at - then >= FINAL_AFTER:
            return True
    return False


@given(SAID)
def test_a_lone_word_is_final_exactly_when_it_has_stood_for_an_hour(said: list[tuple[int, Word]]) -> None:
    words, history, at = LoneWords(), list[tuple[timedelta, Word]](), timedelta()
    for minutes, word in said:
        at += timedelta(minutes=minutes)
        history.append((at, word))
        weighed = words.weighed(MARKET, word, END + at)
        if isinstance(word, Resolved) and word.is_lone:
            assert isinstance(weighed, Resolved)
            assert weighed.payouts == word.payouts
            assert weighed.is_lone != is_believed(history)


@given(SAID)
def test_what_both_say_or_contradict_is_never_changed_by_what_was_heard_before(said: list[tuple[int, Word]]) -> None:
    words, at = LoneWords(), END
    for minutes, word in said:
        at += timedelta(minutes=minutes)
        weighed = words.weighed(MARKET, word, at)
        if isinstance(word, Disagreed) or (isinstance(word, Resolved) and not word.is_lone):
            assert weighed == word
