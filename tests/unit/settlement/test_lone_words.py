"""One source alone may be wrong: what it says is provisional until the other agrees or an hour has passed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from services.settlement.domain.lone_words import FINAL_AFTER, LoneWords
from services.settlement.domain.resolution import Disagreed, Resolved, Silent, Word
from shared.domain.ids import MarketId
from tests.unit.settlement.cases import DOWN, END, UP

MARKET = MarketId("0xm1")
LATER = END + FINAL_AFTER
SILENT = Silent()


def alone(up: int, source: str = "order_book") -> Resolved:
    return Resolved({UP: Decimal(up), DOWN: Decimal(1 - up)}, source, is_lone=True)


def final(up: int, source: str = "order_book") -> Resolved:
    return Resolved({UP: Decimal(up), DOWN: Decimal(1 - up)}, source)


@pytest.fixture
def words() -> LoneWords:
    return LoneWords()


@pytest.mark.parametrize("word", [final(1, "both"), SILENT, Disagreed("catalogue says 111, order book 222")])
def test_what_both_sources_say_or_neither_is_taken_as_it_is(words: LoneWords, word: Word) -> None:
    assert words.weighed(MARKET, word, LATER) == word


def test_a_lone_word_is_final_once_it_has_stood_for_an_hour(words: LoneWords) -> None:
    assert words.weighed(MARKET, alone(1), END) == alone(1)
    assert words.weighed(MARKET, alone(1), LATER - timedelta(seconds=1)) == alone(1)
    assert words.weighed(MARKET, alone(1), LATER) == final(1)


def test_a_lone_word_first_heard_long_after_the_end_has_not_stood_yet(words: LoneWords) -> None:
    assert words.weighed(MARKET, alone(1), LATER + timedelta(days=9)) == alone(1)


def test_silence_takes_a_lone_word_back_as_little_as_it_confirms_it(words: LoneWords) -> None:
    words.weighed(MARKET, alone(1), END)
    assert words.weighed(MARKET, SILENT, LATER) == alone(1)
    assert words.weighed(MARKET, alone(1), LATER) == final(1)


def test_the_hour_begins_anew_when_the_word_changes(words: LoneWords) -> None:
    words.weighed(MARKET, alone(1), END)
    assert words.weighed(MARKET, alone(0), LATER) == alone(0)
    assert words.weighed(MARKET, alone(0), LATER + FINAL_AFTER) == final(0)


def test_the_hour_begins_anew_after_a_contradiction(words: LoneWords) -> None:
    words.weighed(MARKET, alone(1), END)
    words.weighed(MARKET, Disagreed("catalogue says 222, order book 111"), END + timedelta(minutes=59))
    assert words.weighed(MARKET, alone(1), LATER) == alone(1)


def test_a_market_that_is_no_case_any_more_is_forgotten(words: LoneWords) -> None:
    words.weighed(MARKET, alone(1), END)
    words.keep_only({MarketId("0xm2")})
    assert words.weighed(MARKET, SILENT, LATER) == SILENT
