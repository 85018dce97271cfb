"""An exchange on a desk: a clock one can turn, a pen that signs, an audience that remembers."""

from dataclasses import dataclass, field
from typing import Any

from tests.venue_sim.pen import Pen
from venue_sim import eip712
from venue_sim.eip712 import OrderStruct
from venue_sim.exchange import Exchange, Settings
from venue_sim.facts import KeyIssued, MarketListed
from venue_sim.intake import WireOrder, WireRequest
from venue_sim.journal import Journal, NoJournal
from venue_sim.markets import TAKER_FEE_PPM, Market, Version
from venue_sim.orders import BookSide, Order, OrderType, Side
from venue_sim.state import Trade
from venue_sim.timeline import Timeline
from venue_sim.units import UNIT, parse_amount, parse_price

SLOT_START = 1_800_000_000
ZERO_WORD = "0x" + "00" * 32


@dataclass(slots=True)
class TurnedClock:
    """Wall time that moves only when told."""

    now_ms: int = SLOT_START * 1000

    def wall_ms(self) -> int:
        return self.now_ms

    def monotonic_ns(self) -> int:
        return self.now_ms * 1_000_000


@dataclass(slots=True)
class RememberingAudience:
    """Everything the exchange said, in order, as (kind, what)."""

    heard: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])

    def market_listed(self, market: Market) -> None:
        self.heard.append(("listed", market.slug))

    def book_changed(self, market: Market, changes: list[tuple[BookSide, int, int]]) -> None:
        self.heard.append(("book", changes))

    def printed(self, market: Market, side: Side, up_price: int, shares: int) -> None:
        self.heard.append(("print", (side, up_price, shares)))

    def tick_changed(self, market: Market, old: int) -> None:
        self.heard.append(("tick", (old, market.tick)))

    def market_resolved(self, market: Market) -> None:
        self.heard.append(("resolved", market.winner))

    def order_changed(self, order: Order, kind: str) -> None:
        self.heard.append(("order", (order.id, kind, order.status, order.matched)))

    def trade_changed(self, trade: Trade) -> None:
        self.heard.append(("trade", (trade.fact.id, trade.status)))

    def of(self, kind: str) -> list[Any]:
        return [what for heard, what in self.heard if heard == kind]


class Trader:
    """A private key, its address, its API key on one exchange, and the orders it signs."""

    def __init__(self, exchange: Exchange, name: int, dollars: int = 1000) -> None:
        self.pen = Pen(name)
        self.address = self.pen.address
        self.key = KeyIssued(self.address, 0, f"key-{name}", "c2VjcmV0", "pass", dollars * UNIT)
        self._exchange = exchange
        self._salt = name * 1_000_000
        if self.key.api_key not in exchange.state.keys:
            exchange.record(self.key)

    def request(
        self,
        market: Market,
        side: Side,
        outcome: int,
        price: str,
        shares: str,
        *,
        order_type: OrderType = "GTC",
        post_only: bool = False,
        expiration: int = 0,
        version: Version | None = None,
        owner: str | None = None,
        maker: str | None = None,
    ) -> WireRequest:
        """A signed request; amounts follow from price and shares as the official clients compute them."""
        size = parse_amount(shares)
        cash = size * parse_price(price) // 10_000
        amounts = (cash, size) if side == "BUY" else (size, cash)
        return self.sign(
            market, side, outcome, amounts, order_type, post_only, expiration, version or market.version, owner, maker
        )

    def sign(
        self,
        market: Market,
        side: Side,
        outcome: int,
        amounts: tuple[int, int],
        order_type: OrderType = "GTC",
        post_only: bool = False,
        expiration: int = 0,
        version: Version = "v1",
        owner: str | None = None,
        maker: str | None = None,
    ) -> WireRequest:
        self._salt += 1
        struct = OrderStruct(
            salt=self._salt,
            maker=maker or self.address,
            signer=self.address,
            token_id=int(market.tokens[outcome]),
            maker_amount=amounts[0],
            taker_amount=amounts[1],
            side=0 if side == "BUY" else 1,
            signature_type=0 if maker is None else 2,
            timestamp_ms=SLOT_START * 1000,
            metadata=bytes(32),
            builder=bytes(32),
        )
        domain = eip712.DOMAIN_3 if version == "v2" else eip712.DOMAIN_2
        order = WireOrder(
            salt=struct.salt,
            maker=struct.maker,
            signer=struct.signer,
            tokenId=str(struct.token_id),
            makerAmount=str(struct.maker_amount),
            takerAmount=str(struct.taker_amount),
            side=side,
            signatureType=0 if maker is None else 2,
            timestamp=str(struct.timestamp_ms),
            metadata=ZERO_WORD,
            builder=ZERO_WORD,
            signature=self.pen.sign_hex(eip712.order_digest(struct, domain)),
            expiration=str(expiration),
        )
        return WireRequest(order, owner or self.key.api_key, order_type, post_only)

    def place(self, market: Market, side: Side, outcome: int, price: str, shares: str, **more: Any) -> Order:
        """Admits and, when it takes, releases at once."""
        order = self._exchange.admit(self.request(market, side, outcome, price, shares, **more), self.key)
        if order.status == "DELAYED":
            self._exchange.release(order)
        return order

    def cash(self) -> int:
        return self._exchange.state.ledger.cash[self.address]

    def shares(self, market: Market, outcome: int) -> int:
        return self._exchange.state.ledger.tokens[self.address][market.tokens[outcome]]


@dataclass(slots=True)
class Stand:
    """One exchange with one open market."""

    clock: TurnedClock = field(default_factory=TurnedClock)
    timeline: Timeline = field(default_factory=Timeline)
    audience: RememberingAudience = field(default_factory=RememberingAudience)
    journal: Journal | NoJournal = field(default_factory=NoJournal)
    version: Version = "v1"
    exchange: Exchange = field(init=False)
    market: Market = field(init=False)
    traders: dict[int, Trader] = field(default_factory=dict[int, Trader])

    def __post_init__(self) -> None:
        self.exchange = Exchange(Settings(), self.clock, self.timeline, self.audience, self.journal)
        if not self.exchange.state.markets:
            self.list_slot(SLOT_START)
        self.market = next(iter(self.exchange.state.markets.values()))

    def list_slot(self, start: int) -> Market:
        return self.exchange.list_market(MarketListed("btc", start, 900, self.version, 5 * UNIT, TAKER_FEE_PPM))

    def trader(self, name: int, dollars: int = 1000) -> Trader:
        """The same trader for the same name; the dollars count when it is first asked for."""
        if name not in self.traders:
            self.traders[name] = Trader(self.exchange, name, dollars)
        return self.traders[name]

    def flow(self, bids: dict[str, str], asks: dict[str, str], *, top_only: bool = False) -> None:
        """States the flow's book: {price: shares} a side, Up frame."""
        self.exchange.set_flow(self.market, _levels(bids), _levels(asks), top_only=top_only)

    def take(self, side: BookSide, price: str, shares: str) -> None:
        self.exchange.flow_take(self.market, side, parse_price(price), parse_amount(shares))

    def pass_wall(self, milliseconds: int) -> None:
        self.clock.now_ms += milliseconds
        while self.timeline.run_due(self.clock.now_ms, self.exchange.state.time):
            pass

    def assert_nothing_created_or_lost(self) -> None:
        ledger = self.exchange.state.ledger
        assert ledger.total_cash() == ledger.deposited
        for market in self.exchange.state.markets.values():
            up, down = (ledger.supply(token) for token in market.tokens)
            assert up == down == ledger.vaults[market.condition_id]


def _levels(sizes: dict[str, str]) -> dict[int, int]:
    return {parse_price(price): parse_amount(shares) for price, shares in sizes.items()}
