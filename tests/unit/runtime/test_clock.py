"""Domain time: held until it is announced, then scaled."""

from datetime import UTC, datetime, timedelta

from shared.domain.clock import ClockOrigin
from shared.runtime.clock import AnnouncedClock, RealClock, ScaledClock

SLOT = datetime(2026, 4, 1, 8, 45, tzinfo=UTC)


def test_domain_time_runs_at_speed_from_its_origin() -> None:
    wall = RealClock().wall()
    clock = ScaledClock(ClockOrigin(wall=wall - timedelta(seconds=60), domain=SLOT, speed=10))
    before, now, after = clock.wall(), clock.now(), clock.wall()
    assert (before - wall) * 10 <= now - SLOT - timedelta(minutes=10) <= (after - wall) * 10


def test_the_real_clock_has_one_time() -> None:
    clock = RealClock()
    assert clock.wall() <= clock.now() <= clock.wall()
    assert clock.now().tzinfo is UTC


async def test_domain_time_stands_still_until_the_origin_is_announced() -> None:
    clock = AnnouncedClock(speed=10)
    assert clock.now() == clock.now()
    assert not clock.started.is_set()

    answers = [None, ClockOrigin(wall=clock.wall(), domain=SLOT, speed=20)]

    async def read() -> ClockOrigin | None:
        return answers.pop(0)

    await clock.follow(read)
    assert clock.started.is_set()
    assert clock.speed == 20
    assert SLOT <= clock.now() < SLOT + timedelta(hours=1)
