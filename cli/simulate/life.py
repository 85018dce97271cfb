"""One process of the simulation: from its start to its end or its crash."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.fault_points import tell_fault_points

_life: contextvars.ContextVar[Life | None] = contextvars.ContextVar("life", default=None)


class DiedError(BaseException):
    """The process ends in this very step; nothing of it runs any more."""


@dataclass(slots=True, eq=False)
class Life:
    """`fatal` names a fault point and how often it is reached before the process dies there."""

    name: str
    is_alive: bool = True
    is_frozen: bool = False
    fatal: tuple[str, int] | None = None
    waiting: deque[Callable[[], object]] = field(default_factory=deque[Callable[[], object]])
    reached: dict[str, int] = field(default_factory=dict[str, int])
    _heirs: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    def context(self) -> contextvars.Context:
        """A context in which everything that is begun belongs to this life."""
        context = contextvars.copy_context()
        context.run(_life.set, self)
        context.run(tell_fault_points, self._reach)
        return context

    def when_dead(self, heir: Callable[[], None]) -> None:
        """Somebody outside who sees that the process is gone: its server closes the connection."""
        self._heirs.append(heir)

    def die(self) -> None:
        if not self.is_alive:
            return
        self.is_alive = False
        self.waiting.clear()
        while self._heirs:
            self._heirs.pop()()

    def freeze(self) -> None:
        self.is_frozen = self.is_alive

    def thaw(self) -> None:
        """What became due meanwhile runs now, in its order."""
        self.is_frozen = False
        while self.waiting:
            self.waiting.popleft()()

    def _reach(self, point: str) -> None:
        """Raises DiedError where it is fatal."""
        self.reached[point] = self.reached.get(point, 0) + 1
        if self.fatal is None or self.fatal[0] != point:
            return
        self.fatal = (point, self.fatal[1] - 1)
        if self.fatal[1] <= 0:
            self.die()
            raise DiedError(point)


def current_life(context: contextvars.Context) -> Life | None:
    return context.get(_life)


def living() -> Life:
    """Whose step this is."""
    life = _life.get()
    if life is None:
        raise RuntimeError("nobody's step: begin it in the context of a life")
    return life


def begin(work: Coroutine[Any, Any, None], context: contextvars.Context | None = None) -> None:
    """A task of the life of the context, or of the one whose step this is."""
    asyncio.get_running_loop().create_task(work, context=context)


def let_go(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Their frames end without a further step, and nobody is told what they would have said."""
    told, sys.unraisablehook = sys.unraisablehook, _unheard
    try:
        for task in tasks:
            task._log_destroy_pending = False  # pyright: ignore[reportAttributeAccessIssue] asyncio's own way to say so
            with contextlib.suppress(BaseException):
                task.get_coro().close()
            if task.done() and not task.cancelled():
                task.exception()  # asked for, it is not told by the collector, who knows where
        gc.collect()
    finally:
        sys.unraisablehook = told


def _unheard(_: object) -> None:
    """Of frames that ended in the midst of what they did."""
