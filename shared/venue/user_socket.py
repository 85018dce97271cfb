"""The user channel: our orders and trades, in all markets. Protocol sheet, section 3.2."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from shared.venue.auth import Credentials
from shared.venue.frames.user import Owner, UserEvent, read_user_frame
from shared.venue.sockets import Connected, Dial, Disconnected, Link, Pace, Tap, dial
from shared.venue.wire import Parsed

UserConsumer = Callable[[Connected | Disconnected | Parsed[UserEvent]], None]
"""Called in the step that read the frame. There is no replay: `Connected` means sweep orders and trades."""


class UserSocket:
    """`maker` is the wallet that holds the funds, where it is not the credentials' own address."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        consumer: UserConsumer,
        *,
        maker: str = "",
        tap: Tap | None = None,
        pace: Pace | None = None,
        dial: Dial = dial,
    ) -> None:
        self._credentials = credentials
        self._owner = Owner(credentials.api_key, maker or credentials.address)
        self._consumer = consumer
        self._link = Link(url, self, pace=pace, tap=tap, dial=dial)

    async def run(self) -> None:
        await self._link.run()

    async def close(self) -> None:
        await self._link.close()

    async def reconnect(self, reason: str) -> None:
        await self._link.reconnect(reason)

    def greeting(self) -> Iterable[str]:
        auth = {
            "apiKey": self._credentials.api_key,
            "secret": self._credentials.secret,
            "passphrase": self._credentials.passphrase,
        }
        yield msgspec.json.encode({"type": "user", "auth": auth}).decode()

    def pending(self) -> Iterable[str]:
        return ()

    def linked(self, change: Connected | Disconnected) -> None:
        self._consumer(change)

    def received(self, text: str) -> None:
        self._consumer(read_user_frame(text, self._owner))
