"""One up/down market: its slot, its ids on both protocol versions, its trading terms."""

from dataclasses import dataclass
from typing import Literal

from venue_sim.eip712 import keccak
from venue_sim.units import UNIT

Version = Literal["v1", "v2"]
OUTCOMES = ("Up", "Down")
COINS = {
    "btc": "Bitcoin",
    "eth": "Ethereum",
    "sol": "Solana",
    "xrp": "XRP",
    "doge": "Dogecoin",
    "bnb": "BNB",
    "hype": "Hyperliquid",
    "zec": "Zcash",
}
DURATIONS = {"5m": 300, "15m": 900, "4h": 14_400}
WIDE_TICK = 100
FINE_TICK = 10
MIN_SHARES = 5 * UNIT
TAKER_FEE_PPM = 70_000
TRADING_OPENS_BEFORE_MS = int(23.85 * 3_600_000)


@dataclass(slots=True)
class Market:
    """Times are unix seconds of domain time; `tick` is in 1/10000, `taker_fee_ppm` in millionths."""

    slug: str
    coin: str
    start: int
    end: int
    version: Version
    condition_id: str
    tokens: tuple[str, str]
    tick: int = WIDE_TICK
    min_shares: int = MIN_SHARES
    taker_fee_ppm: int = TAKER_FEE_PPM
    ended: bool = False
    winner: int | None = None
    resolved_ms: int | None = None

    @property
    def duration(self) -> int:
        return self.end - self.start

    @property
    def resolved(self) -> bool:
        return self.winner is not None

    @property
    def gamma_condition_id(self) -> str:
        """Gamma shows the 31 bytes of a v2 condition; the order book pads them to 32."""
        return self.condition_id if self.version == "v1" else self.condition_id[:-2]

    @property
    def winning_token(self) -> str | None:
        return None if self.winner is None else self.tokens[self.winner]

    def accepts_orders(self) -> bool:
        return not self.ended and not self.resolved


def duration_name(seconds: int) -> str:
    return next(name for name, length in DURATIONS.items() if length == seconds)


def slug_of(coin: str, duration: int, start: int) -> str:
    return f"{coin}-updown-{duration_name(duration)}-{start}"


def new_market(coin: str, start: int, duration: int, version: Version) -> Market:
    """Ids follow from the slug alone, so that a restarted simulator names its markets the same."""
    slug = slug_of(coin, duration, start)
    if version == "v2":
        condition, tokens = _position_ids(slug)
    else:
        condition, tokens = _ctf_ids(slug)
    return Market(slug, coin, start, start + duration, version, condition, tokens)


def unused_ids(market: Market) -> tuple[str, str]:
    """The other protocol's ids of the same question: listed by Gamma, traded nowhere."""
    return (_ctf_ids if market.version == "v2" else _position_ids)(market.slug)[1]


def _ctf_ids(slug: str) -> tuple[str, tuple[str, str]]:
    up, down = (str(_hash(f"{slug}/{outcome}")) for outcome in OUTCOMES)
    return "0x" + keccak(slug.encode()).hex(), (up, down)


def _position_ids(slug: str) -> tuple[str, tuple[str, str]]:
    """Module 1 | base hash 128 | arity 16 | reserved 64 | chain 16 | condition index 16 | outcome 8."""
    base = (1 << 248) | (_hash(slug) >> 128 << 120)
    return f"0x{base:064x}", (str(base), str(base + 1))


def _hash(text: str) -> int:
    return int.from_bytes(keccak(text.encode()), "big")
