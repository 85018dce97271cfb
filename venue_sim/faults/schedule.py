"""Puts a plan on the simulator's timeline."""

from collections.abc import Iterable
from functools import partial

from venue_sim.faults.plan import Planned
from venue_sim.faults.switchboard import Faults, Terms
from venue_sim.timeline import Timeline


def put(planned: Iterable[Planned], faults: Faults, timeline: Timeline, origin_ms: int, now_ms: int) -> None:
    """Instants count from `origin_ms` (wall), where domain time began: a restarted simulator goes on where it was.

    What was over by `now_ms` is left out, what was under way has its rest.
    """
    for each in planned:
        start_ms = origin_ms + int(each.at_seconds * 1000)
        end_ms = start_ms + int(each.seconds * 1000)
        if start_ms < now_ms and end_ms <= now_ms:
            continue
        rest_seconds = (end_ms - max(start_ms, now_ms)) / 1000
        terms = Terms(chance=each.chance, seconds=rest_seconds or None)
        timeline.at_wall(start_ms, partial(faults.switch_on, each.name, terms))
