"""Every recorded payload has a verdict. They lie in the folder that TDMAKER_FIXTURES names and are not ours to copy."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.domain.ids import VenueOrderId
from shared.domain.market import ProtocolVersion
from shared.domain.order import OrderStatus
from shared.venue.answers import Accepted, CancelAnswer, Rejected, Uncertain, read_cancelled, read_placed
from shared.venue.clob import Balance, read_balance
from shared.venue.errors import UnknownVersionError, VenueFrameError
from shared.venue.frames.market import (
    BestBidAsk,
    BookSnapshot,
    Ignored,
    LastTrade,
    MarketResolved,
    NewMarket,
    PriceChange,
    TickSizeChange,
    read_book,
    read_market_frame,
)
from shared.venue.frames.price import read_price_frame
from shared.venue.frames.user import OrderEvent, Owner, TradeEvent, read_order, read_trade, read_user_frame
from shared.venue.gamma import Assumed, Listing, NotAnUpDownMarket, read_listing, read_listings
from shared.venue.http import Response
from shared.venue.rejections import Reason
from shared.venue.resolution import Resolution, read_book_market
from shared.venue.wire import Parsed

UNSET = "TDMAKER_FIXTURES is not set: the recorded payloads were not read"
FOLDER = os.environ.get("TDMAKER_FIXTURES", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason=UNSET)

OURS = Owner("00000000-0000-0000-0000-000000000001", "")
BEFORE_VERSIONS = Assumed(ProtocolVersion.V1, Decimal("0.07"))
ADAPTER = "protocol_fixtures_adapter"
LAB = "protocol_fixtures_updown_lab"
NOT_PAYLOADS = {"LICENSE-LGPL-3.0.txt", "LICENSE-MIT.txt"}

Verdict = str | list[str]


def name_of(value: object) -> str:
    return type(value).__name__


def events(parsed: Parsed[Any]) -> list[str]:
    return [name_of(each) for each in (*parsed.items, *parsed.malformed)]


def market_frame(text: str) -> list[str]:
    return events(read_market_frame(text))


def user_frame(text: str) -> list[str]:
    parsed = read_user_frame(text, OURS)
    return [
        f"{event.kind} {event.order.status}" if isinstance(event, OrderEvent) else trade(event)
        for event in parsed.items
    ] + [name_of(error) for error in parsed.malformed]


def trade(event: object) -> str:
    assert isinstance(event, TradeEvent)
    return f"trade {event.status}, {len(event.fills)} of ours as {[fill.liquidity.value for fill in event.fills]}"


def price_frame(text: str) -> list[str]:
    return [event.kind if isinstance(event, Ignored) else name_of(event) for event in read_price_frame(text).items]


def listings(text: str) -> list[str]:
    return sorted({name_of(verdict) for verdict in read_listings(text)})


def listings_before_versions(text: str) -> list[str]:
    """As today (the version is missing), and as what they were."""
    assert listings(text) == [UnknownVersionError.__name__]
    return [
        f"{each.market.coin} {each.market.version}" if isinstance(each, Listing) else name_of(each)
        for each in read_listings(text, BEFORE_VERSIONS)
    ]


def wrapped_market(text: str) -> list[str]:
    listing = read_listing(json.dumps(json.loads(text)["raw_market"]), BEFORE_VERSIONS)
    assert isinstance(listing, Listing)
    assert listing.resolution is None
    return [listing.market.coin, str(listing.market.outcomes[0].name), str(listing.market.tick)]


def book(text: str) -> list[str]:
    found = read_book(text)
    return [str(max(level.price for level in found.bids)), str(min(level.price for level in found.asks))]


def resolution(text: str) -> str:
    found = read_book_market(text)
    assert isinstance(found, Resolution)
    return str(found.winner)[:8]


def balance(text: str) -> str:
    try:
        found: Balance = read_balance(text.encode())
    except VenueFrameError as error:
        return error.field
    return str(found.amount)


def cancelled(text: str) -> list[int]:
    ids = {*json.loads(text)["canceled"], *json.loads(text)["not_canceled"]}
    answer: CancelAnswer = read_cancelled(Response(200, {}, text.encode()), frozenset(map(VenueOrderId, ids)))
    assert not answer.unanswered
    return [len(answer.cancelled), len(answer.not_cancelled)]


def placed(status: int) -> Callable[[str], str]:
    return lambda text: name_of(read_placed(Response(status, {}, text.encode())))


def order_row(text: str) -> str:
    return read_order(text).status.value


def order_page(text: str) -> list[str]:
    return [read_order(json.dumps(row)).status.value for row in json.loads(text)["data"]]


def trade_row(text: str) -> str:
    return trade(read_trade(text, OURS))


def trade_page(text: str) -> list[str]:
    return [trade(read_trade(json.dumps(row), OURS)) for row in json.loads(text)["data"]]


FOREIGN = [NotAnUpDownMarket.__name__]
TAKEN = "1 of ours as ['taker']"
VERDICTS: dict[str, tuple[Callable[[str], Any], Any]] = {
    f"{ADAPTER}/clob_book_response.json": (book, ["0.50", "0.51"]),
    f"{ADAPTER}/clob_fee_rate_response_nonzero.json": (listings, FOREIGN),
    f"{ADAPTER}/clob_fee_rate_response_zero.json": (listings, FOREIGN),
    f"{ADAPTER}/clob_market_closed_binary_accepting_false.json": (resolution, "89711174"),
    f"{ADAPTER}/clob_market_closed_binary_accepting_true.json": (resolution, "22978793"),
    f"{ADAPTER}/data_api_positions_response.json": (listings, FOREIGN),
    f"{ADAPTER}/data_api_trades_response.json": (listings, FOREIGN),
    f"{ADAPTER}/gamma_event.json": (listings, FOREIGN),
    f"{ADAPTER}/gamma_market.json": (listings_before_versions, ["btc v1"]),
    f"{ADAPTER}/gamma_market_closed_binary_accepting_false.json": (listings, FOREIGN),
    f"{ADAPTER}/gamma_market_closed_binary_accepting_true.json": (listings, FOREIGN),
    f"{ADAPTER}/gamma_market_closed_nonbinary_legacy.json": (listings, FOREIGN),
    f"{ADAPTER}/gamma_market_closed_zero_zero_legacy.json": (listings, FOREIGN),
    f"{ADAPTER}/gamma_market_sports_market_map_handicap.json": (listings, FOREIGN),
    f"{ADAPTER}/gamma_market_sports_market_money_line.json": (listings, FOREIGN),
    f"{ADAPTER}/gamma_tags.json": (listings, FOREIGN),
    f"{ADAPTER}/http_balance_allowance_collateral.json": (balance, "1000"),
    f"{ADAPTER}/http_balance_allowance_no_allowance.json": (balance, "balance"),
    f"{ADAPTER}/http_batch_cancel_response.json": (cancelled, [2, 1]),
    f"{ADAPTER}/http_cancel_response_failed.json": (cancelled, [0, 1]),
    f"{ADAPTER}/http_cancel_response_ok.json": (cancelled, [1, 0]),
    f"{ADAPTER}/http_open_order.json": (order_row, OrderStatus.PARTLY_FILLED.value),
    f"{ADAPTER}/http_open_order_sell_fok.json": (order_row, OrderStatus.FILLED.value),
    f"{ADAPTER}/http_open_orders_page.json": (order_page, ["live", "partly_filled"]),
    f"{ADAPTER}/http_order_response_error_500.json": (placed(500), Uncertain.__name__),
    f"{ADAPTER}/http_order_response_failed.json": (placed(200), Uncertain.__name__),
    f"{ADAPTER}/http_order_response_ok.json": (placed(200), Accepted.__name__),
    f"{ADAPTER}/http_signed_order.json": (listings, FOREIGN),
    f"{ADAPTER}/http_trade_report.json": (trade_row, f"trade CONFIRMED, {TAKEN}"),
    f"{ADAPTER}/http_trades_page.json": (trade_page, [f"trade MINED, {TAKEN}"]),
    f"{ADAPTER}/rtds_crypto_prices_subscribe.json": (price_frame, ["crypto_prices"]),
    f"{ADAPTER}/rtds_crypto_prices_update.json": (price_frame, ["crypto_prices"]),
    f"{ADAPTER}/rtds_equity_prices_subscribe.json": (price_frame, ["equity_prices"]),
    f"{ADAPTER}/rtds_equity_prices_update.json": (price_frame, ["equity_prices"]),
    f"{ADAPTER}/search_response.json": (listings, FOREIGN),
    f"{ADAPTER}/ws_book_snapshot.json": (market_frame, [BookSnapshot.__name__]),
    f"{ADAPTER}/ws_last_trade.json": (market_frame, [LastTrade.__name__]),
    f"{ADAPTER}/ws_market_best_bid_ask_msg.json": (market_frame, [BestBidAsk.__name__]),
    f"{ADAPTER}/ws_market_book_msg.json": (market_frame, [BookSnapshot.__name__]),
    f"{ADAPTER}/ws_market_last_trade_msg.json": (market_frame, [LastTrade.__name__]),
    f"{ADAPTER}/ws_market_new_market_msg.json": (market_frame, [NewMarket.__name__]),
    f"{ADAPTER}/ws_market_price_change_msg.json": (market_frame, [PriceChange.__name__]),
    f"{ADAPTER}/ws_market_resolved_msg.json": (market_frame, [MarketResolved.__name__]),
    f"{ADAPTER}/ws_market_tick_size_msg.json": (market_frame, [TickSizeChange.__name__]),
    f"{ADAPTER}/ws_quotes.json": (market_frame, [PriceChange.__name__]),
    f"{ADAPTER}/ws_tick_size_change.json": (market_frame, [TickSizeChange.__name__]),
    f"{ADAPTER}/ws_user_order_cancellation.json": (user_frame, ["CANCELLATION cancelled"]),
    f"{ADAPTER}/ws_user_order_fok_killed.json": (user_frame, ["CANCELLATION cancelled"]),
    f"{ADAPTER}/ws_user_order_matched.json": (user_frame, ["UPDATE filled"]),
    f"{ADAPTER}/ws_user_order_msg.json": (user_frame, ["PLACEMENT live"]),
    f"{ADAPTER}/ws_user_order_placement.json": (user_frame, ["PLACEMENT live"]),
    f"{ADAPTER}/ws_user_order_update.json": (user_frame, ["UPDATE partly_filled"]),
    f"{ADAPTER}/ws_user_order_venue_cancel.json": (user_frame, ["CANCELLATION cancelled"]),
    f"{ADAPTER}/ws_user_trade.json": (user_frame, [f"trade CONFIRMED, {TAKEN}"]),
    f"{ADAPTER}/ws_user_trade_msg.json": (user_frame, [f"trade CONFIRMED, {TAKEN}"]),
    f"{LAB}/clob_book.json": (book, ["0.49", "0.51"]),
    f"{LAB}/clob_prices_history.json": (listings, FOREIGN),
    f"{LAB}/data_activity.json": (listings, FOREIGN),
    f"{LAB}/data_positions.json": (listings, FOREIGN),
    f"{LAB}/data_trades.json": (listings, FOREIGN),
    f"{LAB}/data_value.json": (listings, FOREIGN),
    f"{LAB}/gamma_event_crypto_updown.json": (listings_before_versions, ["hype v1"]),
    f"{LAB}/gamma_market_updown.json": (listings_before_versions, ["hype v1"]),
    f"{LAB}/gamma_markets.json": (listings, FOREIGN),
    "gamma_raw/btc15m_market_2026-02-07.json": (wrapped_market, ["btc", "Up", "0.01"]),
}


@pytest.mark.parametrize("path", VERDICTS.keys())
def test_a_recorded_payload_gets_its_verdict(path: str) -> None:
    adapter, verdict = VERDICTS[path]
    assert adapter((Path(FOLDER) / path).read_text(encoding="utf-8")) == verdict


def test_no_recorded_payload_is_left_out() -> None:
    folders = (ADAPTER, LAB, "gamma_raw")
    found = {f"{name}/{path.name}" for name in folders for path in (Path(FOLDER) / name).iterdir()}
    assert {path for path in found if Path(path).name not in NOT_PAYLOADS} == set(VERDICTS)


REASONS = {
    "not enough balance / allowance": Reason.BALANCE,
    "crosses the book": Reason.POST_ONLY_WOULD_CROSS,
    "maker address not allowed": Reason.WALLET,
    "lower than the minimum": Reason.MIN_SHARES,
    "invalid amounts": Reason.AMOUNT_DECIMALS,
    "invalid signature": Reason.SIGNATURE,
}


def test_every_recorded_refusal_of_an_order_is_understood() -> None:
    lines = (Path(FOLDER) / "clob_error_bodies" / "clob_error_bodies.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 10
    for line in lines:
        row: dict[str, Any] = json.loads(line)
        body: dict[str, str] = row.get("body") or {"error": row["body_text"]}
        answer = read_placed(Response(row["http_status"] or 400, {}, json.dumps(body).encode()))
        assert isinstance(answer, Rejected)
        assert answer.reason is next(reason for text, reason in REASONS.items() if text in body["error"])
