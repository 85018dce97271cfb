"""An accepted order and its vocabulary."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from venue_sim.units import ONE

if TYPE_CHECKING:
    from venue_sim.facts import OrderAccepted

Side = Literal["BUY", "SELL"]
OrderType = Literal["GTC", "GTD", "FOK", "FAK"]
BookSide = Literal["bid", "ask"]

DELAYED = "DELAYED"
LIVE = "LIVE"
MATCHED = "MATCHED"
CANCELED = "CANCELED"
EXPIRED = "CANCELED_EXPIRED_ORDER"
MARKET_RESOLVED = "CANCELED_MARKET_RESOLVED"


@dataclass(slots=True)
class Order:
    """`price` is in 1/10000 of its own token, `shares`, `cash` and `matched` in base units.

    `cash` bounds a market buy (FOK or FAK), whose size is money; every other order is bounded by `shares`.
    `ahead` counts the flow's shares in front of it at its price level.
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
    status: str = LIVE
    matched: int = 0
    paid: int = 0
    ahead: int = 0
    touched: bool = False
    trades: list[str] = field(default_factory=list[str])

    @property
    def remaining(self) -> int:
        return self.shares - self.matched

    @property
    def buys_with_cash(self) -> bool:
        return self.side == "BUY" and self.order_type in {"FOK", "FAK"}

    @property
    def open(self) -> bool:
        return self.status in {LIVE, DELAYED}

    @property
    def book_side(self) -> BookSide:
        """Buying Up and selling Down are the same side of the one book."""
        return "bid" if (self.side == "BUY") == (self.outcome == 0) else "ask"

    @property
    def book_price(self) -> int:
        """Its price in the Up frame."""
        return self.price if self.outcome == 0 else ONE - self.price

    def reserved_cash(self) -> int:
        """What a BUY keeps aside; a held market buy keeps all its cash."""
        if self.side == "SELL" or not self.open:
            return 0
        if self.buys_with_cash:
            return self.cash - self.paid
        return -(-self.remaining * self.price // ONE)

    def reserved_shares(self) -> int:
        return self.remaining if self.side == "SELL" and self.open else 0


def order_of(fact: "OrderAccepted") -> Order:
    return Order(
        id=fact.id,
        owner=fact.owner,
        api_key=fact.api_key,
        maker=fact.maker,
        market=fact.market,
        token=fact.token,
        outcome=fact.outcome,
        side=fact.side,
        price=fact.price,
        shares=fact.shares,
        cash=fact.cash,
        order_type=fact.order_type,
        post_only=fact.post_only,
        expiration=fact.expiration,
        created_ms=fact.created_ms,
    )
