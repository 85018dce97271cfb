"""Markets that were looked for and not found: which are worth a word, so that a late listing is no flood of them."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Told:
    why: str
    due: datetime
    pause: timedelta


@dataclass(slots=True)
class Missing:
    """Each is told at once and when its reason changes, otherwise after pauses (domain time) that double."""

    _told: dict[str, _Told] = field(default_factory=dict[str, _Told])

    def is_news(self, slug: str, why: str, now: datetime) -> bool:
        told = self._told.get(slug)
        if told is not None and told.why == why and now < told.due:
            return False
        pause = told.pause * 2 if told is not None and told.why == why else FIRST_PAUSE
        self._told[slug] = _Told(why, now + pause, pause)
        return True

    def keep_only(self, slugs: Container[str]) -> None:
        """Forgets what is not looked for any more."""
        self._told = {slug: told for slug, told in self._told.items() if slug in slugs}
