"""Top-of-book rows as frames of the market channel."""

from dataclasses import dataclass, field
from decimal import Decimal

from lab.convert.recording import Frame

STAND_IN_SHARES = Decimal(100)
FINE_TICK = "0.001"
ONE = Decimal(1)
NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Top:
    """Best bid and ask with their sizes in shares; a price of 0 (bid) or 1 (ask), or no size, means an empty side."""

    bid: Decimal
    bid_shares: Decimal
    ask: Decimal
    ask_shares: Decimal

    def mirrored(self) -> "Top":
        """Returns the other outcome's top, as the venue's one book per market implies it."""
        return Top(ONE - self.ask, self.ask_shares, ONE - self.bid, self.bid_shares)


def without_sizes(bid: Decimal, ask: Decimal) -> Top:
    """Returns a top whose levels carry the stand-in size."""
    return Top(bid, STAND_IN_SHARES, ask, STAND_IN_SHARES)


@dataclass(slots=True)
class ChangedTops:
    """Turns tops into frames and leaves out those that repeat what the token showed already."""

    frames: list[Frame] = field(default_factory=list[Frame])
    _seen: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    _shown: dict[str, Top] = field(default_factory=dict[str, Top])
    _fine: set[str] = field(default_factory=set[str])

    def see(self, t: int, market: str, token: str, top: Top, venue_ms: int | None = None) -> None:
        """Records the top of `token` at `t` ms; `venue_ms` is the venue's own stamp where there is one."""
        self._seen.setdefault(market, []).append(t)
        if self._shown.get(token) == top:
            return
        self._shown[token] = top
        stamp = str(t if venue_ms is None else venue_ms)
        self._follow_tick(t, market, token, top, stamp)
        self.frames.append(Frame(t, "clob.market", _book(market, token, top, stamp)))

    def watched(self, market: str) -> list[int]:
        """Returns the ms of every message about `market`, repeats included."""
        return self._seen.get(market, [])

    def _follow_tick(self, t: int, market: str, token: str, top: Top, stamp: str) -> None:
        if token in self._fine or not (_off_cent(top.bid) or _off_cent(top.ask)):
            return
        self._fine.add(token)
        change = {
            "event_type": "tick_size_change",
            "market": market,
            "asset_id": token,
            "old_tick_size": "0.01",
            "new_tick_size": FINE_TICK,
            "timestamp": stamp,
        }
        self.frames.append(Frame(t, "clob.market", change))


def _book(market: str, token: str, top: Top, stamp: str) -> dict[str, object]:
    return {
        "event_type": "book",
        "market": market,
        "asset_id": token,
        "bids": [] if top.bid <= NONE else _level(top.bid, top.bid_shares),
        "asks": [] if top.ask >= ONE else _level(top.ask, top.ask_shares),
        "timestamp": stamp,
    }


def _level(price: Decimal, shares: Decimal) -> list[dict[str, str]]:
    return [{"price": _plain(price), "size": _plain(shares)}] if shares > NONE else []


def _off_cent(price: Decimal) -> bool:
    return price % Decimal("0.01") != NONE


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
