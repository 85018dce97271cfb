"""One account with its markets over a real Postgres, driven through the named functions as the services drive them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from cli.audit import audit, read_books

ACCOUNT = "sim:paper:paper"
LEASE = f"{ACCOUNT}/executor"
START = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
END = START + timedelta(minutes=15)
DURING = START + timedelta(minutes=5)
WATCHERS = ("discovery", "bidder", "fills", "risk")
FINAL = ("filled", "cancelled", "rejected", "expired")


def order_name(market: str, outcome: str, rung: int, attempt: int, tag: str = "td") -> str:
    return f"{tag}/{market}/{outcome}/{rung}/{attempt}"


def token_of(market: str, outcome: str) -> str:
    return f"{market}-{outcome}"


@dataclass(slots=True)
class Desk:
    """`epoch` is of the executor's lease. Every write goes through a function that the services use."""

    connection: psycopg.Connection
    epoch: int = 0
    account: str = ACCOUNT
    swept: datetime | None = None
    markets: list[str] = field(default_factory=list[str])

    @classmethod
    def opened(cls, url: str, limit: str = "100", market: str = "m1") -> Desk:
        """With one market, everybody alive and the executor's lease held."""
        desk = cls(psycopg.connect(url, autocommit=True))
        desk.open_account(limit)
        desk.add_market(market)
        return desk

    @property
    def lease(self) -> str:
        return f"{self.account}/executor"

    def open_account(self, limit: str) -> None:
        """Everybody of it is alive and the executor's lease held."""
        wallet = self.account.rpartition(":")[2]
        self.one(
            "select account_id from open_account(%s, 'sim', 'paper', %s, %s)", self.account, wallet, Decimal(limit)
        )
        self.everybody_alive()
        self.epoch = self.one("select take_lease(%s, 'here', interval '1 hour')", self.lease)

    def close(self) -> None:
        self.connection.close()

    def one(self, statement: LiteralString, *parameters: object) -> Any:
        row = self.connection.execute(statement, parameters).fetchone()
        return None if row is None else row[0]

    def rows(self, statement: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, parameters).fetchall()

    def add_market(self, market: str) -> None:
        self.connection.execute(
            "insert into market (market_id, venue, slug, coin, slot_start, slot_end, tick, min_shares, taker_fee_rate,"
            " protocol_version, neg_risk, accepting_orders) values (%s, 'sim', %s, 'btc', %s, %s, 0.01, 5, 0.07, 'v1',"
            " false, true)",
            (market, market, START, END),
        )
        for position, outcome in enumerate(("Up", "Down")):
            self.connection.execute(
                "insert into market_outcome values (%s, %s, %s, %s)",
                (market, position, outcome, token_of(market, outcome)),
            )
        self.markets.append(market)

    def everybody_alive(self) -> None:
        for service in WATCHERS:
            self.one("select beat(%s, %s, 'here')", self.account, service)

    def reserve(
        self,
        outcome: str = "Up",
        rung: int = 0,
        attempt: int = 0,
        *,
        market: str = "m1",
        price: str = "0.80",
        shares: str = "20",
        tag: str = "td",
        side: str = "BUY",
        purpose: str = "entry",
        valid_seconds: float = 60,
        time_in_force: str = "GTC",
        domain_now: datetime = DURING,
        epoch: int | None = None,
    ) -> str | None:
        order = order_name(market, outcome, rung, attempt, tag) + ("" if purpose == "entry" else "/exit")
        return self.one(
            "select reserve(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
            " clock_timestamp() + %s * interval '1 second', %s, %s, %s, %s)",
            self.account, order, tag, market, token_of(market, outcome), outcome, side, purpose, rung, attempt,
            Decimal(price), Decimal(shares), time_in_force, time_in_force == "GTC", f"venue-{order}",
            b"signed", valid_seconds, domain_now, self.lease,
            self.epoch if epoch is None else epoch, order,
        )  # fmt: skip

    def sell(
        self, shares: str, *, outcome: str = "Up", attempt: int = 0, market: str = "m1", price: str = "0.01"
    ) -> str | None:
        return self.reserve(
            outcome, 0, attempt, market=market, price=price, shares=shares, side="SELL", purpose="exit",
            time_in_force="FAK",
        )  # fmt: skip

    def close_entries(self, market: str = "m1") -> None:
        self.one("select close_entries(%s, %s, 'STOP_LOSS', 'risk', %s)", self.account, market, DURING)

    def report_closed(self, market: str = "m1") -> bool:
        return self.one(
            "select entries_closed(%s, %s, %s, %s, %s)", self.account, market, DURING, self.lease, self.epoch
        )

    def placed(self, outcome: str = "Up", rung: int = 0, attempt: int = 0, **terms: Any) -> str:
        """Reserved and accepted by the venue; its name."""
        refusal = self.reserve(outcome, rung, attempt, **terms)
        assert refusal is None, refusal
        purpose = terms.get("purpose", "entry")
        order = order_name(terms.get("market", "m1"), outcome, rung, attempt, terms.get("tag", "td"))
        order += "" if purpose == "entry" else "/exit"
        assert self.event(order, "accepted") == "live"
        return order

    def event(
        self, order: str, event: str, matched: str | None = None, reason: str = "", epoch: int | None = None
    ) -> str:
        return self.one(
            "select apply_order_event(%s, %s, %s, %s, %s, %s, 'executor', %s, %s)::text",
            self.account, order, event, None if matched is None else Decimal(matched), reason, DURING, self.lease,
            self.epoch if epoch is None else epoch,
        )  # fmt: skip

    def fill(
        self,
        order: str,
        trade: str = "t1",
        shares: str = "20",
        price: str = "0.80",
        *,
        status: str = "provisional",
        bucket: str = "",
        fee: str = "0",
        source: str = "user",
    ) -> str:
        return self.one(
            "select book_fill(%s, %s, %s, %s, %s, %s, %s, 'maker', %s, %s, %s, 'fills')",
            self.account, trade, order, bucket, Decimal(price), Decimal(shares), Decimal(fee), status, source, DURING,
        )  # fmt: skip

    def swept_past_the_end(self) -> None:
        self.one("select mark_swept(%s, %s)", self.account, END)

    def settle(self, winner: str = "Up", *, market: str = "m1", kind: str = "venue") -> str:
        payouts = {token_of(market, outcome): "1" if outcome == winner else "0" for outcome in ("Up", "Down")}
        return self.one(
            "select settle(%s, %s, %s, %s, 'test', %s, 'settlement')", self.account, market, Jsonb(payouts), kind, END
        )

    def status(self, order: str) -> str:
        return self.one("select status::text from orders where order_id = %s", order)

    def state(self) -> str:
        return self.one("select trading_state::text from account where account_id = %s", self.account)

    def causes(self) -> set[str]:
        return {row[0] for row in self.rows("select cause from trading_cause where account_id = %s", self.account)}

    def exposure(self) -> Decimal:
        return self.one("select open_cost + reserved from account where account_id = %s", self.account)

    def reserved(self) -> Decimal:
        return self.one("select reserved from account where account_id = %s", self.account)

    def position(self, outcome: str = "Up", market: str = "m1") -> tuple[Decimal, Decimal] | None:
        """Shares and cost."""
        rows = self.rows("select shares, cost from positions where token_id = %s", token_of(market, outcome))
        return (rows[0][0], rows[0][1]) if rows else None

    def profit(self, market: str = "m1") -> Decimal:
        return self.one("select coalesce(sum(profit), 0) from settlement where market_id = %s", market)

    def facts(self, schema: str) -> list[dict[str, Any]]:
        return [row[0] for row in self.rows("select body from outbox where schema = %s order by outbox_id", schema)]

    def differences(self) -> list[str]:
        """Where the account row, its orders and positions, and its ledger do not say the same; empty always."""
        row = self.connection.execute(
            "select open_cost, positions_cost, ledger_inventory, reserved, orders_reserved, ledger_reserved,"
            " ledger_profit, settled_profit from account_audit where account_id = %s",
            (self.account,),
        ).fetchone()
        assert row is not None
        cost, positions, inventory, reserved, orders, ledger, profit, settled = row
        said = {
            "open cost": (cost, positions, inventory),
            "reserved": (reserved, orders, ledger),
            "profit": (profit, settled),
        }
        audited = [f"{each.what}: {each.told}, not {each.computed}" for each in audit(read_books(self.connection))]
        return [*(f"{name}: {values}" for name, values in said.items() if len(set(values)) > 1), *audited]
