"""The venue's token buckets, one for orders and one for cancels of every signer."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from venue_sim.clock import Clock
from venue_sim.errors import VenueError

STANDARD_ORDERS_PER_SECOND = 40
CANCELS_PER_ORDER = 2


@dataclass(slots=True)
class Bucket:
    """Holds one and a half seconds' worth, as every tier of the venue does. `held` may go below zero: a debt."""

    per_second: int
    held: float
    filled_ms: int

    @classmethod
    def full(cls, per_second: int, now_ms: int) -> "Bucket":
        return cls(per_second, cls.burst_of(per_second), now_ms)

    @staticmethod
    def burst_of(per_second: int) -> int:
        return per_second * 3 // 2

    def refill(self, now_ms: int) -> None:
        grown = self.held + (now_ms - self.filled_ms) * self.per_second / 1000
        self.held, self.filled_ms = min(grown, self.burst_of(self.per_second)), now_ms

    def wait_seconds(self, cost: int) -> float:
        """How long until `cost` is there; 0 when it is."""
        return max(0.0, (cost - self.held) / self.per_second)


class Limits:
    """Wall time. Nobody is refused when `orders_per_second` is 0."""

    def __init__(self, clock: Clock, orders_per_second: int = STANDARD_ORDERS_PER_SECOND) -> None:
        self._clock = clock
        self._unlimited = orders_per_second == 0
        self._orders = _buckets(orders_per_second, clock)
        self._cancels = _buckets(orders_per_second * CANCELS_PER_ORDER, clock)

    def order(self, signer: str, count: int) -> None:
        """One token an order, all or none. Raises VenueError 429."""
        self._spend(self._orders, signer, count)

    def cancel(self, signer: str, count: int) -> None:
        """One token a cancel, all or none. Raises VenueError 429."""
        self._spend(self._cancels, signer, count)

    def sweep(self, signer: str, count: int) -> None:
        """Cancelling everything, or a market: 1 + what was live, on credit once one token is there.

        Raises VenueError 429.
        """
        self._spend(self._cancels, signer, 1)
        if not self._unlimited:
            self._cancels[signer].held -= count

    def _spend(self, buckets: defaultdict[str, Bucket], signer: str, cost: int) -> None:
        if self._unlimited:
            return
        bucket = buckets[signer]
        bucket.refill(self._clock.wall_ms())
        if bucket.held < cost:
            raise _limited(bucket, cost)
        bucket.held -= cost


def _buckets(per_second: int, clock: Clock) -> defaultdict[str, Bucket]:
    make: Callable[[], Bucket] = lambda: Bucket.full(per_second, clock.wall_ms())  # noqa: E731
    return defaultdict(make)


def _limited(bucket: Bucket, cost: int) -> VenueError:
    wait = bucket.wait_seconds(cost)
    headers = {
        "Retry-After": str(int(wait) + 1),
        "Poly-RateLimit-Remaining": str(max(0, int(bucket.held))),
        "Poly-RateLimit-Reset": f"{wait:.3f}",
    }
    return VenueError(429, "Rate limit exceeded", headers=headers, retry_after_seconds=int(wait) + 1)
