"""What a run came to."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cli.readings import Progress


@dataclass(frozen=True, slots=True)
class Summary:
    """`ready_s` and `first_fill_s` are wall seconds since the start; `differences` one line each."""

    mode: str
    venue: str
    progress: Progress
    differences: tuple[str, ...]
    errors: int
    last_errors: tuple[str, ...]
    restarts: int
    ready_s: float
    started_at: datetime

    @property
    def first_fill_s(self) -> float | None:
        first = self.progress.first_fill_at
        return None if first is None else round((first - self.started_at).total_seconds(), 2)

    @property
    def traded(self) -> bool:
        return self.progress.orders > 0 and self.progress.fills > 0

    @property
    def sound(self) -> bool:
        """Nothing differed and nothing failed."""
        return not self.differences and not self.errors and not self.restarts

    def as_json(self) -> dict[str, object]:
        """The keys that scripts rely on."""
        return {
            "mode": self.mode,
            "venue": self.venue,
            "markets": self.progress.markets,
            "orders": self.progress.orders,
            "fills": self.progress.fills,
            "settled": self.progress.settled,
            "profit_usd": _number(self.progress.profit),
            "exposure_peak_usd": _number(self.progress.exposure_peak),
            "referee_difference": len(self.differences),
            "errors": self.errors,
            "restarts": self.restarts,
            "ready_s": round(self.ready_s, 2),
            "first_fill_s": self.first_fill_s,
        }

    def faults(self) -> list[str]:
        """What kept the run from being sound, one line each."""
        lines = [f"differs: {line}" for line in self.differences]
        lines += [f"error: {line}" for line in self.last_errors]
        return lines + ([f"{self.restarts} restarts"] if self.restarts else [])


def _number(amount: Decimal) -> float:
    return round(float(amount), 6)
