"""From the price stream's frames to the newest prices, and what of it never came."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from services.discovery.domain.prices import PriceBoard
from services.discovery.domain.strikes import Average
from services.discovery.subscribers.price import PriceFeed
from shared.domain.ids import Coin
from shared.runtime.logs import get_log
from shared.runtime.metrics import Metrics
from shared.venue.errors import VenueFrameError
from shared.venue.frames.price import read_price_frame
from shared.venue.sockets import Connected
from tests.unit.discovery.fakes import NOON

BTC = Coin("btc")


def frame(seq: int, price: str, *, second: int = 0, channel: str = "price.crypto.twap", **more: object) -> str:
    stamp = int(NOON.timestamp() * 1000) + second * 1000
    payload = {"symbol": "btcusd", "source": "chainlink", "window_seconds": 60}
    payload |= {"timestamp": stamp, "full_accuracy_value": price}
    return json.dumps({"v": 1, "channel": channel, "seq": seq, "ts": stamp, "payload": payload} | more)


@dataclass
class Desk:
    metrics: Metrics = field(default_factory=lambda: Metrics("test"))
    board: PriceBoard = field(default_factory=PriceBoard)
    averages: list[Average] = field(default_factory=list[Average])
    parked: list[VenueFrameError] = field(default_factory=list[VenueFrameError])

    def __post_init__(self) -> None:
        self.feed = PriceFeed(
            self.board, cast("Any", self), wake=lambda: None, averaged=lambda: None,
            park=lambda _source, error: self.parked.append(error), metrics=self.metrics, log=get_log(),
        )  # fmt: skip

    def on_average(self, _coin: Coin, tick: Average) -> None:
        self.averages.append(tick)

    def hears(self, text: str) -> None:
        self.feed.consume(read_price_frame(text))

    def counted(self, name: str) -> float:
        lines = self.metrics.exposition().decode().splitlines()
        return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"tdmaker_{name} "))


def test_a_gap_in_the_numbers_of_a_channel_is_counted_in_frames() -> None:
    desk = Desk()
    for seq in (7, 8, 11):
        desk.hears(frame(seq, "68000.5"))
    assert desk.counted("price_frames_missed_total") == 2


def test_each_channel_counts_for_itself_and_each_connection_from_its_own_beginning() -> None:
    desk = Desk()
    desk.hears(frame(7, "68000.5"))
    desk.hears(frame(3, "68000.5", channel="price.crypto"))
    desk.feed.consume(Connected(0))
    desk.hears(frame(40, "68000.5"))
    assert desk.counted("price_frames_missed_total") == 0


def test_a_late_or_repeated_number_is_no_gap() -> None:
    desk = Desk()
    for seq in (7, 9, 8, 9, 10):
        desk.hears(frame(seq, "68000.5"))
    assert desk.counted("price_frames_missed_total") == 1


def test_a_late_tick_does_not_undo_a_newer_one_and_is_there_for_the_strike() -> None:
    desk = Desk()
    desk.hears(frame(2, "68002", second=2))
    desk.hears(frame(1, "68001", second=1))
    assert desk.board.tell(BTC).average == Decimal(68002)
    assert [tick.price for tick in desk.averages] == [Decimal(68002), Decimal(68001)]


def test_a_frame_that_cannot_be_read_is_parked_and_costs_its_neighbours_nothing() -> None:
    desk = Desk()
    desk.hears(f"[{frame(1, '-5')}, {frame(2, '68000.5')}]")
    assert desk.board.tell(BTC).average == Decimal("68000.5")
    assert len(desk.parked) == 1
