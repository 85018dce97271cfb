"""An order: its terms, fixed when it was accepted, and what became of it."""

from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from venue_sim.units import ONE

Side = Literal["BUY", "SELL"]
OrderType = Literal["GTC", "GTD", "FOK", "FAK"]
BookSide = Literal["bid", "ask"]

DELAYED = "DELAYED"
LIVE = "LIVE"
MATCHED = "MATCHED"
CANCELED = "CANCELED"
EXPIRED = "CANCELED_EXPIRED_ORDER"
MARKET_RESOLVED = "CANCELED_MARKET_RESOLVED"


class OrderTerms(Struct, frozen=True):
    """`price` is in 1/10000 of its own token, `shares` and `cash` in base units, `expiration` in unix seconds.

    `owner` is the address of the API key, `maker` the wallet that signed. `market` is a condition id.
    """

    id: str
    owner: str
    api_key: str
    maker: str
    market: str
    token: str
    outcome: int
    side: Side
    price: int
    shares: int
    cash: int
    order_type: OrderType
    post_only: bool
    expiration: int
    created_ms: int

    @property
    def immediate(self) -> bool:
        """FOK and FAK never rest."""
        return self.order_type in {"FOK", "FAK"}

    @property
    def buys_with_cash(self) -> bool:
        """An immediate buy is bounded by `cash`, every other order by `shares`."""
        return self.side == "BUY" and self.immediate

    @property
    def book_side(self) -> BookSide:
        """Buying Up and selling Down are the same side of the one book."""
        return "bid" if (self.side == "BUY") == (self.outcome == 0) else "ask"

    @property
    def book_price(self) -> int:
        """Its price in the Up frame."""
        return self.price if self.outcome == 0 else ONE - self.price


@dataclass(slots=True, eq=False)
class Order:
    """`matched` and `failed` shares and `paid` cash in base units. What failed on chain was matched, and rests no more.

    `ahead` counts the flow's shares in front of it at its level; `touched` says that the flow's own best price has
    been at or beyond its own.
    """

    terms: OrderTerms
    status: str = LIVE
    matched: int = 0
    failed: int = 0
    paid: int = 0
    ahead: int = 0
    touched: bool = False
    trades: list[str] = field(default_factory=list[str])

    @property
    def id(self) -> str:
        return self.terms.id

    @property
    def remaining(self) -> int:
        return self.terms.shares - self.matched - self.failed

    @property
    def open(self) -> bool:
        return self.status in {LIVE, DELAYED}

    def reserved_cash(self) -> int:
        """What an open BUY keeps aside: its price for the rest, or all of a market buy's cash."""
        if self.terms.side == "SELL" or not self.open:
            return 0
        if self.terms.buys_with_cash:
            return self.terms.cash - self.paid
        return -(-self.remaining * self.terms.price // ONE)

    def reserved_shares(self) -> int:
        return self.remaining if self.terms.side == "SELL" and self.open else 0
