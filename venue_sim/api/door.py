"""The bench's two instants per market: an in-range bid leaves the simulator, the first order for it arrives."""

from dataclasses import dataclass, field

from venue_sim.book import Book
from venue_sim.clock import Clock
from venue_sim.units import ONE

RANGE = (7500, 8500)


@dataclass(slots=True)
class Door:
    """Monotonic nanoseconds per market (condition id)."""

    clock: Clock
    sent_ns: dict[str, int] = field(default_factory=dict[str, int])
    arrived_ns: dict[str, int] = field(default_factory=dict[str, int])

    def opens(self, market: str, books: dict[str, Book]) -> bool:
        """Does the book now show an outcome's best bid inside 0.75..0.85, for the first time?"""
        if market in self.sent_ns:
            return False
        bid, ask = books[market].best("bid"), books[market].best("ask")
        low, high = RANGE
        return (bid is not None and low <= bid <= high) or (ask is not None and low <= ONE - ask <= high)

    def frame_leaves(self, market: str) -> None:
        self.sent_ns.setdefault(market, self.clock.monotonic_ns())

    def order_arrives(self, market: str, arrived_ns: int) -> None:
        self.arrived_ns.setdefault(market, arrived_ns)

    def samples(self) -> list[dict[str, object]]:
        """Only markets with both instants."""
        return [
            {"market": market, "frame_sent_ns": sent, "order_arrived_ns": self.arrived_ns[market]}
            for market, sent in self.sent_ns.items()
            if market in self.arrived_ns
        ]
