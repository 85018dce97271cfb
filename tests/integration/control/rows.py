"""Rows as the other services leave them behind."""

from datetime import UTC, datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb

ACCOUNT = "sim:paper:paper"
NOW = datetime(2026, 4, 1, 8, 51, tzinfo=UTC)
SLOT_SECONDS = 900


def open_account(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("select open_account(%s, 'sim', 'paper', 'paper', 50)", (ACCOUNT,))


def list_market(conninfo: str, coin: str, start: datetime) -> str:
    """Returns the market's id; its tokens are `<coin>-up-<start>` and `<coin>-down-<start>`."""
    seconds = int(start.timestamp())
    market = f"0x{coin}{seconds}"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "insert into market (market_id, venue, slug, coin, slot_start, slot_end, tick, min_shares, taker_fee_rate,"
            " protocol_version, neg_risk, accepting_orders)"
            " values (%s, 'sim', %s, %s, %s, %s, 0.01, 5, 0.07, 'v2', false, true)",
            (market, f"{coin}-updown-15m-{seconds}", coin, start, start + timedelta(seconds=SLOT_SECONDS)),
        )
        for position, outcome in enumerate(("Up", "Down")):
            token = f"{coin}-{outcome.lower()}-{seconds}"
            connection.execute("insert into market_outcome values (%s, %s, %s, %s)", (market, position, outcome, token))
        connection.execute(
            "insert into strike (market_id, price, source, provenance, occurred_at)"
            " values (%s, 80000, 'sim', 'exact', %s)",
            (market, start),
        )
    return market


def place_order(conninfo: str, market: str, order_id: str, *, rung: int = 0, outcome: str = "Up") -> None:
    """A live order of 12.5 shares at 0.80, with its ten dollars reserved by the real function."""
    coin_start = market.removeprefix("0x")
    coin, seconds = coin_start[:3], coin_start[3:]
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for service in ("discovery", "bidder", "executor", "fills", "risk", "settlement"):
            connection.execute("select beat(%s, %s, 'test')", (ACCOUNT, service))
        lease = connection.execute("select take_lease('executor', 'test', interval '1 hour')").fetchone()
        assert lease is not None
        refusal = connection.execute(
            "select reserve(%s, %s, 'tag', %s, %s, %s, 'BUY', 'entry', %s, 0, 0.80, 12.5, 'GTC', true, %s, null,"
            " clock_timestamp() + interval '2 seconds', %s, 'executor', %s, 'c')",
            (
                ACCOUNT,
                order_id,
                market,
                f"{coin}-{outcome.lower()}-{seconds}",
                outcome,
                rung,
                f"venue-{order_id}",
                NOW,
                lease[0],
            ),
        ).fetchone()
        assert refusal == (None,), refusal
        connection.execute("update orders set status = 'live' where order_id = %s", (order_id,))


def fill_order(conninfo: str, order_id: str, shares: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "select book_fill(%s, %s, %s, '', 0.80, %s, 0, 'maker', 'confirmed', 'user', %s, 'fills')",
            (ACCOUNT, f"trade-{order_id}", order_id, shares, NOW),
        )


def end_order(conninfo: str, order_id: str, status: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("update orders set status = %s::order_status where order_id = %s", (status, order_id))


def settle_market(conninfo: str, market: str, winner: str) -> None:
    """Pays 1 to the winning outcome's token."""
    coin_start = market.removeprefix("0x")
    coin, seconds = coin_start[:3], coin_start[3:]
    payouts = {f"{coin}-{name.lower()}-{seconds}": "1" if name == winner else "0" for name in ("Up", "Down")}
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("select mark_swept(%s, %s)", (ACCOUNT, NOW + timedelta(days=1)))
        settled = connection.execute(
            "select settle(%s, %s, %s, 'venue', 'gamma', %s, 'settlement')",
            (ACCOUNT, market, Jsonb(payouts), NOW),
        ).fetchone()
        assert settled == ("settled",), settled
