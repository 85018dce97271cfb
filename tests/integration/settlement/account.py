"""An account that trades, written through the same functions as the services use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg

from shared.domain.market import Market

START = datetime(2026, 4, 1, 8, 45, tzinfo=UTC)
END = START + timedelta(minutes=15)
ACCOUNT = "sim:paper:paper"
UP, DOWN = "111", "222"


@dataclass
class TradingAccount:
    """`connection` is the database owner's, in autocommit."""

    connection: psycopg.Connection

    def open(self) -> TradingAccount:
        self.call("select open_account(%s, 'sim', 'paper', 'paper', 100)", ACCOUNT)
        self.call("select take_lease('executor', 'test', interval '1 hour')")
        self.beat()
        return self

    def beat(self, *services: str) -> None:
        for service in services or ("discovery", "bidder", "fills", "risk"):
            self.call("select beat(%s, %s, 'test')", ACCOUNT, service)

    def fall_silent(self, service: str) -> None:
        self.call("update liveness set seen_at = seen_at - interval '1 minute' where service = %s", service)

    def list_market(self, market: str = "0xm1", tokens: tuple[str, str] = (UP, DOWN)) -> None:
        self.call(
            "insert into market (market_id, venue, slug, coin, slot_start, slot_end, tick, min_shares, taker_fee_rate,"
            " protocol_version, neg_risk, accepting_orders)"
            " values (%s, 'sim', %s, 'btc', %s, %s, 0.01, 5, 0.07, 'v1', false, true)",
            *(market, f"btc-updown-15m-{market}", START, END),
        )
        for position, (outcome, token) in enumerate(zip(("Up", "Down"), tokens, strict=True)):
            self.call("insert into market_outcome values (%s, %s, %s, %s)", market, position, outcome, token)

    def take_market(self, market: Market) -> None:
        """A market of the venue's."""
        self.call(
            "insert into market (market_id, venue, slug, coin, slot_start, slot_end, tick, min_shares, taker_fee_rate,"
            " protocol_version, neg_risk, accepting_orders)"
            " values (%s, 'sim', %s, %s, %s, %s, %s, %s, %s, %s, %s, true)",
            *(market.market, market.slug, market.coin, market.start, market.end, market.tick, market.min_shares.value),
            *(market.taker_fee_rate, market.version, market.neg_risk),
        )
        for position, outcome in enumerate(market.outcomes):
            self.call(
                "insert into market_outcome values (%s, %s, %s, %s)",
                *(market.market, position, outcome.name, outcome.token),
            )

    def reserve(
        self,
        order: str,
        *,
        market: str = "0xm1",
        token: str = UP,
        outcome: str = "Up",
        price: str = "0.80",
        shares: str = "10",
    ) -> str | None:
        """The reason for refusing, None when reserved."""
        rung = self.call("select count(*) from orders where market_id = %s", market)
        valid_until = datetime.now(UTC) + timedelta(seconds=2)  # noqa: TID251 the database's own clock decides
        refusal = self.call(
            "select reserve(%s, %s, 't', %s, %s, %s, 'BUY', 'entry', %s, 0, %s, %s, 'GTC', true, %s, null, %s, %s,"
            " 'executor', 1, 'c')",
            *(
                ACCOUNT,
                order,
                market,
                token,
                outcome,
                rung,
                Decimal(price),
                Decimal(shares),
                f"venue-{order}",
                valid_until,
                START,
            ),
        )
        return None if refusal is None else str(refusal)

    def event(self, order: str, event: str) -> None:
        self.call("select apply_order_event(%s, %s, %s, null, '', %s, 'test')", ACCOUNT, order, event, START)

    def fill(self, order: str, shares: str = "10", price: str = "0.80") -> None:
        self.call(
            "select book_fill(%s, %s, %s, '', %s, %s, 0, 'maker', 'confirmed', 'test', %s, 'test')",
            *(ACCOUNT, f"trade-{order}", order, Decimal(price), Decimal(shares), START + timedelta(minutes=10)),
        )

    def sweep(self, until: datetime = END) -> None:
        self.call("select mark_swept(%s, %s)", ACCOUNT, until)

    def bought(
        self, order: str = "o1", *, market: str = "0xm1", token: str = UP, shares: str = "10", price: str = "0.80"
    ) -> None:
        """An entry of the outcome Up, filled whole."""
        assert self.reserve(order, market=market, token=token, price=price, shares=shares) is None
        self.event(order, "accepted")
        self.fill(order, shares, price)

    def one(self, statement: str, *parameters: object) -> tuple[object, ...]:
        row = self.connection.execute(statement.encode(), parameters).fetchone()
        assert row is not None
        return row

    def call(self, statement: str, *parameters: object) -> object:
        cursor = self.connection.execute(statement.encode(), parameters)
        row = cursor.fetchone() if cursor.description else None
        return None if row is None else row[0]
