"""Values of ours survive the way to plain JSON and back; nothing else is let through."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from services.executor.domain.words import Accepted, Over
from services.executor.ports import TableUnavailableError
from shared.domain.ids import MarketId
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import OrderStatus
from shared.messages.envelope import Envelope
from shared.runtime.plain import JournaledError, NotPlainError, from_plain, to_plain

NOON = datetime(2026, 4, 1, 12, 0, 0, 137, tzinfo=UTC)
ENVELOPE = Envelope(
    message_id="m", schema="s.v1", occurred_at=NOON, recorded_at=NOON, producer="p", correlation_id="c",
    causation_id=None, key="k", key_sequence=1, body=msgspec.Raw(b'{"a":1}'),
)  # fmt: skip


def there_and_back(value: object) -> object:
    return from_plain(json.loads(json.dumps(to_plain(value))))


@pytest.mark.parametrize(
    "value",
    [
        None, True, 7, 0.5, "text", b"\x00\xff", Decimal("0.10"), NOON, timedelta(microseconds=3), MarketId("m"),
        Price.of("0.75"), Shares.of("5.00"), Cash.of("-1.5"), OrderStatus.LIVE, Accepted(),
        Over("cancelled", Shares.of(1), "why"),
        (1, "a", (Decimal(1),)), [Price.of("0.75")], frozenset({"a", "b"}), {MarketId("m"): OrderStatus.LIVE}, {},
    ],
)  # fmt: skip
def test_a_value_comes_back_as_it_was(value: object) -> None:
    back = there_and_back(value)
    assert (back, type(back)) == (value, type(value))


def test_an_envelope_keeps_its_body_to_the_letter() -> None:
    back = there_and_back(ENVELOPE)
    assert isinstance(back, Envelope)
    assert (bytes(back.body), back.message_id, back.occurred_at) == (b'{"a":1}', "m", NOON)


def test_an_error_of_ours_keeps_its_class_and_any_other_its_words() -> None:
    ours, other = there_and_back(TableUnavailableError("away")), there_and_back(OSError("disk"))
    assert (type(ours), str(ours)) == (TableUnavailableError, "away")
    assert (type(other), str(other)) == (JournaledError, "OSError: disk")


@pytest.mark.parametrize(
    "name", ["os:system", "subprocess:Popen", "shared.runtime.plain:to_plain", "shared.no:One", "x"]
)
def test_a_journal_can_name_nothing_but_our_own_values(name: str) -> None:
    with pytest.raises(NotPlainError, match="no value class of ours"):
        from_plain({"$": name, "=": "rm"})


def test_what_has_no_plain_form_is_named() -> None:
    with pytest.raises(NotPlainError, match=r"builtins\.object"):
        to_plain(object())
