"""Messages keep money exact and say what is wrong with them."""

from datetime import UTC, datetime

import pytest

from shared.domain.ids import AccountId, MarketId, OrderId
from shared.messages.bidder import CancelEntry
from shared.messages.discovery import TopChanged
from shared.messages.envelope import MessageError, command, decode, decode_body, encode, encode_body, open_envelope

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def test_a_command_survives_its_journey() -> None:
    cancel = CancelEntry(
        order_id=OrderId("o"), account=AccountId("a"), market=MarketId("m"), reason="BID_OUT_OF_RANGE", decided_at=NOON
    )
    sent = command(cancel, message_id="c1", producer="bidder", key="m", occurred_at=NOON, recorded_at=NOON)
    assert open_envelope(CancelEntry, decode(encode(sent))) == cancel


def test_prices_travel_as_text() -> None:
    top = decode_body(
        TopChanged,
        b'{"market":"m","token":"1","bids":[{"price":"0.80","shares":"12.5"}],"asks":[],"known":true,'
        b'"seen_at":"2026-04-01T12:00:00Z","sequence":1}',
    )
    assert b'"price":"0.80"' in encode_body(top)


@pytest.mark.parametrize("price", ["0.8", '"1.2"', '"NaN"', "null"])
def test_a_price_that_is_none_is_refused_by_name(price: str) -> None:
    body = (
        f'{{"market":"m","token":"1","bids":[{{"price":{price},"shares":"1"}}],"asks":[],"known":true,'
        f'"seen_at":"2026-04-01T12:00:00Z","sequence":1}}'
    )
    with pytest.raises(MessageError, match=r"discovery\.top_changed\.v1"):
        decode_body(TopChanged, body.encode())


def test_another_schema_than_the_one_asked_for_is_refused() -> None:
    cancel = CancelEntry(
        order_id=OrderId("o"), account=AccountId("a"), market=MarketId("m"), reason="x", decided_at=NOON
    )
    sent = command(cancel, message_id="c1", producer="bidder", key="m", occurred_at=NOON, recorded_at=NOON)
    with pytest.raises(MessageError, match=r"expected discovery\.top_changed\.v1"):
        open_envelope(TopChanged, sent)
