"""What a scribe wrote down is done again exactly, in whatever order waits and answers came; anything else is named."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.replay.scribed import Ahead, Replayed, Script, ThenClock, perform, spawner, then_function, then_port
from shared.domain.clock import Clock
from shared.runtime.journal import Line
from shared.runtime.scribe import Scribe

Spawn = Callable[[str, Coroutine[None, None, None]], None]


class Notes:
    def __init__(self) -> None:
        self.lines: list[Line] = []

    def write(self, entry: Line) -> None:
        self.lines.append(entry)


class Ticking:
    def __init__(self) -> None:
        self._at = datetime(2026, 4, 1, tzinfo=UTC)

    def now(self) -> datetime:
        self._at += timedelta(seconds=1)
        return self._at

    def wall(self) -> datetime:
        return self.now()

    def monotonic_seconds(self) -> float:
        return self.now().timestamp()


class Bank:
    """A port whose answers come when the test lets them."""

    is_open = True

    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[int]] = deque()

    async def take(self, amount: int, allowed: Callable[[], str | None]) -> int:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        refusal = allowed()
        return await future if refusal is None else 0

    def limit(self) -> int:
        return 3

    def answer(self, *, fails: bool) -> None:
        if self.waiting and not (future := self.waiting.popleft()).done():
            future.set_exception(OSError("away")) if fails else future.set_result(1)


@dataclass(slots=True)
class Desk:
    """Handlers with a state that depends on the order in which everything came."""

    bank: Bank
    clock: Clock
    spawn: Spawn
    say: Callable[[str], None]
    taken: int = 0
    asked: int = 0

    async def ask(self, amount: int) -> int:
        if not self.bank.is_open or self.asked >= self.bank.limit():
            self.say(f"refused {amount} at {self.clock.now():%S}")
            return 0
        self.asked += 1
        got = await self.bank.take(amount, lambda: None if self.asked < 3 else "enough")
        self.taken += got
        self.say(f"{self.taken} of {self.asked} at {self.clock.wall():%S}")
        return self.taken

    def later(self, amount: int) -> None:
        self.spawn("later", self._later(amount))

    async def _later(self, amount: int) -> None:
        self.say(f"later {amount}, {self.taken} taken")
        await self.ask(amount)


ACTS = st.lists(st.sampled_from(("ask", "later", "answer", "fail", "turn")), max_size=14)


async def recorded(acts: list[str]) -> list[Line]:
    notes, bank = Notes(), Bank()
    scribe, tasks = Scribe(notes), set[asyncio.Task[object]]()

    def spawn(name: str, work: Coroutine[None, None, None]) -> None:
        tasks.add(asyncio.create_task(_quiet(work), name=name))

    desk = scribe.handler(
        "desk",
        Desk(
            scribe.port("bank", bank),
            scribe.clock(Ticking()),
            scribe.spawn(spawn),
            scribe.function("say", lambda _: None),
        ),
    )
    for number, act in enumerate(acts):
        match act:
            case "ask":
                tasks.add(asyncio.create_task(_quiet(desk.ask(number))))
            case "later":
                desk.later(number)
            case "answer" | "fail":
                bank.answer(fails=act == "fail")
            case _:
                await asyncio.sleep(0)
    for _ in range(50):
        bank.answer(fails=False)
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    return notes.lines


async def _quiet(work: Awaitable[object]) -> None:
    try:
        await work
    except OSError:
        """It was written down."""


async def performed(lines: list[Line]) -> Replayed:
    script = Script(Ahead(lines))
    desk = Desk(then_port(script, "bank"), ThenClock(script), spawner(script), then_function(script, "say"))
    return await perform(script, {"desk": desk})


@settings(max_examples=200, deadline=None, derandomize=True)
@given(acts=ACTS)
def test_whatever_the_order_the_same_is_done_again(acts: list[str]) -> None:
    lines = asyncio.run(recorded(acts))
    replayed = asyncio.run(performed(lines))
    assert str(replayed.otherwise) == "None"
    assert replayed.inputs == sum(act == "ask" for act in acts) + 2 * sum(act == "later" for act in acts)


@pytest.mark.parametrize("kind", ["read", "answer", "is", "do"])
def test_another_input_than_then_is_noticed(kind: str) -> None:
    lines = asyncio.run(recorded(["ask", "answer", "later", "answer", "ask"]))
    at = next(number for number, line in enumerate(lines) if line.kind == kind)
    other: dict[str, object] = {
        "read": {"$": "instant", "=": "2030-01-01T00:00:59+00:00"},
        "answer": 2,
        "is": False,
        "do": [["x"], {}],
    }
    changed = [*lines[:at], Line(kind, lines[at].number, lines[at].name, other[kind]), *lines[at + 1 :]]
    assert asyncio.run(performed(changed)).otherwise is not None


def test_a_handler_that_does_less_than_then_is_noticed() -> None:
    lines = asyncio.run(recorded(["ask", "answer"]))
    extra = next(line for line in lines if line.kind == "do")
    longer = [*lines, extra, Line("did", extra.number, extra.name, None)]
    otherwise = asyncio.run(performed(longer)).otherwise
    assert otherwise is not None
    assert otherwise.now == "nothing"


def test_without_a_journal_everything_passes_through_untouched() -> None:
    scribe, bank = Scribe(None), Bank()
    assert scribe.port("bank", bank) is bank
    assert scribe.handler("bank", bank) is bank
