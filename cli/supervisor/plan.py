"""What an `up` is to do, settled before anything starts."""

import gzip
import json
import shutil
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cli.errors import EXIT_USAGE, CommandError
from cli.home import Home
from cli.servers.readiness import free_port, is_free
from cli.supervisor.environment import TREE
from shared.runtime.settings import Settings

RECORDINGS = TREE / "venue_sim" / "recordings"
SIMULATED_SPEED = 10.0
DEPOSIT_DOLLARS = 1000
LEAST_FREE_BYTES = 300_000_000
Load = Callable[[Mapping[str, object]], Settings]


@dataclass(frozen=True, slots=True)
class Flow:
    """What the simulator plays: a seed, a recording, or (with neither) the recording that comes with the tree.

    With `steps` the seeded markets open outside the bid range and step into it once each: the bench's flow. `faults`
    and `fault_seed` are passed on as they are.
    """

    seed: int | None = None
    recording: Path | None = None
    steps: bool = False
    faults: str | None = None
    fault_seed: int | None = None

    def __post_init__(self) -> None:
        if self.seed is not None and self.recording is not None:
            raise CommandError("--seed and --recording contradict; give one of them", EXIT_USAGE)

    @property
    def file(self) -> Path | None:
        """Raises CommandError when there is no such recording."""
        if self.seed is not None:
            return None
        chosen = self.recording or next(iter(sorted(RECORDINGS.glob("*.jsonl.gz"))), None)
        if chosen is None or not chosen.is_file():
            raise CommandError(f"--recording={chosen}: no such file; name one, or use --seed", EXIT_USAGE)
        return chosen

    def fault_options(self) -> list[str]:
        faults = ["--faults", self.faults] if self.faults else []
        planned = ["--fault-seed", str(self.fault_seed)] if self.fault_seed is not None else []
        return [*faults, *planned]

    @property
    def is_given(self) -> bool:
        return (self.seed, self.recording, self.faults, self.fault_seed) != (None, None, None, None)


@dataclass(frozen=True, slots=True)
class Plan:
    """`load` gives the settings with more of them decided; `for_seconds` None runs until stopped."""

    home: Home
    load: Load
    flow: Flow
    for_seconds: float | None
    settings: Settings

    @property
    def own_simulator(self) -> bool:
        return self.settings.venue == "sim" and not self.is_given("sim_url")

    def is_given(self, name: str) -> bool:
        return name in self.settings.model_fields_set

    def given_url(self, name: Literal["postgres_url", "nats_url", "redis_url"]) -> str | None:
        """The address of a server that the operator has, None where ours is wanted."""
        return str(getattr(self.settings, name)) if self.is_given(name) else None

    def simulator_options(self) -> list[str]:
        """What the simulator is started with besides its port and journal."""
        always = ["--balance", str(DEPOSIT_DOLLARS), *self.flow.fault_options()]
        if self.flow.file is not None:
            return ["--recording", str(self.flow.file), *always]
        durations = {"both": "15m,5m"}.get(self.settings.slot_duration, self.settings.slot_duration)
        coins = ",".join(self.settings.symbols)
        flow = ["--flow", "step"] if self.flow.steps else []
        return ["--seed", str(self.flow.seed), "--coins", coins, "--durations", durations, *flow, *always]


def make_plan(load: Load, flow: Flow, for_seconds: float | None) -> Plan:
    """Raises SettingsError for settings that cannot be used, CommandError for options that contradict."""
    given = load({})
    if given.venue != "sim" and flow.is_given:
        raise CommandError("--seed, --recording, --faults and --fault-seed need --venue sim", EXIT_USAGE)
    decided = _simulated(given, flow) if given.venue == "sim" else {}

    def load_more(more: Mapping[str, object]) -> Settings:
        return load({**decided, **more})

    plan = Plan(Home.at(given.home), load_more, flow, for_seconds, load_more({}))
    _refuse_taken_port(plan)
    return plan


def refuse_full_disk(home: Home) -> None:
    """Raises CommandError when what a run writes would not fit."""
    free = shutil.disk_usage(home.path).free
    if free < LEAST_FREE_BYTES:
        least = LEAST_FREE_BYTES // 10**6
        raise CommandError(f"{home.path} has {free // 10**6} MB left, {least} are needed; free some, or use --home")


def _refuse_taken_port(plan: Plan) -> None:
    port = plan.settings.control_port
    if plan.is_given("control_port") and port and not is_free(port):
        raise CommandError(f"--control-port={port}: is taken; end what listens there, or choose another", EXIT_USAGE)


def _simulated(given: Settings, flow: Flow) -> dict[str, object]:
    """At the simulator time hurries, and only what is recorded is traded, unless the operator says otherwise."""
    decided: dict[str, object] = {"clock": "announced"}
    if "speed" not in given.model_fields_set:
        decided["speed"] = SIMULATED_SPEED
    coins = _recorded_coins(flow.file) if flow.file else ()
    if coins and "symbols" not in given.model_fields_set and "sim_url" not in given.model_fields_set:
        decided["symbols"] = ",".join(coins)
    return decided


def _recorded_coins(recording: Path) -> tuple[str, ...]:
    """What the header of a recording lists; nothing when it cannot be read, which the simulator will say better."""
    try:
        with gzip.open(recording, "rt") as file:
            slots: list[Any] = json.loads(file.readline())["payload"]["slots"]
        return tuple(dict.fromkeys(str(slot["coin"]) for slot in slots))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return ()


def usual_port(port: int) -> int:
    """This port where nobody has it, else a free one."""
    return port if port and is_free(port) else free_port()
