"""Facts as they arrive, and a Telegram that can be told to fail."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from services.notifier.domain.notification import MarketFacts
from services.notifier.ports import SendFailedError
from shared.domain.ids import AccountId, MarketId, OrderId, TokenId, TradeId
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Side
from shared.messages.envelope import Envelope, Message, encode_body
from shared.messages.fills import FillBooked
from shared.messages.settlement import PositionSettled

ACCOUNT = AccountId("sim:paper:paper")
START = datetime(2026, 4, 1, 8, 45, tzinfo=UTC)
WALL = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
OCCURRED = START + timedelta(minutes=6, seconds=30)
MARKET = MarketFacts(
    slug="btc-updown-15m-1775033100", start=START, strike=Decimal(80_000), spot=Decimal(80_200), spot_at=OCCURRED
)


class FixedClock:
    def __init__(self, wall: datetime = WALL) -> None:
        self._wall = wall

    def now(self) -> datetime:
        return START

    def wall(self) -> datetime:
        return self._wall

    def monotonic_seconds(self) -> float:
        return 0.0


class RecordingMailbox:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def offer(self, text: str) -> None:
        self.texts.append(text)


class FakeRecords:
    """One market; `market` may be changed while time goes on."""

    def __init__(self) -> None:
        self.market = MARKET
        self.entered: datetime | None = None
        self.profit: Decimal | None = None
        self.alerts: list[str] = []

    async def facts(self, market: MarketId) -> MarketFacts:
        return self.market

    async def entered_at(self, market: MarketId, token: TokenId) -> datetime | None:
        return self.entered

    async def sale_profit(self, trade: TradeId, fill_id: int) -> Decimal | None:
        return self.profit

    async def new_alerts(self) -> list[str]:
        alerts, self.alerts = self.alerts, []
        return alerts


class FakeTelegram:
    """Fails as often as told, then delivers."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.attempts = 0
        self.delivered: list[str] = []

    async def send(self, text: str) -> None:
        self.attempts += 1
        if self.failures:
            self.failures -= 1
            raise SendFailedError("no route to host")
        self.delivered.append(text)


def fill(**changes: object) -> FillBooked:
    return msgspec.structs.replace(
        FillBooked(
            account=ACCOUNT,
            fill_id=7,
            trade=TradeId("t1"),
            order_id=OrderId("o1"),
            market=MarketId("0xabc"),
            token=TokenId("77"),
            outcome="Up",
            side=Side.BUY,
            price=Price.of("0.80"),
            shares=Shares.of("12.5"),
            fee=Cash.of(0),
            liquidity="maker",
            status="provisional",
            source="user",
            version=1,
        ),
        **changes,
    )


def settled(**changes: object) -> PositionSettled:
    return msgspec.structs.replace(
        PositionSettled(
            account=ACCOUNT,
            market=MarketId("0xabc"),
            token=TokenId("77"),
            outcome="Up",
            kind="venue",
            payout=Decimal(1),
            shares=Shares.of("12.5"),
            cost=Cash.of("10"),
            profit=Cash.of("2.5"),
            source="gamma",
        ),
        **changes,
    )


def envelope(body: Message, message_id: str = "m1", recorded_at: datetime = WALL) -> Envelope:
    return Envelope(
        message_id=message_id,
        schema=body.SCHEMA,
        occurred_at=OCCURRED,
        recorded_at=recorded_at,
        producer="fills",
        correlation_id="c",
        causation_id=None,
        key="k",
        key_sequence=1,
        body=msgspec.Raw(encode_body(body)),
    )
