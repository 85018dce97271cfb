"""Everything that ever happened, one struct a fact: the journal's lines and the only way state changes."""

from typing import Literal

from msgspec import Struct

from venue_sim.markets import Version
from venue_sim.orders import OrderTerms, Side


class ClockSet(Struct, frozen=True, tag="clock"):
    """`run` is the run that this time belongs to; another run waits for its own."""

    origin_wall_ms: int
    origin_domain_ms: int
    speed: float
    run: str = ""


class KeyIssued(Struct, frozen=True, tag="key"):
    address: str
    nonce: int
    api_key: str
    secret: str
    passphrase: str
    deposit: int


class KeyDeleted(Struct, frozen=True, tag="key_deleted"):
    api_key: str


class WalletBound(Struct, frozen=True, tag="wallet"):
    wallet: str
    owner: str


class CashMoved(Struct, frozen=True, tag="cash"):
    """Past the book, as people do on the chain; negative leaves the wallet. Base units."""

    address: str
    amount: int


class MarketListed(Struct, frozen=True, tag="market"):
    """`recorded` names the slot of the recording that this market replays."""

    coin: str
    start: int
    duration: int
    version: Version
    min_shares: int
    taker_fee_ppm: int
    recorded: str | None = None


class TickChanged(Struct, frozen=True, tag="tick"):
    market: str
    tick: int


class OrderAccepted(Struct, frozen=True, tag="order"):
    terms: OrderTerms


class OrderClosed(Struct, frozen=True, tag="closed"):
    id: str
    status: str


class MakerLeg(Struct, frozen=True):
    """A maker's part of a trade; `shares` in base units. The flow's orders have made-up ids.

    `up_price` is its own where the trade took makers of several prices, else None: the trade's.
    """

    order_id: str
    account: str
    outcome: int
    side: Side
    shares: int
    up_price: int | None = None


class Traded(Struct, frozen=True, tag="trade"):
    """One taker against makers of one price, unless they say their own. `up_price` in 1/10000, `fee` in base units."""

    id: str
    market: str
    taker_order_id: str
    taker: str
    outcome: int
    side: Side
    up_price: int
    shares: int
    fee: int
    makers: list[MakerLeg]
    bucket: int
    matched_ms: int

    def price_of(self, leg: MakerLeg) -> int:
        return self.up_price if leg.up_price is None else leg.up_price


class TradeMoved(Struct, frozen=True, tag="trade_moved"):
    id: str
    status: str
    transaction: str
    moved_ms: int


class MarketEnded(Struct, frozen=True, tag="ended"):
    market: str


class MarketResolved(Struct, frozen=True, tag="resolved"):
    """`redeems`: winning tokens became cash at once; otherwise their holders have to ask for it."""

    market: str
    winner: int
    resolved_ms: int
    redeems: bool = True


class TokenMove(Struct, frozen=True):
    """Tokens that become cash, base units. A merge takes `shares` of both outcomes; a redemption takes them of one, or
    of both all there are (None)."""

    kind: Literal["redeem", "merge"]
    market: str
    outcome: int | None
    shares: int | None


class TransactionSent(Struct, frozen=True, tag="transaction"):
    """Calls of the owner's deposit wallet, on their way to the chain."""

    id: str
    owner: str
    nonce: int
    moves: list[TokenMove]


class TransactionMoved(Struct, frozen=True, tag="transaction_moved"):
    id: str
    state: str
    reason: str = ""


class Beat(Struct, frozen=True, tag="beat"):
    """The id a key has to send next; an empty one says that its registration lapsed."""

    api_key: str
    heartbeat_id: str


Fact = (
    ClockSet
    | KeyIssued
    | KeyDeleted
    | WalletBound
    | CashMoved
    | MarketListed
    | TickChanged
    | OrderAccepted
    | OrderClosed
    | Traded
    | TradeMoved
    | MarketEnded
    | MarketResolved
    | TransactionSent
    | TransactionMoved
    | Beat
)
