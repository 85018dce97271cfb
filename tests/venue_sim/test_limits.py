"""The venue's token buckets."""

import pytest

from tests.venue_sim.stand import TurnedClock
from venue_sim.errors import VenueError
from venue_sim.limits import Limits


def test_orders_come_at_the_tier_s_rate_after_its_burst() -> None:
    clock = TurnedClock()
    limits = Limits(clock)
    limits.order("a", 60)
    with pytest.raises(VenueError) as refused:
        limits.order("a", 1)
    assert refused.value.status == 429
    assert dict(refused.value.headers or {})["Retry-After"] == "1"
    limits.order("b", 1)
    clock.now_ms += 1000
    limits.order("a", 40)
    with pytest.raises(VenueError):
        limits.order("a", 1)


def test_a_batch_passes_whole_or_not_at_all() -> None:
    limits = Limits(TurnedClock())
    limits.order("a", 50)
    with pytest.raises(VenueError):
        limits.order("a", 15)
    limits.order("a", 10)


def test_cancels_have_a_bucket_of_their_own_of_twice_the_size() -> None:
    limits = Limits(TurnedClock())
    limits.order("a", 60)
    limits.cancel("a", 120)
    with pytest.raises(VenueError):
        limits.cancel("a", 1)


def test_cancelling_everything_may_leave_a_debt_that_blocks_later_cancels() -> None:
    clock = TurnedClock()
    limits = Limits(clock)
    limits.sweep("a", 199)
    clock.now_ms += 1000
    with pytest.raises(VenueError):
        limits.cancel("a", 1)
    clock.now_ms += 100
    limits.cancel("a", 8)


def test_nobody_is_limited_at_zero() -> None:
    limits = Limits(TurnedClock(), 0)
    limits.order("a", 1000)
    limits.cancel("a", 1000)
    limits.sweep("a", 1000)
