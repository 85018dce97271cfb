"""An account with a market, an order and a position; switches that remember what was thrown."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from services.control.domain.access import parse_tokens
from services.control.domain.overview import (
    AccountView,
    BreakerView,
    Exposure,
    MarketView,
    OrderView,
    PositionView,
    ProfitView,
    ServiceView,
    TopView,
)
from services.control.domain.receipt import OrderState, VenueReceipt
from services.control.ports import DatabaseAwayError, UnavailableError

ACCOUNT = "sim:paper:paper"
START = datetime(2026, 4, 1, 8, 45, tzinfo=UTC)
WALL = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
VIEWER = "viewer-token-of-these-tests"  # made up for the tests
OPERATOR = "operator-token-of-these-tests"  # made up for the tests


def tokens_file(*entries: tuple[str, str, str]) -> str:
    """Name, role and token of each entry, as the file has them."""
    return json.dumps({"tokens": [{"name": name, "role": role, "token": token} for name, role, token in entries]})


TOKENS = parse_tokens(tokens_file(("wall screen", "viewer", VIEWER), ("desk", "operator", OPERATOR)))
ORDER = OrderView(
    order_id="tag/0xabc/Up/0/0",
    market="0xabc",
    slug="btc-updown-15m-1775033100",
    outcome="Up",
    side="BUY",
    purpose="entry",
    rung=0,
    attempt=0,
    price=Decimal("0.80"),
    shares=Decimal("12.5"),
    filled=Decimal(0),
    reserved=Decimal("10.00"),
    status="live",
    reason="",
    venue_order_id="0xdef",
    placed_at=START,
)


class SteppingClock:
    """Every look at the monotonic clock is ten milliseconds later."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(minutes=6)

    def wall(self) -> datetime:
        return WALL

    def monotonic_seconds(self) -> float:
        self._seconds += 0.01
        return self._seconds

    def skip(self, seconds: float) -> None:
        self._seconds += seconds


class FakeRecords:
    def __init__(self) -> None:
        self.account_view: AccountView | None = AccountView(
            ACCOUNT, "active", (), Exposure(Decimal(8), Decimal(10), Decimal(50), Decimal(20))
        )
        self.unreachable = False
        self.read = 0

    def _reach(self) -> None:
        self.read += 1
        if self.unreachable:
            raise UnavailableError("Postgres cannot be reached, so no order can be reserved either")

    async def account(self) -> AccountView | None:
        self._reach()
        return self.account_view

    async def markets(self, domain_now: datetime) -> list[MarketView]:
        self._reach()
        untold = [TopView(name, token, None, None, None, None, known=False, seen_at=None) for name, token in
                  (("Up", "77"), ("Down", "78"))]  # fmt: skip
        return [
            MarketView(
                market="0xabc",
                slug=ORDER.slug,
                coin="btc",
                start=START,
                end=START + timedelta(minutes=15),
                strike=Decimal(80_000),
                strike_source="sim",
                spot=None,
                price_source=None,
                move_pct=None,
                tops=tuple(untold),
                decisions={"Up": "placed"},
            )
        ]

    async def orders(self, *, working_only: bool, limit: int) -> list[OrderView]:
        self._reach()
        orders = [ORDER, replace(ORDER, order_id="old", status="cancelled")]
        return [order for order in orders if not working_only or order.status == "live"][:limit]

    async def positions(self, *, held_only: bool, limit: int) -> list[PositionView]:
        self._reach()
        return [
            PositionView(
                market="0xabc",
                slug=ORDER.slug,
                outcome="Up",
                token="77",
                shares=Decimal(10),
                confirmed_shares=Decimal(10),
                cost=Decimal("8.00"),
                average_price=Decimal("0.8000"),
                bid=None,
                worth=None,
                settled=False,
                profit=None,
                filled_at=START,
            )
        ][:limit]

    async def profit(self, domain_now: datetime) -> ProfitView:
        self._reach()
        return ProfitView(
            Decimal("2.5"), Decimal("1.5"), Decimal(0), wins=3, losses=1, fills=4, shadow_wins=2, shadow_losses=2,
            shadow_profit=Decimal("-1.25"), settlements=(),
        )  # fmt: skip

    async def breaker(self, domain_now: datetime) -> BreakerView | None:
        self._reach()
        return BreakerView(
            True, "5 losses in a row", START, Decimal(-20), Decimal(-50), 5, 5, Decimal(-20), Decimal(-200), None
        )

    async def services(self) -> list[ServiceView]:
        return [ServiceView("risk", "a", 0.4)]


class FakeSwitches:
    """Halting cancels one of two open orders; the other fills while it is being cancelled, unless told to hang."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, str, str]] = []
        self.hanging = False
        self.away_times = 0
        self.day_at_limit = False

    async def halt(self, actor: str, reason: str) -> str:
        if self.away_times:
            self.away_times -= 1
            raise DatabaseAwayError("Postgres cannot be reached")
        self.acts.append(("halt", actor, reason))
        return "halted"

    async def resume(self, actor: str, reason: str) -> str:
        self.acts.append(("resume", actor, reason))
        return "active"

    async def pause(self, actor: str, reason: str) -> str:
        self.acts.append(("pause", actor, reason))
        return "reducing"

    async def reset_breaker(self, actor: str, *, force: bool) -> str | None:
        if self.day_at_limit and not force:
            return None
        self.acts.append(("reset_breaker", actor, ""))
        return "active"

    async def open_orders(self) -> list[OrderState]:
        return [OrderState("a", "live", Decimal(0)), OrderState("b", "live", Decimal(0))]

    async def wait_until_closed(self, order_ids: frozenset[str], wait_seconds: float) -> Mapping[str, OrderState]:
        last = OrderState("b", "uncertain", Decimal(0)) if self.hanging else OrderState("b", "filled", Decimal(5))
        return {"a": OrderState("a", "cancelled", Decimal(0)), "b": last}


class FakeEmptying:
    """Two orders that go with the first strike."""

    def __init__(self) -> None:
        self.strikes = 0

    async def strike(self) -> VenueReceipt:
        self.strikes += 1
        return VenueReceipt(cancelled=2, open_now=0, empty_ms=40, problem="")


class FakeLevels:
    def __init__(self) -> None:
        self.spot_price: Decimal | None = Decimal(80_200)

    def top(self, outcome: str, token: str) -> TopView:
        bid = Decimal("0.82") if outcome == "Up" else Decimal("0.17")
        return TopView(outcome, token, bid, Decimal(40), bid + Decimal("0.01"), Decimal(30), known=True, seen_at=START)

    def spot(self, coin: str) -> tuple[Decimal, str] | None:
        return None if self.spot_price is None else (self.spot_price, "sim")
