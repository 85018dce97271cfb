"""The order heartbeat: an API key that armed it must keep it up or loses all its orders."""

import uuid
from dataclasses import dataclass, field

from venue_sim.errors import VenueError

TIMEOUT_MS = 10_000
SWEEP_MS = 5_000
_MISMATCH = "Invalid Heartbeat ID"


@dataclass(slots=True)
class Heartbeats:
    """Expected id and last wall instant of every armed key. There is no disarming; lapsing ends a registration."""

    expected: dict[str, str] = field(default_factory=dict[str, str])
    beaten_ms: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def resumed(cls, beats: dict[str, str], now_ms: int) -> "Heartbeats":
        """After a restart every armed key has the full time to be heard of again."""
        return cls(dict(beats), dict.fromkeys(beats, now_ms))

    def beat(self, api_key: str, heartbeat_id: str, now_ms: int) -> str:
        """The id to send next. Raises VenueError (400 with the expected id, "" to start anew) on a wrong one."""
        expected = self.expected.get(api_key, "")
        if heartbeat_id != expected:
            raise VenueError(400, _MISMATCH, error_msg=_MISMATCH, heartbeat_id=expected)
        self.expected[api_key] = str(uuid.uuid4())
        self.beaten_ms[api_key] = now_ms
        return self.expected[api_key]

    def lose_step(self, api_key: str) -> None:
        """The venue expects another id of an armed key than the one it gave."""
        if api_key in self.expected:
            self.expected[api_key] = str(uuid.uuid4())

    def sweep(self, now_ms: int) -> list[str]:
        """Ends the registrations that have been silent for ten seconds and names their keys."""
        lapsed = [api_key for api_key, beaten in self.beaten_ms.items() if now_ms - beaten >= TIMEOUT_MS]
        for api_key in lapsed:
            del self.expected[api_key], self.beaten_ms[api_key]
        return lapsed
