"""An event loop whose time leaps: when nobody can run, it is at once the instant of the next timer."""

from __future__ import annotations

import asyncio
import contextvars
import selectors
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, cast

from cli.simulate.life import Life, current_life

REMEMBERED_MAX = 5000
NOTHING_READY: Sequence[tuple[selectors.SelectorKey, int]] = ()


class StalledError(Exception):
    """Nobody can run and no timer is set: the simulation would wait for ever."""


class _Leap(selectors.SelectSelector):
    """Nobody outside speaks to this loop, so that waiting is only a matter of its clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now_seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StalledError
        self.now_seconds += max(0.0, timeout)
        return list(NOTHING_READY)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Every step belongs to the life in whose context it was asked for: those of the dead never run, those of the
    frozen wait until they thaw."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)
        self.set_exception_handler(_report)
        self.set_task_factory(cast("Any", self._remembered))
        self.tasks: list[asyncio.Task[Any]] = []

    def time(self) -> float:
        return self._leap.now_seconds

    def _remembered(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        """Nobody wakes the tasks of the dead, so that nobody else remembers them: the collector would end them, with
        all that they do then, in the midst of the living."""
        if len(self.tasks) >= REMEMBERED_MAX:
            self.tasks = [task for task in self.tasks if not task.done()]
        task = asyncio.Task(coroutine, loop=loop, **options)
        self.tasks.append(task)
        return task

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        context = contextvars.copy_context() if context is None else context
        life = current_life(context)
        if life is None:
            return super().call_soon(callback, *args, context=context)
        return super().call_soon(self._step, life, context, callback, args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        context = contextvars.copy_context() if context is None else context
        life = current_life(context)
        if life is None:
            return super().call_at(when, callback, *args, context=context)
        return super().call_at(when, self._step, life, context, callback, args, context=context)

    def _step(
        self, life: Life, context: contextvars.Context, callback: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        if not life.is_alive:
            return
        if life.is_frozen:
            life.waiting.append(lambda: self.call_soon(callback, *args, context=context))
            return
        callback(*args)


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What tasks of the dead leave behind is no news."""
    if "was destroyed but it is pending" not in context["message"]:
        loop.default_exception_handler(context)
