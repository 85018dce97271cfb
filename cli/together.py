"""Several things at once, failing as one."""

import asyncio
from collections.abc import Coroutine
from typing import cast


async def together(*work: Coroutine[None, None, None]) -> None:
    """Runs all at once; at the first fault cancels the others, waits for them and raises that fault."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for each in work:
                tasks.create_task(each)
    except BaseExceptionGroup as faults:
        raise _first(faults) from None


async def all_ended(*work: Coroutine[None, None, None]) -> None:
    """Runs all at once to their end, whatever happens to one of them; then raises the first fault."""
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def _first(faults: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = faults.exceptions[0]
    return _first(cast("BaseExceptionGroup[BaseException]", inner)) if isinstance(inner, BaseExceptionGroup) else inner
