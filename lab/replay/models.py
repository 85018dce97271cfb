"""The trained models of a replay, with what they remember of the books: the same features as where it trades."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lab.replay.instants import instant
from lab.replay.watched import Watched
from services.bidder.domain.entry_model import EntryModel
from services.bidder.domain.rules import Rules
from services.risk.domain.exit_model import ExitModel
from services.risk.domain.stop_loss import Exposed
from shared.domain.book import Top
from shared.domain.features import BETWEEN, ENTRY_FEATURES, EXIT_FEATURES
from shared.domain.reference import UP, up_move_pct
from shared.runtime.settings import Settings
from shared.runtime.win_models import load_win_model

BETWEEN_MS = int(BETWEEN.total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class Models:
    """`stale_seconds` (domain): a price older than that is a missing one."""

    entry: EntryModel | None
    exit: ExitModel | None
    stale_seconds: float

    def __bool__(self) -> bool:
        return self.entry is not None or self.exit is not None

    def see(self, w: Watched, ms: int) -> None:
        """A changed book. Once both are known, one look a second is remembered, so more need not be put together."""
        if ms - w.remembered_ms < BETWEEN_MS or not all(book.is_known for book in w.books.values()):
            return
        w.remembered_ms, now = ms, instant(ms)
        if self.entry is not None:
            w.refresh()
            self.entry.see(w.state, now)
        if self.exit is not None and (tops := _tops(w)) is not None:
            self.exit.see(w.market.market, *tops, now)

    def keep(self, watched: Iterable[Watched]) -> None:
        """Forgets the books of every other market."""
        names = [each.market.market for each in watched]
        for model in (self.entry, self.exit):
            if model is not None:
                model.keep(names)

    def p_win(self, w: Watched, exposed: Exposed, now: datetime) -> Decimal | None:
        """The exit model's answer; None without one, and where it lacks a book, a strike or a fresh price."""
        tops, reference = _tops(w), w.state.reference(now, self.stale_seconds)
        if self.exit is None or tops is None or reference is None:
            return None
        move_pct = up_move_pct(*reference)
        return None if move_pct is None else self.exit.p_win(exposed, w.market, *tops, move_pct, now)


def models_of(settings: Settings, rules: Rules) -> Models:
    """Raises WinModelError."""
    entry, leave = settings.model_path, settings.exit_model_path
    return Models(
        entry=None if entry is None else EntryModel(load_win_model(entry, ENTRY_FEATURES), rules),
        exit=None if leave is None else ExitModel(load_win_model(leave, EXIT_FEATURES)),
        stale_seconds=settings.cb_stale_seconds,
    )


def _tops(w: Watched) -> tuple[Top, Top] | None:
    """Up's and Down's, whichever is listed first; None while one is unknown."""
    tops = {book.outcome.name: book.top(w.seen_at) for book in w.books.values()}
    up, down = tops.pop(UP), next(iter(tops.values()))
    return None if up is None or down is None else (up, down)
