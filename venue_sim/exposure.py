"""The referee's own count of what each account risks, in base units of cash."""

from collections import defaultdict
from dataclasses import dataclass, field

from venue_sim.orders import Side


@dataclass(slots=True)
class Exposure:
    """`costs` is what the held shares of each token cost, fees left out; `resting` what open buys would still pay.

    A sale takes its part of the cost along, so does a resolution all of it.
    """

    costs: defaultdict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))
    resting: int = 0
    highest: int = 0

    @property
    def now(self) -> int:
        return sum(self.costs.values()) + self.resting

    def trade(self, token: str, side: Side, *, shares: int, value: int, held_before: int) -> None:
        """`value` is what was paid or got; `held_before` the shares held before it."""
        if side == "BUY":
            self.costs[token] += value
        elif shares >= held_before:
            self.costs.pop(token, None)
        else:
            self.costs[token] -= self.costs[token] * shares // held_before

    def take_back(self, token: str, side: Side, value: int) -> None:
        """A failed purchase's cost is gone; the shares of a failed sale are back, at what they would have brought."""
        self.costs[token] = max(0, self.costs[token] + (-value if side == "BUY" else value))

    def settle(self, tokens: tuple[str, str]) -> None:
        for token in tokens:
            self.costs.pop(token, None)

    def look(self, resting: int) -> None:
        """After an event, with what rests now."""
        self.resting = resting
        self.highest = max(self.highest, self.now)
