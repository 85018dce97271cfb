"""The order heartbeat: an API key that once armed it must keep it up or loses all its orders."""

import uuid
from dataclasses import dataclass, field

from venue_sim.errors import VenueError

TIMEOUT_MS = 10_000
SWEEP_MS = 5_000


@dataclass(slots=True)
class Heartbeats:
    """Last id and wall instant per key. A key stays armed for good: the venue offers no disarm."""

    expected: dict[str, str] = field(default_factory=dict[str, str])
    beaten_ms: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def resumed(cls, beats: dict[str, str], now_ms: int) -> "Heartbeats":
        """After a restart every armed key has the full time to be heard of again."""
        return cls(dict(beats), dict.fromkeys(beats, now_ms))

    def beat(self, api_key: str, heartbeat_id: str, now_ms: int) -> str:
        """The id to send next. Raises VenueError (400, the expected id) on a wrong one.

        An empty id starts a chain, also anew once the old one has lapsed; inside a living chain it is a wrong one.
        """
        expected = self.expected.get(api_key)
        fresh_start = heartbeat_id == "" and self._lapsed(api_key, now_ms)
        if expected is not None and heartbeat_id != expected and not fresh_start:
            message = "Invalid Heartbeat ID"
            raise VenueError(400, message, error_msg=message, heartbeat_id=expected)
        self.expected[api_key] = str(uuid.uuid4())
        self.beaten_ms[api_key] = now_ms
        return self.expected[api_key]

    def lapsed(self, now_ms: int) -> list[str]:
        """Armed keys without a valid heartbeat for ten seconds."""
        return [api_key for api_key in self.beaten_ms if self._lapsed(api_key, now_ms)]

    def _lapsed(self, api_key: str, now_ms: int) -> bool:
        return now_ms - self.beaten_ms.get(api_key, 0) >= TIMEOUT_MS
