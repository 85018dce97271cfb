"""A simulator with a still book, whose faults are switched on around a block."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.venue_sim.process import Address
from tests.venue_sim.recordings import Tape
from venue_sim.markets import new_market

PATIENCE_SECONDS = 20
SLOT = 1_899_999_900  # a quarter hour in domain time
MARKET = new_market("btc", SLOT, 900, "v1")
NEXT_MARKET = new_market("btc", SLOT + 900, 900, "v1")


def still_book(directory: Path) -> Path:
    """0.70 to 0.90 for the whole slot, and an average every second; Up wins."""
    tape = Tape(winners=(0,))
    for second in range(-5, 901):
        tape.average(second, f"{100 + second / 1000:.3f}")
    tape.book(0.5, 0, 0, {"0.70": "100"}, {"0.90": "100"})
    return tape.write(directory / "still.jsonl.gz")


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def switch(address: Address, name: str, **terms: float) -> dict[str, Any]:
    return _post(address, {"name": name, "terms": terms})


def switch_off(address: Address, name: str) -> dict[str, Any]:
    return _post(address, {"name": name, "on": False})


def times_struck(address: Address, name: str) -> int:
    answer = httpx.get(f"{address.http}/sim/faults")
    answer.raise_for_status()
    return next(each["struck"] for each in answer.json()["faults"] if each["name"] == name)


def _post(address: Address, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{address.http}/sim/faults", json=body)
    answer.raise_for_status()
    return answer.json()


@contextmanager
def switched_on(address: Address, name: str, **terms: float) -> Generator[None]:
    switch(address, name, **terms)
    try:
        yield
    finally:
        switch_off(address, name)


@contextmanager
def fault(address: Address, name: str, **terms: float) -> Generator[None]:
    """On inside the block, and it has to have struck."""
    before = switch(address, name, **terms)["struck"]
    try:
        yield
    finally:
        after = switch_off(address, name)["struck"]
    assert after > before, f"{name} never struck"
