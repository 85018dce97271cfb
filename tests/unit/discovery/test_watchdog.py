"""What is done about books of which nothing is heard any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from services.discovery.subscribers.watchdog import LONG_MISSING, MISSING, QUIET, FeedDeadError, Watchdog
from shared.domain.ids import TokenId
from shared.runtime.logs import get_log
from shared.runtime.metrics import Metrics
from shared.venue.frames.market import BookSnapshot, read_book
from tests.unit.discovery.fakes import TurnedClock
from tests.unit.discovery.test_market_feed import DOWN, UP, Stand, bids, book

DEAD_AFTER = timedelta(seconds=300)
ALMOST = timedelta(milliseconds=1)


@dataclass
class PacedTurnedClock(TurnedClock):
    speed: float = 1.0


@dataclass
class Kennel:
    """Two tokens of a market in its slot; `shown` is what REST answers."""

    shown: dict[TokenId, BookSnapshot] = field(default_factory=dict[TokenId, BookSnapshot])
    asked: list[list[TokenId]] = field(default_factory=list[list[TokenId]])
    resubscribed: list[set[TokenId]] = field(default_factory=list[set[TokenId]])
    reconnected: int = 0
    in_slot: set[TokenId] = field(default_factory=lambda: {UP, DOWN})

    def __post_init__(self) -> None:
        self.clock = PacedTurnedClock()
        self.stand = Stand(clock=self.clock)
        self.dog = Watchdog(
            self.stand.board, self.stand.feed, cast("Any", self), cast("Any", self), self._read,
            clock=self.clock, dead_after=DEAD_AFTER, wake=lambda: None, metrics=Metrics("test"), log=get_log(),
        )  # fmt: skip

    def passes(self, span: timedelta) -> None:
        self.clock.at += span

    def tokens_in_play(self, _now: object) -> set[TokenId]:
        return {UP, DOWN}

    def tokens_in_slot(self, _now: object) -> set[TokenId]:
        return self.in_slot

    async def resubscribe(self, tokens: Sequence[TokenId]) -> None:
        self.resubscribed.append(set(tokens))

    async def reconnect(self, _reason: str) -> None:
        self.reconnected += 1

    async def _read(self, tokens: Sequence[TokenId]) -> Sequence[BookSnapshot]:
        self.asked.append(list(tokens))
        return [self.shown[token] for token in tokens if token in self.shown]


async def test_only_a_token_that_was_quiet_for_long_is_compared_whatever_the_other_one_does() -> None:
    kennel = Kennel()
    kennel.stand.hears(book("0.80"))
    kennel.stand.hears(book("0.15", token=DOWN))
    kennel.passes(QUIET - ALMOST)
    kennel.stand.hears(book("0.16", at=1, token=DOWN))
    await kennel.dog.compare()
    kennel.passes(ALMOST)
    await kennel.dog.compare()
    assert kennel.asked == [[UP]]


async def test_a_quiet_book_that_is_as_rest_shows_it_is_left_alone() -> None:
    kennel = Kennel(shown={UP: read_book(book("0.80"))})
    kennel.stand.hears(book("0.80"))
    kennel.passes(QUIET)
    await kennel.dog.compare()
    await kennel.dog.compare()
    assert (kennel.asked, kennel.resubscribed) == ([[UP]], [])


async def test_a_book_that_differs_from_rest_is_told_anew_and_asked_for_again() -> None:
    kennel = Kennel(shown={UP: read_book(book("0.70"))})
    kennel.stand.hears(book("0.80"))
    kennel.passes(QUIET)
    await kennel.dog.compare()
    assert [bids(top) for top in kennel.stand.told()] == [["0.70"]]
    assert kennel.resubscribed == [{UP}]


async def test_a_book_that_never_came_is_asked_for_and_then_the_connection_is_made_anew() -> None:
    kennel = Kennel()
    kennel.passes(MISSING - ALMOST)
    await kennel.dog.ask_for_missing()
    assert kennel.resubscribed == []
    kennel.passes(ALMOST)
    await kennel.dog.ask_for_missing()
    await kennel.dog.ask_for_missing()
    assert (kennel.resubscribed, kennel.reconnected) == ([{UP, DOWN}], 0)
    kennel.passes(LONG_MISSING - MISSING)
    await kennel.dog.ask_for_missing()
    await kennel.dog.ask_for_missing()
    assert kennel.reconnected == 1


def test_without_a_usable_book_for_too_long_the_process_is_started_anew() -> None:
    kennel = Kennel()
    kennel.stand.hears(book("0.80"))
    kennel.passes(DEAD_AFTER)
    kennel.dog.check_alive()
    kennel.passes(ALMOST)
    with pytest.raises(FeedDeadError):
        kennel.dog.check_alive()


def test_without_a_market_in_its_slot_nothing_is_dead() -> None:
    kennel = Kennel(in_slot=set())
    kennel.passes(DEAD_AFTER * 2)
    kennel.dog.check_alive()
    kennel.in_slot = {UP}
    kennel.dog.check_alive()


def test_an_empty_book_is_no_sign_of_life() -> None:
    kennel = Kennel()
    kennel.stand.hears(book(asks=()))
    kennel.passes(DEAD_AFTER + ALMOST)
    with pytest.raises(FeedDeadError):
        kennel.dog.check_alive()
