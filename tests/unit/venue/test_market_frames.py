"""What the market channel says, as our types."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.book import Level
from shared.domain.money import Price, Shares
from shared.domain.order import Side
from shared.venue.errors import VenueFrameError
from shared.venue.frames.market import (
    BestBidAsk,
    BookSnapshot,
    Ignored,
    LastTrade,
    LevelChange,
    MarketResolved,
    NewMarket,
    PriceChange,
    TickSizeChange,
    read_book,
    read_market_frame,
)
from shared.venue.wire import MAX_FRAME_CHARACTERS
from tests.fixtures.venue import DOWN, MARKET, UP, changed, text_of


def level(price: str, shares: str) -> Level:
    return Level(Price.of(price), Shares.of(shares))


def at(second: int) -> datetime:
    return datetime.fromtimestamp(1775029500 + second, UTC)


def only(text: str) -> object:
    parsed = read_market_frame(text)
    assert not parsed.malformed, parsed.malformed
    (event,) = parsed.items
    return event


def test_a_book_is_every_level_of_one_token() -> None:
    assert only(text_of("book")) == BookSnapshot(
        market=MARKET,
        token=UP,
        bids=(level("0.41", "30"), level("0.44", "12.5"), level("0.43", "100")),
        asks=(level("0.55", "40"), level("0.46", "7.25")),
        at=at(1),
        digest="ab12",
        tick=Decimal("0.01"),
    )


def test_a_rest_book_reads_like_a_book_frame() -> None:
    rest = changed("book", event_type=..., min_order_size="5", neg_risk=False)
    assert read_book(rest) == only(text_of("book"))


def test_a_price_change_carries_the_new_total_of_each_level() -> None:
    event = only(text_of("price_change"))
    assert isinstance(event, PriceChange)
    assert event.at == at(2)
    assert [(change.token, change.side, str(change.price), str(change.shares)) for change in event.changes] == [
        (UP, Side.BUY, "0.45", "20"),
        (DOWN, Side.SELL, "0.55", "20"),
    ]


def test_best_prices_on_a_change_are_the_venues_own() -> None:
    event = only(text_of("price_change"))
    assert isinstance(event, PriceChange)
    change: LevelChange = event.changes[0]
    assert (change.best_bid, change.best_ask) == (Price.of("0.45"), Price.of("0.46"))


def test_a_trade_names_who_crossed() -> None:
    event = only(text_of("last_trade_price"))
    assert isinstance(event, LastTrade)
    assert (event.taker_side, event.price, event.shares) == (Side.BUY, Price.of("0.46"), Shares.of(5))


def test_a_tick_size_change_names_both_ticks() -> None:
    event = only(text_of("tick_size_change"))
    assert isinstance(event, TickSizeChange)
    assert (event.old, event.new) == (Decimal("0.01"), Decimal("0.001"))


def test_an_empty_best_price_is_no_price() -> None:
    event = only(text_of("best_bid_ask"))
    assert isinstance(event, BestBidAsk)
    assert (event.bid, event.ask) == (Price.of("0.44"), None)


def test_a_resolution_names_the_winning_token() -> None:
    event = only(text_of("market_resolved"))
    assert isinstance(event, MarketResolved)
    assert (event.winner, event.outcome) == (DOWN, "Down")


def test_a_new_market_names_its_tokens() -> None:
    event = only(text_of("new_market"))
    assert isinstance(event, NewMarket)
    assert event.tokens == (UP, DOWN)


def test_an_unknown_kind_is_ignored_by_name() -> None:
    assert only('{"event_type":"weather"}') == Ignored("weather")


def test_an_array_holds_several_events() -> None:
    parsed = read_market_frame(f"[{text_of('book')},{text_of('last_trade_price')}]")
    assert [type(event) for event in parsed.items] == [BookSnapshot, LastTrade]


def test_the_events_around_a_malformed_one_survive() -> None:
    frame = f"[{text_of('book')},{changed('book', bids='none')},{text_of('last_trade_price')}]"
    parsed = read_market_frame(frame)
    assert [type(event) for event in parsed.items] == [BookSnapshot, LastTrade]
    assert [error.field for error in parsed.malformed] == ["$.bids"]


def test_an_empty_array_says_nothing() -> None:
    assert read_market_frame("[]").items == ()


def test_an_old_frame_without_event_type_is_known_by_its_fields() -> None:
    assert isinstance(only(changed("price_change", event_type=...)), PriceChange)
    assert isinstance(only(changed("book", event_type=...)), BookSnapshot)
    assert isinstance(only(changed("tick_size_change", event_type=...)), TickSizeChange)
    assert isinstance(only(changed("last_trade_price", event_type=...)), LastTrade)


MALFORMED = {
    "no JSON": ("{", "$"),
    "empty": ("", "$"),
    "a bare number": ("7", "$"),
    "nested without end": ("[" * 100_000, "$"),
    "no kind and no shape": ("{}", "event_type"),
    "no token": (changed("book", asset_id=...), "$"),
    "an empty token": (changed("book", asset_id=""), "$.asset_id"),
    "no asks": (changed("book", asks=...), "$"),
    "a price above 1": (changed("book", bids=[{"price": "1.01", "size": "1"}]), "bids.price"),
    "a price that is no number": (changed("book", bids=[{"price": "NaN", "size": "1"}]), "bids.price"),
    "a price with an endless exponent": (changed("book", bids=[{"price": "1e-999999999", "size": "1"}]), "bids.price"),
    "negative shares": (changed("book", asks=[{"price": "0.5", "size": "-1"}]), "asks.size"),
    "a level without size": (changed("book", asks=[{"price": "0.5"}]), "$.asks[0]"),
    "a side that is none": (changed("last_trade_price", side="HOLD"), "$.side"),
    "a tick of 0": (changed("tick_size_change", new_tick_size="0"), "new_tick_size"),
    "no timestamp": (changed("book", timestamp=...), "$"),
    "a timestamp beyond the calendar": (changed("book", timestamp="9" * 30), "timestamp"),
    "a timestamp in words": (changed("book", timestamp="yesterday"), "timestamp"),
}


@pytest.mark.parametrize(("text", "field"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_frame_names_the_field(text: str, field: str) -> None:
    parsed = read_market_frame(text)
    assert parsed.items == ()
    assert [error.field for error in parsed.malformed] == [field]


def test_an_oversized_frame_is_refused_unread() -> None:
    (error,) = read_market_frame(" " * (MAX_FRAME_CHARACTERS + 1)).malformed
    assert "oversized" in error.problem


def test_the_excerpt_of_a_bad_frame_is_short() -> None:
    (error,) = read_market_frame(json.dumps({"event_type": "book", "market": "x" * 10_000})).malformed
    assert isinstance(error, VenueFrameError)
    assert len(str(error)) < 400
