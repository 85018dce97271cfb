"""Two connections that carry the same books: what one does wrong or not at all, the other one makes up for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.discovery.subscribers import streams as streams_module
from services.discovery.subscribers.streams import MarketStreams
from services.discovery.subscribers.watchdog import QUIET, SILENT
from shared.messages.discovery import TopChanged
from shared.venue.frames.market import read_market_frame
from shared.venue.sockets import Connected, Disconnected
from tests.unit.discovery.test_market_feed import DOWN, UP, Stand, bids, book, change
from tests.unit.discovery.test_watchdog import ALMOST, Kennel

GONE = Disconnected("gone", 1006)


class TwoLines(Stand):
    """Frames come by connection 0 or 1, both open."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for each in (0, 1):
            self.feed.consume(Connected(0), each)

    def carries(self, connection: int, text: str) -> list[TopChanged]:
        self.feed.consume(read_market_frame(text), connection)
        return self.told()

    def loses(self, connection: int) -> list[TopChanged]:
        self.feed.consume(GONE, connection)
        return self.told()


def carried() -> TwoLines:
    """Both have the book of UP."""
    lines = TwoLines()
    for each in (0, 1):
        lines.carries(each, book("0.80", "0.79"))
    return lines


def test_one_connection_lost_is_no_gap() -> None:
    lines = carried()
    assert lines.loses(0) == []
    (top,) = lines.carries(1, change("0.81", "5", at=1))
    assert (bids(top), top.known) == (["0.81", "0.80"], True)


def test_both_lost_make_the_books_unknown() -> None:
    lines = carried()
    lines.loses(0)
    (top,) = lines.loses(1)
    assert not top.known


def test_a_book_that_only_the_lost_connection_carried_is_unknown() -> None:
    lines = carried()
    lines.carries(0, book("0.15", token=DOWN))
    assert [(top.token, top.known) for top in lines.loses(0)] == [(DOWN, False)]


def test_a_lost_connection_is_none_that_carries_until_its_new_snapshot() -> None:
    lines = carried()
    lines.loses(0)
    lines.feed.consume(Connected(0), 0)
    lines.carries(0, change("0.81", "5", at=1))
    (top,) = lines.loses(1)
    assert not top.known


def test_the_operator_sees_how_many_connections_are_open() -> None:
    lines = TwoLines()
    assert gauges(lines) == (2, 1)
    lines.loses(0)
    assert gauges(lines) == (1, 1)
    lines.loses(1)
    assert gauges(lines) == (0, 0)


def gauges(stand: Stand) -> tuple[float, float]:
    """Connections open, and whether any is."""
    told = dict(line.rsplit(" ", 1) for line in stand.metrics.exposition().decode().splitlines())
    return float(told["tdmaker_market_connections"]), float(told["tdmaker_market_socket_connected"])


def test_a_token_frozen_on_one_connection_lives_by_the_other() -> None:
    lines = carried()
    lines.clock.at += timedelta(seconds=9)
    (top,) = lines.carries(1, change("0.81", "5", at=9000))
    assert (bids(top), lines.board.seen_at(UP)) == (["0.81", "0.80"], lines.clock.at)
    assert lines.board.quiet(lines.clock.at, QUIET) == []


def test_a_frame_lost_on_one_connection_comes_by_the_other() -> None:
    lines = carried()
    lines.carries(0, change("0.78", "5", at=2, best_bid="0.81"))
    (top,) = lines.carries(1, change("0.81", "5", at=1, best_bid="0.81"))
    assert bids(top) == ["0.81", "0.80"]


def test_a_snapshot_that_lags_behind_the_other_connection_moves_nothing_back() -> None:
    lines = carried()
    lines.carries(0, change("0.80", "0", at=2))
    assert lines.carries(1, book("0.80", "0.79", at=1)) == []


def whole(levels: dict[str, str], at: int) -> str:
    frame = json.loads(book(at=at))
    return json.dumps(frame | {"bids": [{"price": price, "size": size} for price, size in levels.items()]})


@st.composite
def wandering(draw: st.DrawFn) -> list[str]:
    """A venue's book that changes a level at a time, often within one millisecond, and is told whole now and then."""
    levels, at, told = {"0.70": "1"}, 0, [whole({"0.70": "1"}, 0)]
    for _ in range(draw(st.integers(1, 10))):
        price, size = draw(st.sampled_from(["0.70", "0.75", "0.80"])), draw(st.sampled_from(["0", "1", "2"]))
        at += draw(st.integers(0, 1))
        levels = {each: shares for each, shares in (levels | {price: size}).items() if shares != "0"}
        told.append(change(price, size, at=at))
        if draw(st.integers(0, 2)) == 0:
            told.append(whole(levels, at))
    return told


@st.composite
def climbing(draw: st.DrawFn) -> list[str]:
    """A best bid that rises by a cent a millisecond."""
    levels, told = {"0.10": "1"}, [whole({"0.10": "1"}, 0)]
    for at in range(1, draw(st.integers(2, 8))):
        price = f"0.{10 + at}"
        levels[price] = "1"
        told.append(whole(levels, at) if draw(st.integers(0, 2)) == 0 else change(price, "1", at=at))
    return told


@settings(max_examples=150, deadline=None)
@given(frames=climbing(), data=st.data())
def test_frames_late_twice_and_out_of_order_never_move_a_top_back(frames: list[str], data: st.DataObject) -> None:
    lines = TwoLines()
    for each in (0, 1):
        lines.carries(each, frames[0])
    brought = [(each, frame) for frame in frames[1:] for each in (0, 1, data.draw(st.integers(0, 1)))]
    tops = [bids(top)[0] for each, text in data.draw(st.permutations(brought)) for top in lines.carries(each, text)]
    assert tops == sorted(tops)
    assert tops[-1] == f"0.{9 + len(frames)}"


@settings(max_examples=150, deadline=None)
@given(frames=wandering(), data=st.data())
def test_however_two_connections_take_turns_the_book_ends_as_one_alone_would_have_it(
    frames: list[str], data: st.DataObject
) -> None:
    """Each in its order, also within one millisecond."""
    alone, lines = Stand(), TwoLines()
    for frame in frames:
        alone.hears(frame)
    waiting = [list(frames), list(frames)]
    while any(waiting):
        each = data.draw(st.sampled_from([each for each in (0, 1) if waiting[each]]))
        lines.carries(each, waiting[each].pop(0))
    assert standing(lines) == standing(alone)


def standing(stand: Stand) -> object:
    top = stand.board.tell(UP)
    assert top is not None
    return top.bids, top.asks


@dataclass
class TwoLineKennel(Kennel):
    given_up: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        super().__post_init__()
        for each in (0, 1):
            self.stand.feed.consume(Connected(0), each)
            self.hears(each, book("0.80"))

    def hears(self, connection: int, text: str) -> None:
        self.stand.feed.consume(read_market_frame(text), connection)

    async def give_up(self, connection: int, _reason: str) -> None:
        self.given_up.append(connection)


async def test_a_connection_that_says_nothing_while_the_other_goes_on_is_given_up() -> None:
    kennel = TwoLineKennel()
    kennel.passes(SILENT - ALMOST)
    kennel.hears(1, change("0.81", "5", at=1))
    await kennel.dog.give_up_silent()
    kennel.passes(ALMOST)
    kennel.hears(1, change("0.81", "6", at=2))
    await kennel.dog.give_up_silent()
    assert kennel.given_up == [0]


async def test_two_connections_that_are_both_silent_are_not_given_up_for_that() -> None:
    kennel = TwoLineKennel()
    kennel.passes(SILENT * 3)
    await kennel.dog.give_up_silent()
    assert kennel.given_up == []


@dataclass
class Sockets:
    """Two sockets, and what was asked of which."""

    asked: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def streams(self) -> MarketStreams:
        return MarketStreams(cast("Any", [_Socket(0, self), _Socket(1, self)]), cast("Any", None), lambda _: None)


@dataclass
class _Socket:
    number: int
    all: Sockets

    def subscribe(self, _tokens: object) -> None:
        self.all.asked.append((self.number, "subscribe"))

    def unsubscribe(self, _tokens: object) -> None:
        self.all.asked.append((self.number, "unsubscribe"))

    async def reconnect(self, _reason: str) -> None:
        self.all.asked.append((self.number, "reconnect"))


async def test_books_are_asked_for_again_on_one_connection_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams_module, "UNSUBSCRIBED_SECONDS", 0)
    sockets = Sockets()
    await sockets.streams().resubscribe([UP])
    assert sockets.asked == [(0, "unsubscribe"), (0, "subscribe"), (1, "unsubscribe"), (1, "subscribe")]


async def test_connections_are_made_anew_in_turn_never_both_at_once() -> None:
    sockets = Sockets()
    streams = sockets.streams()
    for _ in range(3):
        await streams.reconnect("books are missing")
    assert sockets.asked == [(0, "reconnect"), (1, "reconnect"), (0, "reconnect")]
