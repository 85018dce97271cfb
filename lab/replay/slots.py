"""The markets of a recording that can be traded in, and why the others cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from lab.replay.frames import Slot
from lab.replay.levels import number
from shared.domain.ids import Coin, MarketId, TokenId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Shares

NAMES = frozenset({"Up", "Down"})
DURATIONS_SECONDS = {"5m": (300,), "15m": (900,), "both": (300, 900)}


@dataclass(frozen=True, slots=True)
class Playable:
    market: Market
    winner: TokenId | None


@dataclass(frozen=True, slots=True)
class Skipped:
    slug: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which slots of a recording to play; `durations_seconds` are slot lengths."""

    coins: frozenset[str]
    durations_seconds: tuple[int, ...]
    with_partial: bool = False


def sort_out(slots: Iterable[Slot], wanted: Wanted) -> tuple[list[Playable], list[Skipped]]:
    """In the header's order."""
    playable: list[Playable] = []
    skipped: list[Skipped] = []
    seen: set[str] = set()
    for slot in slots:
        reason = _why_not(slot, wanted, seen)
        if reason is None:
            playable.append(_playable(slot))
            seen |= {slot.condition_id, *slot.tokens}
        else:
            skipped.append(Skipped(slot.slug, reason))
    return playable, skipped


def _why_not(slot: Slot, wanted: Wanted, seen: set[str]) -> str | None:
    unsound = _why_unsound(slot, seen)
    if unsound is not None:
        return unsound
    if slot.coin not in wanted.coins:
        return "coin not in symbols"
    if slot.end - slot.start not in wanted.durations_seconds:
        return "other slot_duration"
    return None if slot.whole or wanted.with_partial else "not recorded whole"


def _why_unsound(slot: Slot, seen: set[str]) -> str | None:
    if len(slot.outcomes) != 2 or len(slot.tokens) != 2 or slot.tokens[0] == slot.tokens[1]:
        return "not two outcomes with a token each"
    if frozenset(slot.outcomes) != NAMES:
        return "outcomes are not Up and Down"
    if slot.winner not in {0, 1, None} or slot.start >= slot.end or seen & {slot.condition_id, *slot.tokens}:
        return "contradicts itself or another slot"
    return None if _numbers_are_sound(slot) else "tick, minimum size or fee rate is no usable number"


def _numbers_are_sound(slot: Slot) -> bool:
    try:
        tick, least, rate = number(slot.tick), number(slot.min_shares), number(slot.taker_fee_rate)
    except ValueError:
        return False
    return 0 < tick < 1 and least > 0 and 0 <= rate < 1


def _playable(slot: Slot) -> Playable:
    first, second = (Outcome(name, TokenId(token)) for name, token in zip(slot.outcomes, slot.tokens, strict=True))
    market = Market(
        market=MarketId(slot.condition_id),
        slug=slot.slug,
        coin=Coin(slot.coin),
        start=datetime.fromtimestamp(slot.start, UTC),
        end=datetime.fromtimestamp(slot.end, UTC),
        outcomes=(first, second),
        tick=Decimal(slot.tick),
        min_shares=Shares.of(slot.min_shares),
        taker_fee_rate=Decimal(slot.taker_fee_rate),
        version=ProtocolVersion.V2,
        neg_risk=False,
        accepting_orders=True,
    )
    return Playable(market, None if slot.winner is None else TokenId(slot.tokens[slot.winner]))
