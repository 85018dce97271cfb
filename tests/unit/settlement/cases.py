"""Markets past their end, as settlement sees them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.settlement.domain.case import Case, Kind
from shared.domain.ids import Coin, MarketId, TokenId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Shares

START = datetime(2026, 4, 1, 8, 45, tzinfo=UTC)
END = START + timedelta(minutes=15)
GRACE = timedelta(seconds=300)
UP, DOWN = TokenId("111"), TokenId("222")


def after(**parts: float) -> datetime:
    """An instant that long after the market's end."""
    return END + timedelta(**parts)


def market(name: str = "0xm1", outcomes: tuple[Outcome, Outcome] | None = None) -> Market:
    return Market(
        market=MarketId(name),
        slug=f"btc-updown-15m-{name}",
        coin=Coin("btc"),
        start=START,
        end=END,
        outcomes=outcomes or (Outcome("Up", UP), Outcome("Down", DOWN)),
        tick=Decimal("0.01"),
        min_shares=Shares.of(5),
        taker_fee_rate=Decimal("0.07"),
        version=ProtocolVersion.V1,
        neg_risk=False,
        accepting_orders=True,
    )


def case(
    name: str = "0xm1",
    *,
    held: TokenId | None = UP,
    first_fill_at: datetime | None = START + timedelta(minutes=10),
    unsettled: bool = True,
    guarded: bool = True,
    settled_by: Kind | None = None,
) -> Case:
    return Case(
        market=market(name),
        held=held,
        first_fill_at=first_fill_at if held else None,
        has_unsettled_shares=unsettled and held is not None,
        is_guarded=guarded,
        settled_by=settled_by,
    )
