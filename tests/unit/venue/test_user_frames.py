"""What the user channel says of our orders and trades."""

import json
from typing import Any

import pytest

from shared.domain.money import NO_CASH, Price, Shares
from shared.domain.order import OrderStatus, Side, TimeInForce
from shared.venue.errors import UnknownStatusError
from shared.venue.frames.market import Ignored
from shared.venue.frames.user import (
    Liquidity,
    OrderEvent,
    OrderEventKind,
    Owner,
    TradeEvent,
    VenueFill,
    read_order,
    read_trade,
    read_user_frame,
)
from shared.venue.order_status import TradeStatus
from tests.fixtures.venue import ADDRESS, API_KEY, DOWN, UP, changed, text_of

OURS = Owner(API_KEY, ADDRESS)
OUR_ORDER = "0x" + "a1" * 32
OUR_OTHER_ORDER = "0x" + "a2" * 32


def order_of(text: str) -> OrderEvent:
    parsed = read_user_frame(text, OURS)
    assert not parsed.malformed, parsed.malformed
    (event,) = parsed.items
    assert isinstance(event, OrderEvent)
    return event


def fills_of(text: str) -> tuple[VenueFill, ...]:
    return read_trade(text, OURS).fills


def maker_orders_changed(**changes: object) -> str:
    entries: list[dict[str, Any]] = json.loads(text_of("user_trade"))["maker_orders"]
    return changed("user_trade", maker_orders=[{**entry, **changes} for entry in entries])


def test_an_order_event_shows_what_is_matched_so_far() -> None:
    event = order_of(text_of("user_order"))
    assert event.kind is OrderEventKind.UPDATE
    assert (event.order.venue_order_id, event.order.token) == (OUR_ORDER, UP)
    assert (event.order.shares, event.order.matched) == (Shares.of(20), Shares.of(5))
    assert event.order.status is OrderStatus.PARTLY_FILLED
    assert event.order.time_in_force is TimeInForce.GTC


STATUSES = {
    "live": ({"status": "LIVE", "size_matched": "0"}, OrderStatus.LIVE),
    "live in part": ({"status": "LIVE", "size_matched": "1"}, OrderStatus.PARTLY_FILLED),
    "nothing matched yet, said as empty text": ({"status": "LIVE", "size_matched": ""}, OrderStatus.LIVE),
    "delayed": ({"status": "DELAYED", "size_matched": "0"}, OrderStatus.LIVE),
    "unmatched": ({"status": "UNMATCHED", "size_matched": "0"}, OrderStatus.LIVE),
    "matched": ({"status": "MATCHED", "size_matched": "20"}, OrderStatus.FILLED),
    "matched to the last hundredth": ({"status": "MATCHED", "size_matched": "19.99"}, OrderStatus.FILLED),
    "killed after a part": ({"status": "MATCHED", "size_matched": "3", "order_type": "FAK"}, OrderStatus.CANCELLED),
    "cancelled": ({"status": "CANCELED"}, OrderStatus.CANCELLED),
    "cancelled by the end of the market": ({"status": "CANCELED_MARKET_RESOLVED"}, OrderStatus.CANCELLED),
    "cancelled for want of balance": ({"status": "CANCELED_NOT_ENOUGH_BALANCE"}, OrderStatus.CANCELLED),
    "cancelled in free text": ({"status": "CANCELED_order couldn't be fully filled."}, OrderStatus.CANCELLED),
    "expired": ({"status": "CANCELED_EXPIRED_ORDER"}, OrderStatus.EXPIRED),
    "invalid": ({"status": "INVALID"}, OrderStatus.CANCELLED),
    "no status": ({"status": None, "size_matched": "0"}, OrderStatus.LIVE),
}


@pytest.mark.parametrize(("changes", "status"), STATUSES.values(), ids=STATUSES.keys())
def test_the_venues_order_states_are_ours(changes: dict[str, object], status: OrderStatus) -> None:
    assert order_of(changed("user_order", **changes)).order.status is status


def test_a_cancellation_is_final_whatever_its_status_says() -> None:
    assert order_of(changed("user_order", type="CANCELLATION", status=None)).order.status is OrderStatus.CANCELLED


def test_the_reason_of_an_end_is_kept_in_the_venues_words() -> None:
    assert order_of(changed("user_order", status="CANCELED_MARKET_RESOLVED")).order.reason == "CANCELED_MARKET_RESOLVED"


def test_an_unknown_order_status_is_named() -> None:
    (error,) = read_user_frame(changed("user_order", status="PONDERING"), OURS).malformed
    assert isinstance(error, UnknownStatusError)
    assert "PONDERING" in str(error)


def test_an_unknown_kind_of_order_event_is_named() -> None:
    (error,) = read_user_frame(changed("user_order", type="MUTATION"), OURS).malformed
    assert "MUTATION" in str(error)


def test_an_order_row_reads_like_an_order_event() -> None:
    order = read_order(text_of("order_row"))
    assert (order.venue_order_id, order.status, order.time_in_force) == (
        OUR_ORDER,
        OrderStatus.PARTLY_FILLED,
        TimeInForce.GTD,
    )


def test_a_trade_has_one_fill_per_order_of_ours_in_it() -> None:
    fills = fills_of(text_of("user_trade"))
    assert [(fill.venue_order_id, str(fill.shares), str(fill.price), fill.token) for fill in fills] == [
        (OUR_ORDER, "5", "0.45", UP),
        (OUR_OTHER_ORDER, "5", "0.54", DOWN),
    ]


def test_a_makers_side_follows_from_the_takers_where_it_is_left_out() -> None:
    """The taker buys Down: who rests on Up buys beside him, who rests on Down sells to him."""
    assert [fill.side for fill in fills_of(text_of("user_trade"))] == [Side.BUY, Side.SELL]


def test_a_makers_side_is_taken_as_said_where_it_is_said() -> None:
    assert [fill.side for fill in fills_of(maker_orders_changed(side="SELL"))] == [Side.SELL, Side.SELL]


def test_a_maker_pays_no_fee() -> None:
    assert {(fill.fee, fill.liquidity) for fill in fills_of(text_of("user_trade"))} == {(NO_CASH, Liquidity.MAKER)}


def test_a_fill_is_ours_by_wallet_too() -> None:
    session_key = Owner("another-key", ADDRESS.lower())
    assert len(read_trade(text_of("user_trade"), session_key).fills) == 2


def test_nobody_elses_fill_is_ours() -> None:
    assert read_trade(text_of("user_trade"), Owner("another-key", "0x" + "77" * 20)).fills == ()


def test_an_order_named_twice_in_a_trade_is_one_fill() -> None:
    entry: dict[str, Any] = json.loads(text_of("user_trade"))["maker_orders"][0]
    (fill,) = fills_of(changed("user_trade", maker_orders=[entry, entry]))
    assert fill.shares == Shares.of(10)


def test_a_trade_without_makers_has_no_fills_to_book() -> None:
    event = read_trade(changed("user_trade", maker_orders=[]), OURS)
    assert event == TradeEvent(event.trade, event.market, TradeStatus.MATCHED, (), event.occurred_at)


def test_as_taker_the_whole_trade_is_ours_and_its_fee_is_to_be_reckoned() -> None:
    (fill,) = fills_of(text_of("user_trade_taken"))
    assert (fill.venue_order_id, fill.side, fill.price, fill.shares) == (
        OUR_ORDER,
        Side.SELL,
        Price.of("0.44"),
        Shares.of(8),
    )
    assert (fill.liquidity, fill.fee, fill.bucket) == (Liquidity.TAKER, None, 1)


def test_a_makers_frame_is_not_mistaken_for_a_takers() -> None:
    """Its top-level owner can be the maker himself."""
    fills = fills_of(changed("user_trade", trade_owner=API_KEY))
    assert {fill.liquidity for fill in fills} == {Liquidity.MAKER}


@pytest.mark.parametrize("status", list(TradeStatus))
@pytest.mark.parametrize("prefix", ["", "TRADE_STATUS_"])
def test_a_trade_status_comes_with_or_without_its_prefix(status: TradeStatus, prefix: str) -> None:
    assert read_trade(changed("user_trade", status=prefix + status), OURS).status is status


def test_a_match_not_yet_broadcast_is_matched() -> None:
    assert read_trade(changed("user_trade", status="MATCHED_NOT_BROADCASTED"), OURS).status is TradeStatus.MATCHED


def test_an_unknown_trade_status_is_named() -> None:
    (error,) = read_user_frame(changed("user_trade", status="MAYBE"), OURS).malformed
    assert isinstance(error, UnknownStatusError)
    assert "MAYBE" in str(error)


def test_the_instant_of_a_trade_is_the_same_on_each_of_its_statuses() -> None:
    matched = read_trade(text_of("user_trade"), OURS)
    confirmed = read_trade(changed("user_trade", status="CONFIRMED", timestamp="1775029599000"), OURS)
    assert matched.occurred_at == confirmed.occurred_at


def test_seconds_milliseconds_and_dates_are_told_apart() -> None:
    moments = ("1775029506", "1775029506000", "2026-04-01T07:45:06Z", 1775029506)
    assert len({read_trade(changed("user_trade", match_time=each), OURS).occurred_at for each in moments}) == 1


def test_an_answer_of_another_kind_is_ignored_by_name() -> None:
    assert read_user_frame('{"event_type":"notice"}', OURS).items == (Ignored("notice"),)


MALFORMED = {
    "no order id": changed("user_trade", id=...),
    "no price": changed("user_order", price=...),
    "shares in words": changed("user_order", original_size="many"),
    "a side that is none": maker_orders_changed(side="HOLD"),
    "a time in force that is none": changed("user_order", order_type="GTX"),
    "no instant at all": changed("user_trade", match_time=..., timestamp=..., last_update=...),
    "an order that is a list": "[[]]",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_event_is_returned_as_such(text: str) -> None:
    parsed = read_user_frame(text, OURS)
    assert (parsed.items, len(parsed.malformed)) == ((), 1)
