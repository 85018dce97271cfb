"""The simulator's command line."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from venue_sim.faults.written import Written, parse_faults
from venue_sim.limits import STANDARD_ORDERS_PER_SECOND
from venue_sim.markets import DURATIONS, Version


@dataclass(frozen=True, slots=True)
class Options:
    """Parsed and checked. `version` None alternates v1 and v2 by slot; `balance` is in dollars."""

    host: str
    port: int
    recording: Path | None
    seed: int
    coins: tuple[str, ...]
    durations: tuple[int, ...]
    step: bool
    speed: float
    journal: Path | None
    balance: int
    taker_hold_ms: int
    resolution_delay_s: int
    version: Version | None
    clock_now: bool
    new_clock: bool
    run_file: Path | None
    faults: Written = ()
    fault_seed: int | None = None
    orders_per_second: int = STANDARD_ORDERS_PER_SECOND
    redeems: bool = True


def parse_options(arguments: Sequence[str]) -> Options:
    """Exits with one line on anything unknown or out of range, as argparse does."""
    parser = _parser()
    given = parser.parse_args(arguments)
    return Options(
        host=given.host,
        port=given.port,
        recording=given.recording,
        seed=given.seed or 0,
        coins=given.coins,
        durations=given.durations,
        step=given.flow == "step",
        speed=given.speed,
        journal=given.journal,
        balance=given.balance,
        taker_hold_ms=given.taker_hold_ms,
        resolution_delay_s=given.resolution_delay_s,
        version=None if given.protocol_version == "mixed" else given.protocol_version,
        clock_now=given.clock_now,
        new_clock=given.new_clock,
        run_file=given.run_file,
        faults=given.faults,
        fault_seed=given.fault_seed,
        orders_per_second=given.orders_per_second,
        redeems=given.redemption == "at-once",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m venue_sim", description="A simulated Polymarket on one port.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 inside a container")
    parser.add_argument("--port", type=_within(0, 65_535), required=True, help="0 picks a free one")
    flow = parser.add_mutually_exclusive_group(required=True)
    flow.add_argument("--recording", type=Path, help="play the whole slots of this recording")
    flow.add_argument("--seed", type=int, help="make the flow up from this seed")
    parser.add_argument("--coins", type=_coins, default=("btc", "eth", "sol", "xrp"))
    parser.add_argument("--durations", type=_durations, default=(900,))
    parser.add_argument("--flow", choices=("market", "step"), default="market", help="step: the bench's flow")
    parser.add_argument("--speed", type=_speed, default=1.0, help="with --clock-now: domain seconds per second")
    parser.add_argument("--journal", type=Path, help="directory; what happened survives a kill")
    parser.add_argument("--balance", type=_within(0, 10**9), default=1000, help="dollars of a new address")
    parser.add_argument("--taker-hold-ms", type=_within(0, 60_000), default=150)
    parser.add_argument("--resolution-delay-s", type=_within(0, 86_400), default=55, help="domain seconds")
    parser.add_argument("--protocol-version", choices=("v1", "v2", "mixed"), default="mixed")
    parser.add_argument(
        "--redemption", choices=("at-once", "on-request"), default="at-once", help="when winning tokens become cash"
    )
    parser.add_argument("--clock-now", action="store_true", help="start domain time at once, at the wall's time")
    parser.add_argument("--new-clock", action="store_true", help="wait for a new origin of time, journal or not")
    parser.add_argument("--run-file", type=Path, help="names the run: the journal's time counts within the same run")
    parser.add_argument(
        "--faults",
        type=_faults,
        default=(),
        metavar="NAME[:chance=0.5][:times=3][:seconds=10][:delay_ms=500],...",
        help="faults that are on from the start; docs/faults.md lists them",
    )
    parser.add_argument("--fault-seed", type=_within(0, 1 << 53), help="faults by the plan of this seed")
    parser.add_argument(
        "--orders-per-second",
        type=_within(0, 10_000),
        default=STANDARD_ORDERS_PER_SECOND,
        help="the signer's tier: bursts are half as much again, cancels double; 0 limits nobody",
    )
    return parser


def _faults(text: str) -> Written:
    try:
        return parse_faults(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _within(low: int, high: int) -> "_Range":
    return _Range(low, high)


@dataclass(frozen=True, slots=True)
class _Range:
    low: int
    high: int

    def __call__(self, text: str) -> int:
        if not text.isdecimal() or not self.low <= int(text) <= self.high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {self.low} to {self.high}")
        return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a speed above 0 and up to 1000")
    return speed


def _coins(text: str) -> tuple[str, ...]:
    coins = tuple(dict.fromkeys(text.split(",")))
    wrong = [coin for coin in coins if not re.fullmatch("[a-z0-9]{1,12}", coin)]
    if wrong:
        raise argparse.ArgumentTypeError(f"{wrong[0]!r} is no coin; a coin is up to 12 small letters and digits")
    return coins


def _durations(text: str) -> tuple[int, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    unknown = [name for name in names if name not in DURATIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown duration {unknown[0]!r}; known: {', '.join(DURATIONS)}")
    return tuple(DURATIONS[name] for name in names)
