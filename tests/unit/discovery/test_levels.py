"""What discovery puts on the bus between two frames."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from services.discovery.adapters.levels import LatestTops, LevelPublisher
from services.discovery.domain.prices import PriceBoard
from services.discovery.domain.tops import TopBoard
from shared.domain.ids import MarketId, TokenId
from shared.messages.discovery import MarketResolved
from shared.messages.envelope import decode_body
from shared.runtime.logs import get_log
from shared.runtime.metrics import Metrics
from tests.unit.discovery.fakes import NOON, TurnedClock

MARKET, UP = MarketId("0xabc"), TokenId("111")


@dataclass
class FakeBus:
    sent: asyncio.Queue[tuple[str, bytes]] = field(default_factory=asyncio.Queue[tuple[str, bytes]])

    async def publish(self, subject: str, body: bytes) -> None:
        self.sent.put_nowait((subject, body))


async def test_a_result_is_told_once_by_its_market() -> None:
    bus, board, metrics = FakeBus(), TopBoard(), Metrics("test")
    latest = LatestTops(cast("Any", None), metrics, get_log())
    publisher = LevelPublisher(cast("Any", bus), board, PriceBoard(), latest, TurnedClock(), metrics)
    told = MarketResolved(market=MARKET, winner=UP, resolved_at=NOON)
    board.resolved[MARKET] = told
    publisher.wake()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(publisher.run())
        subject, body = await bus.sent.get()
        running.cancel()
    assert subject == f"{MarketResolved.SUBJECT}.{MARKET}"
    assert decode_body(MarketResolved, body) == told
    assert board.resolved == {}
