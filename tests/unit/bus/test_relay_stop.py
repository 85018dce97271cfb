"""A relay ends when it is told to, also in the very step in which it is kicked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import pytest
from nats.js import JetStreamContext

from shared.bus.relay import Publish, Relay
from shared.bus.streams import load_topology


class EmptyOutbox:
    async def drain(self, publish: Publish) -> int:
        return 0

    async def refill(self, stream: str, made_at: datetime, subjects: Sequence[str]) -> int:
        return 0

    async def prune(self) -> int:
        return 0


@pytest.mark.parametrize("steps", range(5))
async def test_a_kick_does_not_hold_up_the_stop(steps: int) -> None:
    relay = Relay(EmptyOutbox(), cast("JetStreamContext", None), load_topology())
    running = asyncio.create_task(relay.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    relay.kick()
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()

    ended, _ = await asyncio.wait({running}, timeout=1)
    assert ended == {running}
    assert running.cancelled()
