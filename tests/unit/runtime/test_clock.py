"""Domain time: held until it is announced, then scaled."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.runtime.clock import AnnouncedClock, ClockOrigin, RealClock, ScaledClock, announce_origin, read_origin

SLOT = datetime(2026, 4, 1, 8, 45, tzinfo=UTC)


def milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def test_domain_time_runs_at_speed_from_its_origin() -> None:
    wall = RealClock().wall()
    clock = ScaledClock(origin_wall=wall - timedelta(seconds=60), origin_domain=SLOT, speed=10)
    before, now, after = clock.wall(), clock.now(), clock.wall()
    assert (before - wall) * 10 <= now - SLOT - timedelta(minutes=10) <= (after - wall) * 10


def test_the_real_clock_has_one_time() -> None:
    clock = RealClock()
    assert clock.wall() <= clock.now() <= clock.wall()
    assert clock.now().tzinfo is UTC


async def test_domain_time_stands_still_until_the_origin_is_announced(tmp_path: Path) -> None:
    clock = AnnouncedClock(tmp_path / "clock.json", speed=10)
    assert clock.now() == clock.now()
    assert not clock.started.is_set()

    announce_origin(
        tmp_path / "clock.json",
        ClockOrigin(origin_wall_ms=milliseconds(clock.wall()), origin_domain_ms=milliseconds(SLOT), speed=20),
    )
    await clock.watch()
    assert clock.started.is_set()
    assert clock.speed == 20
    assert SLOT <= clock.now() < SLOT + timedelta(hours=1)


def test_a_clock_file_that_is_absent_or_torn_announces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    assert read_origin(path) is None
    path.write_text('{"origin_wall_ms": 1')
    assert read_origin(path) is None
