"""A recording in the format of docs/recording.md, and the writing of it."""

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

EDGE_SECONDS = 15
SILENCE_SECONDS = 60
DURATIONS = {"5m": 300, "15m": 900}

StandIn = Literal["sizes", "token_ids", "condition_ids", "down_side"]
Source = Literal["gamma", "clob.market", "price"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as received at `t`, milliseconds since 1970 UTC."""

    t: int
    source: Source
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """One market. `start` and `end` in unix seconds; `winner` is an index into the outcomes, None when unknown."""

    slug: str
    tokens: tuple[str, str]
    condition_id: str
    winner: int | None = None
    whole: bool = False
    tick: str = "0.01"

    @property
    def coin(self) -> str:
        return self.slug.split("-", 1)[0]

    @property
    def start(self) -> int:
        return int(self.slug.rsplit("-", 1)[1])

    @property
    def end(self) -> int:
        return self.start + DURATIONS[self.slug.split("-")[2]]


@dataclass(frozen=True, slots=True)
class Recording:
    """Frames in any order, with what the header says about them."""

    frames: Sequence[Frame]
    slots: Sequence[Slot]
    attribution: str
    licence: str = "not stated"
    depth: Literal["full", "top"] = "top"
    price_source: Literal["recorded", "synthetic", "none"] = "none"
    stand_in: Sequence[StandIn] = ()
    settlement: Literal["twap60", "last_price"] = "twap60"


def stand_in_condition(slug: str) -> str:
    """Returns a condition id that depends on the slug alone, for sources that published none."""
    return "0x" + hashlib.sha256(f"condition of {slug}".encode()).hexdigest()


def stand_in_tokens(slug: str) -> tuple[str, str]:
    """Returns token ids that depend on the slug alone, for sources that published none."""
    up, down = (hashlib.sha256(f"{outcome} of {slug}".encode()).hexdigest() for outcome in ("Up", "Down"))
    return str(int(up, 16)), str(int(down, 16))


def with_coverage(slot: Slot, seen: Sequence[int]) -> Slot:
    """Marks the slot whole when `seen`, the ms of every message about it in order, reaches both edges without a gap."""
    start, end = slot.start * 1000, slot.end * 1000
    inside = [t for t in seen if start <= t <= end]
    if not inside:
        return replace(slot, whole=False)
    first = start if seen[0] < start else inside[0]
    last = end if seen[-1] > end else inside[-1]
    reaches = first <= start + EDGE_SECONDS * 1000 and last >= end - EDGE_SECONDS * 1000
    silence = max(later - earlier for earlier, later in pairwise([first, *inside, last]))
    return replace(slot, whole=reaches and silence <= SILENCE_SECONDS * 1000)


def only_whole(recording: Recording) -> Recording:
    """Leaves out the markets of which only a part was recorded, with their frames."""
    dropped = {slot.condition_id for slot in recording.slots if not slot.whole}
    kept = [frame for frame in recording.frames if frame.payload.get("market") not in dropped]
    return replace(recording, frames=kept, slots=[slot for slot in recording.slots if slot.whole])


def write(recording: Recording, path: Path) -> int:
    """Writes the file in one step, the same bytes for the same content; returns the number of frames."""
    frames = sorted(recording.frames, key=lambda frame: frame.t)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(_line(frames[0].t if frames else 0, "header", _header(recording)))
        for frame in frames:
            packed.write(_line(frame.t, frame.source, frame.payload))
    unfinished.replace(path)
    return len(frames)


def _line(t: int, source: str, payload: dict[str, Any]) -> bytes:
    text = json.dumps({"t": t, "source": source, "payload": payload}, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def _header(recording: Recording) -> dict[str, Any]:
    return {
        "format": "tdmaker-recording",
        "version": 1,
        "depth": recording.depth,
        "price_source": recording.price_source,
        "stand_in": list(recording.stand_in),
        "settlement": recording.settlement,
        "attribution": recording.attribution,
        "licence": recording.licence,
        "slots": [_slot(slot) for slot in sorted(recording.slots, key=lambda slot: (slot.start, slot.slug))],
    }


def _slot(slot: Slot) -> dict[str, Any]:
    return {
        "slug": slot.slug,
        "start": slot.start,
        "end": slot.end,
        "coin": slot.coin,
        "whole": slot.whole,
        "outcomes": ["Up", "Down"],
        "tokens": list(slot.tokens),
        "condition_id": slot.condition_id,
        "tick": slot.tick,
        "min_shares": "5",
        "taker_fee_rate": "0.07",
        "winner": slot.winner,
    }
