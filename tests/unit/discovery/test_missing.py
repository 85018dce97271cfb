"""A market that is not listed is told of, and then less and less often."""

from __future__ import annotations

from datetime import timedelta

from services.discovery.domain.missing import Missing
from tests.unit.discovery.fakes import NOON

LATE, OTHER = "btc-updown-15m-1", "eth-updown-15m-1"


def told(missing: Missing, seconds: int, why: str = "not_listed", slug: str = LATE) -> bool:
    return missing.is_news(slug, why, NOON + timedelta(seconds=seconds))


def test_asked_for_every_five_seconds_it_is_told_four_times_in_a_quarter_of_an_hour() -> None:
    missing = Missing()
    assert [seconds for seconds in range(0, 900, 5) if told(missing, seconds)] == [0, 60, 180, 420]


def test_each_market_is_told_of_and_so_is_another_reason() -> None:
    missing = Missing()
    assert told(missing, 0)
    assert told(missing, 1, slug=OTHER)
    assert told(missing, 2, "unreachable")
    assert not told(missing, 3, "unreachable")


def test_what_is_not_looked_for_any_more_is_forgotten() -> None:
    missing = Missing()
    told(missing, 0)
    missing.keep_only({OTHER})
    assert told(missing, 1)
