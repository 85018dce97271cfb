"""From the venue's frames to the tops they change."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from services.discovery.domain.tops import TopBoard
from services.discovery.subscribers.market import MarketFeed
from shared.domain.ids import MarketId, TokenId
from shared.messages.discovery import TopChanged
from shared.runtime.logs import get_log
from shared.runtime.metrics import Metrics
from shared.venue.errors import VenueFrameError
from shared.venue.frames.market import BookSnapshot, read_book, read_market_frame
from shared.venue.sockets import Disconnected
from tests.unit.discovery.fakes import NOON, TurnedClock

MARKET, UP, DOWN = MarketId("0xabc"), TokenId("111"), TokenId("222")


def book(*bids: str, asks: tuple[str, ...] = ("0.83",), at: int = 0, token: str = UP, **more: object) -> str:
    return json.dumps(
        {
            "event_type": "book",
            "market": MARKET,
            "asset_id": token,
            "timestamp": str(1775044800000 + at),
            "bids": [{"price": bid, "size": "10"} for bid in bids],
            "asks": [{"price": ask, "size": "10"} for ask in asks],
            "hash": "0x",
            **more,
        }
    )


def change(price: str, size: str, *, at: int, side: str = "BUY", **best: str) -> str:
    entry = {"asset_id": UP, "price": price, "size": size, "side": side, "hash": "0x"} | best
    stamp = str(1775044800000 + at)
    return json.dumps({"event_type": "price_change", "market": MARKET, "timestamp": stamp, "price_changes": [entry]})


@dataclass
class Stand:
    clock: TurnedClock = field(default_factory=TurnedClock)
    board: TopBoard = field(default_factory=TopBoard)
    parked: list[str] = field(default_factory=list[str])
    metrics: Metrics = field(default_factory=lambda: Metrics("test"))
    woken: int = 0

    def __post_init__(self) -> None:
        self.board.watch(MARKET, [UP, DOWN], NOON)
        self.feed = MarketFeed(self.board, self.clock, self._wake, self._park, self.metrics, get_log())

    def hears(self, text: str) -> list[TopChanged]:
        """What is to be told after the frame."""
        self.feed.consume(read_market_frame(text))
        return self.told()

    def told(self) -> list[TopChanged]:
        tokens, tops = list(self.board.changed), [self.board.tell(token) for token in self.board.changed]
        for token in tokens:
            del self.board.changed[token]
        return [top for top in tops if top is not None]

    def _wake(self) -> None:
        self.woken += 1

    def _park(self, source: str, error: VenueFrameError) -> None:
        self.parked.append(source)


def bids(top: TopChanged) -> list[str]:
    return [str(bid.price) for bid in top.bids]


def snapshot(*prices: str, at: int = 0) -> BookSnapshot:
    return read_book(book(*prices, at=at))


def test_a_snapshot_is_told_with_its_two_best_bids_and_its_best_ask() -> None:
    stand = Stand()
    (top,) = stand.hears(book("0.70", "0.80", "0.79", asks=("0.90", "0.83")))
    assert (bids(top), str(top.asks[0].price), top.known) == (["0.80", "0.79"], "0.83", True)
    assert stand.woken == 1


def test_a_change_at_the_top_is_told_and_one_beneath_it_is_not() -> None:
    stand = Stand()
    stand.hears(book("0.70", "0.80", "0.79"))
    (top,) = stand.hears(change("0.80", "0", at=1))
    assert bids(top) == ["0.79", "0.70"]
    assert stand.hears(change("0.60", "500", at=2)) == []
    assert stand.woken == 2


def test_a_change_beneath_the_top_is_a_sign_of_life_all_the_same() -> None:
    stand = Stand()
    stand.hears(book("0.70", "0.80", "0.79"))
    stand.clock.at = NOON + timedelta(seconds=7)
    stand.hears(change("0.60", "500", at=2))
    assert stand.board.seen_at(UP) == stand.clock.at


def test_an_empty_snapshot_is_known_and_no_sign_of_life() -> None:
    stand = Stand()
    stand.clock.at = NOON + timedelta(seconds=7)
    (top,) = stand.hears(book(asks=()))
    assert (top.known, top.bids, top.seen_at) == (True, (), NOON)


def test_a_lost_connection_makes_the_books_unknown() -> None:
    stand = Stand()
    stand.hears(book("0.80"))
    stand.feed.consume(Disconnected("gone", 1006))
    (top,) = stand.told()
    assert not top.known
    assert stand.hears(change("0.81", "5", at=1)) == []
    (again,) = stand.hears(book("0.80", at=2))
    assert again.known


def test_a_malformed_frame_is_parked_and_costs_its_neighbours_nothing() -> None:
    stand = Stand()
    (top,) = stand.hears(f"[{book('0.80')}, {book('1.80')}]")
    assert bids(top) == ["0.80"]
    assert stand.parked == ["clob.market"]


def test_books_of_tokens_nobody_watches_are_passed_over() -> None:
    assert Stand().hears(book("0.80", token="999")) == []


def test_a_changed_tick_size_is_noted_and_the_book_suspected() -> None:
    stand = Stand()
    frame = {"event_type": "tick_size_change", "market": MARKET, "asset_id": UP, "timestamp": "1775044800000"}
    stand.hears(json.dumps(frame | {"old_tick_size": "0.01", "new_tick_size": "0.001"}))
    assert stand.board.ticks == {UP: Decimal("0.001")}
    assert stand.feed.suspects == {UP}


def test_a_book_that_differs_from_the_venues_own_best_prices_is_suspected() -> None:
    stand = Stand()
    stand.hears(book("0.80", "0.79"))
    stand.hears(change("0.60", "5", at=1, best_bid="0.82", best_ask="0.83"))
    assert stand.feed.suspects == {UP}


def test_the_same_book_by_rest_is_a_sign_of_life() -> None:
    stand = Stand()
    stand.hears(book("0.80", "0.79"))
    stand.clock.at = NOON + timedelta(seconds=12)
    assert stand.feed.agrees(snapshot("0.80", "0.79"), stand.clock.at)
    assert stand.board.seen_at(UP) == stand.clock.at
    assert stand.told() == []


def test_another_book_by_rest_counts_from_then_on() -> None:
    stand = Stand()
    stand.hears(book("0.80", "0.79"))
    stand.clock.at = NOON + timedelta(seconds=12)
    assert not stand.feed.agrees(snapshot("0.81", "0.79"), stand.clock.at)
    (top,) = stand.told()
    assert bids(top) == ["0.81", "0.79"]


def test_a_frame_that_came_while_rest_was_asked_is_newer_than_its_answer() -> None:
    stand = Stand()
    stand.hears(book("0.80", "0.79"))
    asked_at = NOON + timedelta(seconds=12)
    stand.clock.at = asked_at + timedelta(milliseconds=1)
    stand.hears(change("0.80", "0", at=1))
    assert stand.feed.agrees(snapshot("0.80", "0.79"), asked_at)
    (top,) = [stand.board.tell(UP)]
    assert top is not None
    assert bids(top) == ["0.79"]


def test_a_changed_top_remembers_when_its_frame_was_read() -> None:
    stand = Stand()
    stand.clock.at = NOON + timedelta(seconds=3)
    stand.feed.read(book("0.80"))
    stand.clock.at = NOON + timedelta(seconds=4)
    stand.feed.consume(read_market_frame(book("0.80")))
    assert stand.board.changed == {UP: 3.0}


def resolved(market: str = MARKET, winner: str = DOWN) -> str:
    frame = {"event_type": "market_resolved", "market": market, "winning_asset_id": winner, "winning_outcome": "Down"}
    return json.dumps(frame | {"timestamp": "1775044800000"})


def test_a_result_that_the_channel_tells_is_passed_on() -> None:
    stand = Stand()
    assert stand.hears(resolved()) == []
    (told,) = stand.board.resolved.values()
    assert (told.market, told.winner, told.resolved_at, stand.woken) == (MARKET, DOWN, NOON, 1)


def test_a_result_of_a_market_or_token_that_we_do_not_watch_is_not() -> None:
    stand = Stand()
    stand.hears(resolved(market="0xother"))
    stand.hears(resolved(winner="333"))
    assert (stand.board.resolved, stand.woken) == ({}, 0)
