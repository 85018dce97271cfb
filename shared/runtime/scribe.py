"""Writes down everything that happens between the handlers of one process and the rest of the world, in order.

What is told to a handler, what it asks of a port and is answered, what it reads off the clock. Handlers wait for
nothing but their ports, so this order is all that decides: fed back, the same handlers do the same.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Protocol, TypeVar, cast

from shared.domain.clock import Clock
from shared.domain.ids import AccountId
from shared.domain.money import Cash
from shared.runtime.journal import Line, open_journal
from shared.runtime.plain import to_plain
from shared.runtime.service import ServiceContext
from shared.runtime.settings import Settings

T = TypeVar("T")
Spawn = Callable[[str, Coroutine[None, None, None]], None]


@dataclass(frozen=True, slots=True)
class Opened:
    """All that decides besides the inputs: whose money, the settings as they would be given, and the wallet's dollars
    where sizes follow it."""

    account: AccountId
    settings: Mapping[str, object]
    wallet: Cash | None = None

    @classmethod
    def of(cls, account: AccountId, settings: Settings, wallet: Cash | None = None) -> Opened:
        """Without the files that hold secrets."""
        told = settings.model_dump(mode="json", exclude_none=True)
        return cls(account, {name: value for name, value in told.items() if not name.endswith("_file")}, wallet)


class Lines(Protocol):
    def write(self, entry: Line) -> None:
        """Never raises."""
        ...


class Scribe:
    """With no journal everything passes through untouched."""

    def __init__(self, journal: Lines | None) -> None:
        self._journal = journal
        self._numbers = count(1)

    def begin(self, opened: Opened) -> None:
        self._note("opened", 0, "", opened)

    def handler(self, name: str, handler: T) -> T:
        """What is called through the answer is an input."""
        return handler if self._journal is None else cast("T", _Scribed(name, handler, self._called, _unread))

    def port(self, name: str, port: T) -> T:
        """What is called through the answer is something that a handler did."""
        return port if self._journal is None else cast("T", _Scribed(name, port, self._asked, self._is))

    def clock(self, clock: Clock) -> Clock:
        return clock if self._journal is None else _ScribedClock(clock, self._note)

    def function(self, name: str, function: T) -> T:
        """As `port`, of a port that is a single function."""
        return function if self._journal is None else cast("T", self._asked(name, cast("Callable[..., Any]", function)))

    def spawn(self, spawn: Spawn) -> Spawn:
        """Work beside its caller: when it begins and ends are inputs too."""

        def scribed(name: str, work: Coroutine[None, None, None]) -> None:
            number = next(self._numbers)
            self._note("spawned", number, name, None)
            spawn(name, self._spawned(number, name, work))

        return spawn if self._journal is None else scribed

    async def _spawned(self, number: int, name: str, work: Coroutine[None, None, None]) -> None:
        self._note("begins", number, name, None)
        await work
        self._note("end", number, name, None)

    def _called(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(call):

            async def waiting(*args: object, **named: object) -> object:
                number = self._begun("call", name, args, named)
                return await self._until(number, name, "end", "failed", call(*args, **named))

            return waiting

        def at_once(*args: object, **named: object) -> object:
            return self._noted(self._begun("call", name, args, named), name, "end", "failed", call, args, named)

        return at_once

    def _asked(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(call):

            async def waiting(*args: object, **named: object) -> object:
                number = self._begun("ask", name, args, named)
                shown = [self._callback(number, each) if callable(each) else each for each in args]
                return await self._until(number, name, "answer", "error", call(*shown, **named))

            return waiting

        def at_once(*args: object, **named: object) -> object:
            return self._noted(self._begun("do", name, args, named), name, "did", "failed", call, args, named)

        return at_once

    def _callback(self, number: int, call: Callable[..., Any]) -> Callable[[], object]:
        """A question that the port puts back before it answers."""

        def scribed() -> object:
            self._note("back", number, "", None)
            answer = call()
            self._note("backed", number, "", answer)
            return answer

        return scribed

    async def _until(self, number: int, name: str, ended: str, failed: str, work: Awaitable[object]) -> object:
        try:
            result = await work
        except Exception as error:
            self._note(failed, number, name, error)
            raise
        self._note(ended, number, name, result)
        return result

    def _noted(
        self, number: int, name: str, ended: str, failed: str, call: Callable[..., Any], args: Any, named: Any
    ) -> object:
        try:
            result = call(*args, **named)
        except Exception as error:
            self._note(failed, number, name, error)
            raise
        self._note(ended, number, name, result)
        return result

    def _is(self, name: str, value: object) -> None:
        self._note("is", 0, name, value)

    def _begun(self, kind: str, name: str, args: tuple[object, ...], named: dict[str, object]) -> int:
        number = next(self._numbers)
        self._note(kind, number, name, [[None if callable(each) else each for each in args], named])
        return number

    def _note(self, kind: str, number: int, name: str, value: object) -> None:
        if self._journal is not None:
            self._journal.write(Line(kind, number, name, to_plain(value)))


def _unread(_name: str, _value: object) -> None:
    """What is looked up at a handler is no input."""


class _Scribed:
    """Stands before an object: its methods are written down, its other attributes too where a port has them."""

    def __init__(
        self,
        name: str,
        target: object,
        wrap: Callable[[str, Callable[..., Any]], Callable[..., Any]],
        is_read: Callable[[str, object], None],
    ) -> None:
        self._name = name
        self._target = target
        self._wrap = wrap
        self._is_read = is_read

    def __getattr__(self, attribute: str) -> Any:
        found: Any = getattr(self._target, attribute)
        name = f"{self._name}.{attribute}"
        if not callable(found):
            self._is_read(name, found)
            return found
        wrapped: Any = self._wrap(name, found)
        self.__dict__[attribute] = wrapped
        return wrapped


class _ScribedClock:
    def __init__(self, clock: Clock, note: Callable[[str, int, str, object], None]) -> None:
        self._clock = clock
        self._note = note

    def now(self) -> datetime:
        answer = self._clock.now()
        self._note("read", 0, "now", answer)
        return answer

    def wall(self) -> datetime:
        answer = self._clock.wall()
        self._note("read", 0, "wall", answer)
        return answer

    def monotonic_seconds(self) -> float:
        answer = self._clock.monotonic_seconds()
        self._note("read", 0, "monotonic_seconds", answer)
        return answer


def scribe_of(context: ServiceContext) -> Scribe:
    """With the setting `journal`, one that writes to a file named after the service and its start."""
    folder = context.settings.journal
    if folder is None:
        return Scribe(None)
    journal = open_journal(
        folder, context.name, context.clock.wall(), lambda reason: context.log.error("journal_ended", reason=reason)
    )
    context.resources.callback(journal.close)
    return Scribe(journal)
