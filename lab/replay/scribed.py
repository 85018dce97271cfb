"""Feeds a scribe's journal to handlers of the same make, and stops at the first thing that they do otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.runtime.journal import JournalError, Line
from shared.runtime.plain import from_plain, to_plain

STEPS_TO_REST = 4
"""Turns of the loop after which a handler waits for a port or has ended."""
INPUTS = frozenset({"call", "begins"})
DEEDS = frozenset({"ask", "do"})


class Otherwise(BaseException):
    """At which line (counted from 1), what was written there, and what happened now. No handler may handle it."""

    def __init__(self, line: int, then: str, now: str) -> None:
        super().__init__(line, then, now)
        self.line = line
        self.then = then
        self.now = now

    def __str__(self) -> str:
        return f"line {self.line}: then {self.then}, now {self.now}"


class _CutOff(BaseException):
    """A crash ended the journal in the middle of something."""


@dataclass(slots=True)
class Replayed:
    """`inputs` told to handlers, `deeds` done through ports; where the first difference was, if there was one."""

    inputs: int = 0
    deeds: int = 0
    otherwise: Otherwise | None = None


class Ahead:
    """The lines of a journal, read as they are needed: a day of them is larger than memory."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self.broken: JournalError | None = None
        """Why it cannot be read on, where it ends before its time."""
        self.next = self._read()

    def step(self) -> None:
        self.next = self._read()

    def _read(self) -> Line | None:
        try:
            return next(self._lines, None)
        except JournalError as error:  # whoever takes a line may be a handler, and handle it
            self.broken = error
            return None


@dataclass(slots=True)
class Script:
    """The lines still to come; whoever does something takes the line that says so."""

    lines: Ahead
    taken: int = 1
    replayed: Replayed = field(default_factory=Replayed)
    answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict[int, "asyncio.Future[Any]"])
    callbacks: dict[int, Callable[[], object]] = field(default_factory=dict[int, Callable[[], object]])
    spawned: dict[int, Coroutine[None, None, None]] = field(default_factory=dict[int, Coroutine[None, None, None]])

    def next_is(self, kind: str, name: str) -> bool:
        line = self.lines.next
        return line is not None and (line.kind, line.name) == (kind, name)

    def take(self, now: str, *kinds: str, name: str) -> Line:
        """The next line, which has to be of one of these kinds and of this name."""
        line = self.lines.next
        if line is None:
            raise _CutOff
        if line.kind not in kinds or line.name != name:
            raise Otherwise(self.taken + 1, _shown(line), now)
        self.taken += 1
        self.lines.step()
        return line

    def take_same(self, kind: str, name: str, value: object, number: int | None = None) -> Line:
        plain = to_plain(value)
        now = f"{kind} {name} {plain}"
        line = self.take(now, kind, name=name)
        if line.value != plain or (number is not None and line.number != number):
            raise Otherwise(self.taken, _shown(line), now)
        return line


class ThenClock:
    """Answers what was answered then."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def now(self) -> datetime:
        return self._read("now")

    def wall(self) -> datetime:
        return self._read("wall")

    def monotonic_seconds(self) -> float:
        return self._read("monotonic_seconds")

    def _read(self, name: str) -> Any:
        return from_plain(self._script.take(f"read {name}", "read", name=name).value)


class _ThenPort:
    """Takes every call for one that was made then, and answers as was answered then."""

    def __init__(self, script: Script, name: str) -> None:
        self.__dict__.update(_script=script, _name=name)

    def __getattr__(self, attribute: str) -> Any:
        name = f"{self._name}.{attribute}"
        if self._script.next_is("is", name):
            return from_plain(self._script.take("", "is", name=name).value)

        def do(*args: Any, **named: Any) -> Any:
            return self.do(name, args, named)

        return do

    def do(self, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        script: Script = self._script
        callback = next((each for each in args if callable(each)), None)
        value = [[None if callable(each) else each for each in args], named]
        script.replayed.deeds += 1
        if script.next_is("do", name):
            script.take_same("do", name, value)
            return _given(script.take("", "did", "failed", name=name))
        line = script.take_same("ask", name, value)
        if callback is not None:
            script.callbacks[line.number] = callback
        future = script.answers[line.number] = asyncio.get_running_loop().create_future()
        return future


class _Silent:
    """A meter or a report: it is told, and nobody listens."""

    def __getattr__(self, attribute: str) -> Any:
        def hear(*_args: Any, **_named: Any) -> None:
            """Nothing comes of it."""

        return hear


def then_port(script: Script, name: str) -> Any:
    """A port of any kind: it answers as one did then."""
    return _ThenPort(script, name)


def then_function(script: Script, name: str) -> Callable[..., Any]:
    """As `then_port`, of a port that is a single function."""

    def do(*args: Any) -> Any:
        return _ThenPort(script, "").do(name, args, {})

    return do


def silent() -> Any:
    return _Silent()


def spawner(script: Script) -> Callable[[str, Coroutine[None, None, None]], None]:
    """The work begins when it began then."""

    def spawn(name: str, work: Coroutine[None, None, None]) -> None:
        try:
            line = script.take(f"spawned {name}", "spawned", name=name)
        except BaseException:
            work.close()
            raise
        script.spawned[line.number] = work

    return spawn


async def perform(script: Script, handlers: Mapping[str, object]) -> Replayed:
    """Tells the handlers, by name, what they were told then. Raises NotPlainError for a journal that cannot be read."""
    running: dict[int, asyncio.Task[Any]] = {}
    try:
        while (line := script.lines.next) is not None:
            _tell(line, script, handlers, running)
            for _ in range(STEPS_TO_REST):
                await asyncio.sleep(0)
            _refuse_other_ends(running)
    except Otherwise as otherwise:
        script.replayed.otherwise = otherwise
    except _CutOff:
        """What it was about to do nobody wrote down."""
    for work in script.spawned.values():
        work.close()
    for task in running.values():
        task.cancel()
    await asyncio.gather(*running.values(), return_exceptions=True)
    return script.replayed


def _tell(line: Line, script: Script, handlers: Mapping[str, object], running: dict[int, asyncio.Task[Any]]) -> None:
    match line.kind:
        case "call":
            script.replayed.inputs += 1
            _call(line, script, handlers, running)
        case "begins":
            script.replayed.inputs += 1
            script.take("", "begins", name=line.name)
            running[line.number] = asyncio.create_task(_carried(script.spawned.pop(line.number)))
        case "answer" | "error":
            _answer(line, script)
        case "back":
            _call_back(line, script)
        case "end" | "failed":
            _end(line, script, running)
        case _:
            raise Otherwise(script.taken + 1, _shown(line), "nothing")


async def _carried(work: Awaitable[object]) -> object:
    return await work


def _call(line: Line, script: Script, handlers: Mapping[str, object], running: dict[int, asyncio.Task[Any]]) -> None:
    script.take("", "call", name=line.name)
    handler, _, method = line.name.partition(".")
    args, named = from_plain(line.value)
    result: Any = _Failure.of(lambda: getattr(handlers[handler], method)(*args, **named))
    if asyncio.iscoroutine(result):
        running[line.number] = asyncio.create_task(result)
    else:
        _same_end(script, line.number, line.name, result)


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception

    @classmethod
    def of(cls, call: Callable[[], object]) -> object:
        try:
            return call()
        except Exception as error:  # noqa: BLE001 whatever it raises, it has to be what it raised then
            return cls(error)


def _end(line: Line, script: Script, running: dict[int, asyncio.Task[Any]]) -> None:
    task = running.pop(line.number, None)
    if task is None or not task.done():
        raise Otherwise(script.taken + 1, _shown(line), "it has not ended")
    _same_end(script, line.number, line.name, _Failure.of(task.result))


def _same_end(script: Script, number: int, name: str, result: object) -> None:
    if isinstance(result, _Failure):
        script.take_same("failed", name, result.error, number)
    else:
        script.take_same("end", name, result, number)


def _answer(line: Line, script: Script) -> None:
    script.take("", "answer", "error", name=line.name)
    future = script.answers.pop(line.number, None)
    if future is None or future.done():
        raise Otherwise(script.taken, _shown(line), "nobody waits for it")
    if line.kind == "error":
        future.set_exception(from_plain(line.value))
    else:
        future.set_result(from_plain(line.value))


def _call_back(line: Line, script: Script) -> None:
    script.take("", "back", name="")
    script.take_same("backed", "", script.callbacks[line.number](), line.number)


def _refuse_other_ends(running: Mapping[int, asyncio.Task[Any]]) -> None:
    """A difference that a handler came upon ends the replay."""
    for task in running.values():
        if task.done() and not task.cancelled() and isinstance(error := task.exception(), Otherwise | _CutOff):
            raise error


def _given(line: Line) -> Any:
    if line.kind == "failed":
        raise from_plain(line.value)
    return from_plain(line.value)


def _shown(line: Line) -> str:
    return f"{line.kind} {line.name} {line.value}"[:500]
