"""A report's record from a replay: from its files, or fresh from a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from lab.replay.records import DecisionRecord, FillRecord, SettlementRecord, ShadowRecord
from lab.replay.run import Outcome
from lab.report.record import SYNTHETIC, Entry, Record, Refusals, Trade, in_order
from shared.domain.ids import OrderId
from shared.domain.money import NO_CASH, Cash, MoneyError, Price, Shares

UNRESOLVED = "unresolved"
SALE = "sale"
T = TypeVar("T")
Key = tuple[str, str]
"""A position: market and outcome."""


class UnreadableReplayError(Exception):
    """The folder is not what `tdmaker replay --out` writes; one line names the file."""


class _Source(msgspec.Struct, frozen=True):
    price_source: str
    lacks: list[str]
    attribution: str
    slots_played: int


class _Summary(msgspec.Struct, frozen=True):
    source: _Source


@dataclass(frozen=True, slots=True)
class _Rows:
    decisions: Sequence[DecisionRecord]
    fills: Sequence[FillRecord]
    settlements: Sequence[SettlementRecord]
    shadows: Sequence[ShadowRecord]


def read_folder(folder: Path) -> Record:
    """What `tdmaker replay --out` wrote. Raises UnreadableReplayError."""
    rows = _Rows(
        _lines(folder / "decisions.jsonl", DecisionRecord),
        _lines(folder / "fills.jsonl", FillRecord),
        _lines(folder / "settlements.jsonl", SettlementRecord),
        _lines(folder / "shadows.jsonl", ShadowRecord),
    )
    summary = _read(folder / "summary.json", msgspec.json.Decoder(_Summary).decode)
    return _record(rows, summary.source, folder.name)


def record_of(outcome: Outcome, name: str) -> Record:
    """`name` is the recording's."""
    told, source = outcome.records, outcome.summary.source
    rows = _Rows(told.decisions, told.fills, told.settlements, told.shadows)
    known = _Source(source.price_source, list(source.lacks), source.attribution, source.slots_played)
    return _record(rows, known, name)


def _record(rows: _Rows, source: _Source, name: str) -> Record:
    open_keys = {_key(each) for each in rows.settlements if each.kind == UNRESOLVED}
    shadows = {_key(each): each.profit for each in rows.shadows}
    return Record(
        source=f"replay of {name}, {source.slots_played} slots",
        mode="replay, fills simulated by the rules of paper",
        prices=source.price_source,
        warning=SYNTHETIC if source.price_source == "synthetic" else "",
        trades=in_order(_trades(rows, open_keys, shadows)),
        refusals=tuple(
            Refusals(each.reason, each.repeats, each.last_at) for each in rows.decisions if each.verdict == "refused"
        ),
        unsettled=len(open_keys),
        shadows_without_ask=sum(each.price is None for each in rows.shadows),
        notes=tuple(_notes(source)),
    )


def _notes(source: _Source) -> Iterable[str]:
    if source.attribution:
        yield f"The recording comes from {source.attribution}."
    if source.lacks:
        yield f"The recording lacks, or stands in for: {', '.join(source.lacks)}."


def _trades(rows: _Rows, open_keys: set[Key], shadows: dict[Key, Cash | None]) -> Iterable[Trade]:
    booked: dict[Key, list[SettlementRecord]] = {}
    for each in rows.settlements:
        booked.setdefault(_key(each), []).append(each)
    bought: dict[Key, list[FillRecord]] = {}
    for fill in rows.fills:
        if fill.side == "BUY":
            bought.setdefault(_key(fill), []).append(fill)
    for key, settlements in booked.items():
        if key not in open_keys and key in bought:
            yield _trade(settlements, bought[key], shadows.get(key))


def _trade(settlements: Sequence[SettlementRecord], fills: Sequence[FillRecord], shadow: Cash | None) -> Trade:
    last = settlements[-1]
    payouts = [each.payout for each in settlements if each.kind != SALE]
    return Trade(
        market=last.market,
        coin=last.coin,
        outcome=last.outcome,
        closed_at=last.at,
        entries=tuple(_entry(fill) for fill in fills),
        profit=sum((each.profit for each in settlements), NO_CASH),
        fees=sum((each.fees for each in settlements), NO_CASH),
        payout=payouts[-1] if payouts else None,
        left_early=any(each.kind == SALE for each in settlements),
        shadow_profit=shadow,
    )


def _entry(fill: FillRecord) -> Entry:
    return Entry(fill.at, OrderId(fill.order_id), fill.rung, fill.price, fill.shares, fill.minute, fill.fair_value)


def _key(each: SettlementRecord | FillRecord | ShadowRecord) -> Key:
    return each.market, each.outcome


def _lines(path: Path, kind: type[T]) -> list[T]:
    decoder = msgspec.json.Decoder(kind, dec_hook=_money)
    return _read(path, decoder.decode_lines)


def _read(path: Path, decode: Callable[[bytes], T]) -> T:
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise UnreadableReplayError(f"{path}: cannot be read ({error.strerror})") from None
    except (msgspec.MsgspecError, MoneyError) as error:
        raise UnreadableReplayError(f"{path}: is not a replay's file: {error}") from None


def _money(kind: type, value: object) -> object:
    """Raises MoneyError, NotImplementedError."""
    if issubclass(kind, Cash | Price | Shares):
        return kind.of(str(value))
    raise NotImplementedError(f"no {kind.__name__} in a replay's files")
