"""What the price stream says."""

from decimal import Decimal

import pytest

from shared.venue.frames.market import Ignored
from shared.venue.frames.price import PriceAck, PriceKind, PriceRefusal, PriceTick, read_price_frame
from tests.fixtures.venue import changed, text_of


def ticks(name: str) -> list[PriceTick]:
    parsed = read_price_frame(text_of(name))
    assert not parsed.malformed, parsed.malformed
    return [event for event in parsed.items if isinstance(event, PriceTick)]


def test_an_average_keeps_every_digit() -> None:
    (tick,) = ticks("price_twap")
    assert (tick.coin, tick.kind, tick.value) == ("btc", PriceKind.TWAP, Decimal("67890.123456789012345678"))
    assert (tick.source, tick.seq, tick.dropped, tick.is_history) == ("chainlink", 41, 0, False)


def test_the_instant_is_the_payloads_not_the_frames() -> None:
    (tick,) = ticks("price_twap")
    assert tick.at.timestamp() == 1775029500


def test_a_spot_price_names_its_source_and_what_was_lost() -> None:
    (tick,) = ticks("price_spot")
    assert (tick.coin, tick.kind, tick.source, tick.dropped) == ("eth", PriceKind.SPOT, "pyth", 2)


def test_a_snapshot_is_history_point_by_point() -> None:
    assert [(str(tick.value), tick.is_history) for tick in ticks("price_snapshot")] == [
        ("67889.5", True),
        ("67890.5", True),
    ]


def test_answers_to_requests_carry_the_requests_id() -> None:
    assert read_price_frame('{"op":"authed","rid":"auth"}').items == (PriceAck("authed", "auth", ""),)
    assert read_price_frame('{"op":"subscribed","rid":7,"channel":"price.crypto"}').items == (
        PriceAck("subscribed", "7", "price.crypto"),
    )
    assert read_price_frame('{"op":"error","rid":"s1","channel":"price.crypto","code":"bad_symbol"}').items == (
        PriceRefusal("s1", "price.crypto", "bad_symbol"),
    )


def test_the_old_price_socket_is_another_language() -> None:
    assert read_price_frame('{"topic":"crypto_prices","type":"update","payload":{}}').items == (
        Ignored("crypto_prices"),
    )


PAYLOAD = {"symbol": "btcusd", "source": "s", "timestamp": 1, "full_accuracy_value": "1", "window_seconds": 60}
MALFORMED = {
    "no source": {"payload": {**PAYLOAD, "source": None}},
    "no number in the sequence": {"seq": ...},
    "no frame time": {"ts": ...},
    "another language version": {"v": 2},
    "another window": {"payload": {**PAYLOAD, "window_seconds": 30}},
    "a price of 0": {"payload": {**PAYLOAD, "full_accuracy_value": "0"}},
    "no exact price": {"payload": {**PAYLOAD, "full_accuracy_value": None}},
    "a symbol that is no coin": {"payload": {**PAYLOAD, "symbol": "usd"}},
    "another quote": {"payload": {**PAYLOAD, "symbol": "btceur"}},
    "a snapshot without points": {"snapshot": True, "payload": PAYLOAD},
    "a negative sequence": {"seq": -1},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_price_is_returned_as_such(changes: dict[str, object]) -> None:
    parsed = read_price_frame(changed("price_twap", **changes))
    assert (parsed.items, len(parsed.malformed)) == ((), 1)
