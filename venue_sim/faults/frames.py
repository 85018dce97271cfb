"""What happens to the frames of one connection between the venue and its reader."""

from dataclasses import dataclass

from venue_sim.faults.switchboard import Faults


@dataclass(frozen=True, slots=True)
class Channel:
    """The names of one kind of socket's faults; "" where it has none of that sort."""

    silent: str
    lost: str
    duplicated: str = ""
    reordered: str = ""
    malformed: str = ""


MARKET = Channel(
    "market_socket_silent",
    "market_frames_lost",
    "market_frames_duplicated",
    "market_frames_reordered",
    "market_frames_malformed",
)
USER = Channel("user_socket_silent", "user_events_lost", "user_events_duplicated", "user_events_reordered")
PRICE = Channel("price_socket_silent", "price_frames_lost")


class Passing:
    """One connection's. A frame that is held back comes right after the next one, or not at all."""

    def __init__(self, channel: Channel, faults: Faults) -> None:
        self._channel = channel
        self._faults = faults
        self._opened = faults.switched
        self._held: list[str] = []

    def frames(self, text: str) -> list[str]:
        """What the reader gets for one frame of the venue."""
        channel, faults = self._channel, self._faults
        if faults.silences(channel.silent, self._opened) or faults.strikes(channel.lost):
            return []
        if faults.strikes(channel.malformed):
            text = text[: len(text) // 2]
        if not self._held and faults.strikes(channel.reordered):
            self._held.append(text)
            return []
        out = [text, text] if faults.strikes(channel.duplicated) else [text]
        out += self._held
        self._held.clear()
        return out
