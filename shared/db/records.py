"""What the tables say of markets, orders and positions, as domain values; read at start and every 30 seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.db.pool import Pool
from shared.domain.ids import AccountId, Coin, MarketId, OrderId, TokenId, VenueOrderId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Order, OrderStatus, Side

MARKETS = """
select m.market_id, m.slug, m.coin, m.slot_start, m.slot_end, m.tick, m.min_shares, m.taker_fee_rate,
       m.protocol_version, m.neg_risk, m.accepting_orders,
       (select array_agg(o.outcome order by o.position) from market_outcome o where o.market_id = m.market_id),
       (select array_agg(o.token_id order by o.position) from market_outcome o where o.market_id = m.market_id)
from market m
where m.slot_end > %(since)s or exists (
    select 1 from market_guard g where g.market_id = m.market_id and g.account_id = %(account)s and not g.settled)
"""

ORDER_COLUMNS = """
select o.order_id, o.market_id, o.token_id, o.outcome, o.side::text, o.rung, o.attempt, o.price, o.shares, o.filled,
       o.status::text, o.venue_order_id, o.occurred_at, o.version
from orders o join market m using (market_id)
"""
ORDERS = f"""{ORDER_COLUMNS}
where o.account_id = %(account)s and (m.slot_end > %(since)s
    or o.status not in ('filled', 'cancelled', 'rejected', 'expired'))
"""

ORDER_BY_VENUE_ID = f"{ORDER_COLUMNS} where o.account_id = %s and o.venue_order_id = %s"
UNRESOLVED_ORDERS = f"""{ORDER_COLUMNS}
where o.account_id = %s and o.status not in ('filled', 'cancelled', 'rejected', 'expired') order by o.recorded_at
"""

POSITIONS = """
select p.market_id, p.token_id, p.outcome, p.shares, p.confirmed_shares, p.cost, p.highest_bid, p.filled_at, p.version
from positions p join market m using (market_id)
where p.account_id = %(account)s and (m.slot_end > %(since)s or p.shares > 0)
"""


@dataclass(frozen=True, slots=True)
class Position:
    """What is held of one token; `version` counts its changes."""

    market: MarketId
    token: TokenId
    outcome: str
    shares: Shares
    confirmed_shares: Shares
    cost: Cash
    highest_bid: Price | None
    filled_at: datetime
    version: int


async def read_markets(pool: Pool, account: AccountId, since: datetime) -> list[Market]:
    """Markets whose slot ends after `since` (domain time) and all that wait for their settlement."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(MARKETS, {"account": account, "since": since})).fetchall()
    return [market_of(*row) for row in rows]


async def read_orders(pool: Pool, account: AccountId, since: datetime) -> list[Order]:
    async with pool.connection() as connection:
        rows = await (await connection.execute(ORDERS, {"account": account, "since": since})).fetchall()
    return [_order(*row) for row in rows]


async def read_order_by_venue_id(pool: Pool, account: AccountId, venue_order: VenueOrderId) -> Order | None:
    """Among all orders ever recorded, final ones too."""
    async with pool.connection() as connection:
        row = await (await connection.execute(ORDER_BY_VENUE_ID, (account, venue_order))).fetchone()
    return None if row is None else _order(*row)


async def read_unresolved_orders(pool: Pool, account: AccountId) -> list[Order]:
    """Orders of which the venue's last word is not known, oldest first."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(UNRESOLVED_ORDERS, (account,))).fetchall()
    return [_order(*row) for row in rows]


async def read_positions(pool: Pool, account: AccountId, since: datetime) -> list[Position]:
    async with pool.connection() as connection:
        rows = await (await connection.execute(POSITIONS, {"account": account, "since": since})).fetchall()
    return [_position(*row) for row in rows]


def market_of(
    market: str, slug: str, coin: str, start: datetime, end: datetime, tick: Decimal, min_shares: Decimal,
    fee_rate: Decimal, version: str, neg_risk: bool, accepting: bool, outcomes: list[str], tokens: list[str],
) -> Market:  # fmt: skip
    """From a row's columns as `MARKETS` has them."""
    first, second = (Outcome(name, TokenId(token)) for name, token in zip(outcomes, tokens, strict=True))
    return Market(
        MarketId(market), slug, Coin(coin), start, end, (first, second), tick, Shares(min_shares), fee_rate,
        ProtocolVersion(version), neg_risk, accepting,
    )  # fmt: skip


def _order(
    order: str, market: str, token: str, outcome: str, side: str, rung: int, attempt: int, price: Decimal,
    shares: Decimal, filled: Decimal, status: str, venue_order: str | None, placed_at: datetime, version: int,
) -> Order:  # fmt: skip
    return Order(
        OrderId(order), MarketId(market), TokenId(token), outcome, Side(side), rung, attempt, Price(price),
        Shares(shares), Shares(filled), OrderStatus(status),
        None if venue_order is None else VenueOrderId(venue_order), placed_at, version,
    )  # fmt: skip


def _position(
    market: str, token: str, outcome: str, shares: Decimal, confirmed: Decimal, cost: Decimal,
    highest_bid: Decimal | None, filled_at: datetime, version: int,
) -> Position:  # fmt: skip
    return Position(
        MarketId(market), TokenId(token), outcome, Shares(shares), Shares(max(Decimal(0), confirmed)), Cash(cost),
        None if highest_bid is None else Price(highest_bid), filled_at, version,
    )  # fmt: skip
