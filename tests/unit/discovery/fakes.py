"""A venue and a database on a desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.discovery.domain.slots import WantedSlot
from services.discovery.domain.strikes import Strike
from services.discovery.ports import FoundMarket
from shared.domain.ids import MarketId, TokenId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Shares

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


@dataclass
class TurnedClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    def monotonic_seconds(self) -> float:
        return (self.at - NOON).total_seconds()


def market_of(wanted: WantedSlot) -> Market:
    name = f"{wanted.coin}-{wanted.minutes}-{int(wanted.start.timestamp())}"
    return Market(
        market=MarketId(f"0x{name}"),
        slug=name,
        coin=wanted.coin,
        start=wanted.start,
        end=wanted.start + timedelta(minutes=wanted.minutes),
        outcomes=(Outcome("Up", TokenId(f"up-{name}")), Outcome("Down", TokenId(f"down-{name}"))),
        tick=Decimal("0.01"),
        min_shares=Shares.of(5),
        taker_fee_rate=Decimal("0.07"),
        version=ProtocolVersion.V1,
        neg_risk=False,
        accepting_orders=True,
    )


@dataclass
class ListedCatalogue:
    """Lists every slot but the hidden ones."""

    hidden: set[datetime] = field(default_factory=set[datetime])
    strikes: dict[datetime, Decimal] = field(default_factory=dict[datetime, Decimal])
    accepting: bool = True

    async def find(self, wanted: Sequence[WantedSlot]) -> Sequence[FoundMarket]:
        return [
            FoundMarket(market_of(each), self.strikes.get(each.start))
            for each in wanted
            if each.start not in self.hidden
        ]


@dataclass
class RememberedListings:
    """As the table would answer; `is_away` makes every write fail."""

    markets: dict[MarketId, list[Market]] = field(default_factory=dict[MarketId, list[Market]])
    strikes: dict[MarketId, Strike] = field(default_factory=dict[MarketId, Strike])
    is_away: bool = False

    async def list_market(self, market: Market, now: datetime) -> int | None:
        if self.is_away:
            raise ConnectionError("the database is away")
        listings = self.markets.setdefault(market.market, [])
        if listings and listings[-1] == market:
            return None
        listings.append(market)
        return len(listings)

    async def capture_strike(self, market: MarketId, strike: Strike, now: datetime) -> int | None:
        if self.is_away:
            raise ConnectionError("the database is away")
        self.strikes[market] = strike
        return 1


@dataclass
class RememberedStreams:
    subscribed: list[list[TokenId]] = field(default_factory=list[list[TokenId]])
    unsubscribed: list[list[TokenId]] = field(default_factory=list[list[TokenId]])

    def subscribe(self, tokens: Sequence[TokenId]) -> None:
        self.subscribed.append(list(tokens))

    def unsubscribe(self, tokens: Sequence[TokenId]) -> None:
        self.unsubscribed.append(list(tokens))


@dataclass
class RememberedReport:
    told: list[tuple[str, object]] = field(default_factory=list[tuple[str, object]])

    def market_listed(self, market: Market, version: int | None) -> None:
        self.told.append(("listed", version))

    def strike_captured(self, market: MarketId, strike: Strike, version: int | None) -> None:
        self.told.append(("captured", strike.provenance.value))

    def strike_checked(self, market: MarketId, agrees: bool) -> None:
        self.told.append(("checked", agrees))
