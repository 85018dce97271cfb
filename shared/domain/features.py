"""What a trained model looks at, always in Up's frame; the same in production, replay and training.

Money turns into floats here and never back: a model's answer is a probability.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.book import Level, Top

KEPT = timedelta(seconds=216)
BETWEEN = timedelta(seconds=1)
NEAREST_MAY_MISS = 0.8
"""Of the span: a snapshot further off than this from the instant asked for is none. 120 s x 1.8 is what is kept."""
LEAST_DOWN_SPREAD = 0.001
LEAST_MINUTES = 0.5

ENTRY_FEATURES = (
    "up_bid",
    "up_ask",
    "up_spread",
    "up_bid_size",
    "up_ask_size",
    "down_bid",
    "down_ask",
    "down_spread",
    "down_bid_size",
    "down_ask_size",
    "move_pct",
    "abs_move_pct",
    "minutes_into_slot",
    "hour_utc",
    "weekday",
    "spread_ratio",
    "bid_imbalance",
    "favourite_bid",
    "move_velocity",
    "book_pressure",
    "bid_change_30s",
    "bid_change_120s",
    "ask_change_30s",
    "spread_change_60s",
)
EXIT_FEATURES = (
    *ENTRY_FEATURES,
    "entry_price",
    "highest_bid",
    "drop",
    "relative_drop",
    "minutes_left",
    "minutes_held",
    "unrealised_per_share",
)


@dataclass(frozen=True, slots=True)
class Quote:
    """Top of one outcome: dollars and shares. An empty side has price and size 0, so a spread can be below 0."""

    bid: float = 0.0
    ask: float = 0.0
    bid_size: float = 0.0
    ask_size: float = 0.0

    @property
    def spread(self) -> float:
        return self.ask - self.bid


@dataclass(frozen=True, slots=True)
class BookView:
    up: Quote
    down: Quote
    at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """The held outcome's entry price and bids in dollars, as that outcome's token trades (not turned to Up)."""

    entry_price: float
    highest_bid: float
    bid: float
    filled_at: datetime


class BookRing:
    """Snapshots of one market's books: one a second at most, the first of it, and 216 s of them."""

    def __init__(self) -> None:
        self._views: deque[BookView] = deque()

    def see(self, view: BookView) -> None:
        """Earlier than a second after the last one it is left out, and so is one that goes back in time."""
        if self._views and view.at - self._views[-1].at < BETWEEN:
            return
        self._views.append(view)
        while view.at - self._views[0].at > KEPT:
            self._views.popleft()

    def before(self, now: datetime, seconds: float) -> BookView | None:
        """The snapshot nearest to `seconds` ago, the older of two as near; None where none is near enough."""
        target = now - timedelta(seconds=seconds)
        nearest = min(self._around(target), key=lambda view: abs(view.at - target), default=None)
        if nearest is None or abs(nearest.at - target).total_seconds() > NEAREST_MAY_MISS * seconds:
            return None
        return nearest

    def _around(self, target: datetime) -> list[BookView]:
        index = bisect_left(self._views, target, key=lambda view: view.at)
        return [self._views[each] for each in (index - 1, index) if 0 <= each < len(self._views)]


def book_view(up: Top | None, down: Top | None, at: datetime) -> BookView:
    """No top is read as an empty book: whether that may be is the caller's filter."""
    return BookView(_quote(up), _quote(down), at)


def entry_features(
    view: BookView, ring: BookRing, move_pct: float, start: datetime, now: datetime
) -> tuple[float, ...]:
    """Values of ENTRY_FEATURES in that order. `move_pct` is Up's; `now` is UTC domain time."""
    up, down = view.up, view.down
    minutes = (now - start).total_seconds() / 60
    return (
        *_quoted(up),
        *_quoted(down),
        move_pct,
        abs(move_pct),
        minutes,
        float(now.hour),
        float(now.weekday()),
        up.spread / max(down.spread, LEAST_DOWN_SPREAD),
        up.bid - down.bid,
        max(up.bid, down.bid),
        move_pct / max(minutes, LEAST_MINUTES),
        _pressure(up.bid_size, down.bid_size),
        *_changes(view, ring, now),
    )


def exit_features(entry: tuple[float, ...], holding: Holding, end: datetime, now: datetime) -> tuple[float, ...]:
    """Values of EXIT_FEATURES in that order; `entry` are those of ENTRY_FEATURES at `now`."""
    drop = holding.highest_bid - holding.bid
    return (
        *entry,
        holding.entry_price,
        holding.highest_bid,
        drop,
        drop / holding.highest_bid if holding.highest_bid > 0 else 0.0,
        (end - now).total_seconds() / 60,
        (now - holding.filled_at).total_seconds() / 60,
        holding.bid - holding.entry_price,
    )


def _quote(top: Top | None) -> Quote:
    if top is None:
        return Quote()
    bid, bid_size = _level(top.bid)
    ask, ask_size = _level(top.ask)
    return Quote(bid, ask, bid_size, ask_size)


def _level(level: Level | None) -> tuple[float, float]:
    return (float(level.price.value), float(level.shares.value)) if level else (0.0, 0.0)


def _quoted(quote: Quote) -> tuple[float, ...]:
    return quote.bid, quote.ask, quote.spread, quote.bid_size, quote.ask_size


def _pressure(up: float, down: float) -> float:
    return (up - down) / (up + down) if up + down > 0 else 0.0


def _changes(view: BookView, ring: BookRing, now: datetime) -> tuple[float, ...]:
    """Of Up's book; 0 where no snapshot is near enough."""
    before_30s, before_60s, before_120s = (ring.before(now, seconds) for seconds in (30, 60, 120))
    return (
        view.up.bid - before_30s.up.bid if before_30s else 0.0,
        view.up.bid - before_120s.up.bid if before_120s else 0.0,
        view.up.ask - before_30s.up.ask if before_30s else 0.0,
        view.up.spread - before_60s.up.spread if before_60s else 0.0,
    )
