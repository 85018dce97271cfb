"""Faults that are off change nothing, and those that are on leave the market's own flow as it is."""

from typing import Any

import httpx
import pytest

from tests.venue_sim.globe import Globe
from tests.venue_sim.stand import TurnedClock
from venue_sim.api.app import build_app
from venue_sim.api.hang_up import HungUpError
from venue_sim.bootstrap import build
from venue_sim.faults.catalogue import FAULTS
from venue_sim.faults.switchboard import Terms
from venue_sim.settings import parse_options

MOVE_THE_MARKET = {"resolution_late"}


class Stage:
    """A slot of one seed; what was said is compared without the ids that are made up anew each time."""

    def __init__(self, fault_seed: int) -> None:
        self.globe = Globe(seed=11, fault_seed=fault_seed)

    def heard(self) -> list[tuple[str, Any]]:
        made_up = {"trade"}
        return [(kind, what[1] if kind in made_up else what) for kind, what in self.globe.audience.heard]


def traded(stage: Stage) -> list[tuple[int, int, int]]:
    trades = stage.globe.exchange.state.trades.values()
    return [(trade.fact.matched_ms, trade.fact.up_price, trade.fact.shares) for trade in trades]


def play(stage: Stage) -> None:
    """A slot in which an account bids, cancels and is filled."""
    globe = stage.globe
    globe.start()
    trader = globe.trader(1)
    for second in range(10, 600, 40):
        globe.run_to(second)
        book = globe.exchange.books[globe.slot().condition_id]
        price = f"0.{max((book.best('bid') or 0) // 100, 10):02d}"
        order = trader.place(globe.slot(), "BUY", 0, price, "10")
        globe.run_to(second + 30)
        globe.exchange.cancel([order.id], trader.key.api_key)
    globe.run_to(1000)


def test_with_nothing_on_a_slot_goes_the_same_whatever_the_seed_of_the_faults() -> None:
    one, other = Stage(0), Stage(99)
    play(one)
    play(other)

    assert one.heard() == other.heard()
    assert traded(one) == traded(other) != []
    assert one.globe.prices.heard == other.globe.prices.heard
    assert one.globe.exchange.state.exposures == other.globe.exchange.state.exposures
    assert not one.globe.faults.struck


def test_every_fault_leaves_the_flow_of_a_seed_as_it_is() -> None:
    calm, rough = Stage(0), Stage(5)
    for fault in FAULTS:
        if not fault.once and fault.name not in MOVE_THE_MARKET:
            rough.globe.faults.switch_on(fault.name, Terms(chance=0.5))
    for stage in (calm, rough):
        stage.globe.start()
        stage.globe.run_to(1000)

    def flow(stage: Stage) -> list[tuple[str, Any]]:
        return [(kind, what) for kind, what in stage.heard() if kind != "resolved"]

    assert flow(calm) == flow(rough)
    assert calm.globe.prices.heard == rough.globe.prices.heard
    assert calm.globe.slot().winner == rough.globe.slot().winner


async def test_the_application_works_without_sockets_and_says_when_it_hung_up() -> None:
    simulator = build(parse_options(["--port", "0", "--seed", "7", "--clock-now"]), TurnedClock())
    app = build_app(simulator.world, simulator.hub, _broken)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://venue") as venue:
        assert (await venue.get("/ok")).json() == "OK"
        simulator.faults.switch_on("cancel_lost")
        with pytest.raises(HungUpError):
            await venue.request("DELETE", "/cancel-all")


def _broken(error: BaseException) -> None:
    raise error
