"""Time leaps, the dead do nothing, the frozen do it later."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from cli.simulate.life import DiedError, Life, begin, let_go
from cli.simulate.loop import StalledError, VirtualLoop
from shared.fault_points import reach


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    made = VirtualLoop()
    yield made
    let_go(made.tasks)
    made.close()


def run(loop: VirtualLoop, work: Coroutine[Any, Any, None]) -> None:
    loop.run_until_complete(loop.create_task(work, context=Life("test").context()))


async def every_second(said: list[int], loop: VirtualLoop) -> None:
    while True:
        said.append(int(loop.time()))
        await asyncio.sleep(1)


def test_an_hour_passes_at_once(loop: VirtualLoop) -> None:
    run(loop, asyncio.sleep(3600))
    assert loop.time() == pytest.approx(3600)


def test_whoever_waits_for_nothing_is_told(loop: VirtualLoop) -> None:
    with pytest.raises(StalledError):
        run(loop, asyncio.Event().wait())  # type: ignore[arg-type]


def test_no_step_of_the_dead_runs(loop: VirtualLoop) -> None:
    said: list[int] = []

    async def scenario() -> None:
        life = Life("victim")
        begin(every_second(said, loop), life.context())
        await asyncio.sleep(2.5)
        life.die()
        await asyncio.sleep(10)

    run(loop, scenario())
    assert said == [0, 1, 2]


def test_the_frozen_go_on_where_they_were(loop: VirtualLoop) -> None:
    said: list[int] = []

    async def scenario() -> None:
        life = Life("sleeper")
        begin(every_second(said, loop), life.context())
        await asyncio.sleep(1.5)
        life.freeze()
        await asyncio.sleep(4)
        life.thaw()
        await asyncio.sleep(1.2)

    run(loop, scenario())
    assert said == [0, 1, 5, 6]


def test_a_fault_point_is_fatal_at_its_nth_time(loop: VirtualLoop) -> None:
    said: list[str] = []

    async def work() -> None:
        for number in range(5):
            reach("fill_heard")
            said.append(str(number))
            await asyncio.sleep(1)

    async def scenario() -> None:
        life = Life("victim", fatal=("fill_heard", 3))
        life.when_dead(lambda: said.append("dead"))
        begin(work(), life.context())
        await asyncio.sleep(10)

    run(loop, scenario())
    assert said == ["0", "1", "dead"]
    assert not issubclass(DiedError, Exception)
