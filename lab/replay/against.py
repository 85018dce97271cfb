"""A replay of the raw frames held against the paper run that heard them: what agrees, what differs, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from lab.replay.traded import Act, Pair, Traded

NONE = "-"
TOO_EARLY = "TOO_EARLY"
KNOWN_CAUSES = {
    TOO_EARLY: "a run looks before the slot too",
    "MARKET_CLOSED": "a run looks after the slot too",
    "RUNG_TAKEN": "a run waits for its order's answer",
    "STALE_BOOK": "the recording is silent, a run asks for a quiet book by REST",
    "HALTED": "the recording is silent, or the run was not active",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`what`: decisions, order, fill, profit. `why` is empty where both agree or nothing tells."""

    market: str
    slot: str
    what: str
    run: str
    replay: str
    agrees: bool
    why: str = ""


def findings(pairs: Sequence[Pair]) -> list[Finding]:
    return [each for pair in pairs for each in _of(pair)]


def _of(pair: Pair) -> Iterator[Finding]:
    run, replay = pair.run, pair.replayed
    if not run.orders and all(reason == TOO_EARLY for _, _, reason in run.answers):
        yield Finding(
            run.slug, replay.slug, "decisions", NONE, NONE, agrees=False, why="the run ended before this slot"
        )
        return
    yield _decisions(pair)
    for what, here, there in (("order", run.orders, replay.orders), ("fill", run.fills, replay.fills)):
        for one, other in zip_longest(here, there):
            yield _acts(pair, what, one, other)
    profits = (str(run.profit), str(replay.profit))
    is_open = run.profit is None and bool(run.fills)
    why = "the run ended before the result" if is_open else "its orders or fills differ"
    agrees = run.profit == replay.profit
    yield Finding(run.slug, replay.slug, "profit", *profits, agrees=agrees, why="" if agrees else why)


def _decisions(pair: Pair) -> Finding:
    """The kinds of answers; how often each was given depends on how many books were skipped or looked at by time."""
    run, replay = set(pair.run.answers), set(pair.replayed.answers)
    here, there = sorted(run - replay), sorted(replay - run)
    causes = sorted({KNOWN_CAUSES[reason] for _, _, reason in run ^ replay if reason in KNOWN_CAUSES})
    return Finding(
        pair.run.slug,
        pair.replayed.slug,
        "decisions",
        f"{len(run)} kinds" + (f", alone {_told(here)}" if here else ""),
        f"{len(replay)} kinds" + (f", alone {_told(there)}" if there else ""),
        agrees=run == replay,
        why="; ".join(causes),
    )


def _told(answers: Sequence[tuple[str, str, str]]) -> str:
    return ", ".join(f"{outcome} {reason or verdict}" for outcome, verdict, reason in answers)


def _acts(pair: Pair, what: str, run: Act | None, replay: Act | None) -> Finding:
    agrees = run is not None and replay is not None and _traits(run) == _traits(replay)
    why = _why_apart(pair, run, replay)
    return Finding(pair.run.slug, pair.replayed.slug, what, _words(run), _words(replay), agrees=agrees, why=why)


def _why_apart(pair: Pair, run: Act | None, replay: Act | None) -> str:
    if run is None or replay is None:
        lacking, other = (pair.run, replay) if run is None else (pair.replayed, run)
        return "" if other is None else f"refused there: {_refusals(lacking, other.outcome)}"
    if run.outcome != replay.outcome or run.side != replay.side:
        return "another outcome or side"
    later = run.seconds - replay.seconds
    moved = run.price - replay.price
    return f"{later:+} s" + (f", price {moved:+}" if moved else "")


def _refusals(traded: Traded, outcome: str) -> str:
    """The most frequent first."""
    counts = {reason: looks for (name, _, reason), looks in traded.answers.items() if name == outcome and reason}
    return ", ".join(sorted(counts, key=lambda reason: -counts[reason])[:3]) or "nothing was asked"


def _traits(act: Act) -> tuple[object, ...]:
    return act.outcome, act.side, act.price, act.shares


def _words(act: Act | None) -> str:
    return NONE if act is None else f"{act.side} {act.shares} {act.outcome} at {act.price}, {act.seconds} s in"
