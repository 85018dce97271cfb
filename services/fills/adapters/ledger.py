"""Fills, orders and positions in Postgres, changed through the named functions alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from services.fills.domain.adoption import LostOrder
from services.fills.domain.dollars import UNITS_PER_DOLLAR, OwnCash, Payout
from services.fills.domain.matching import KnownOrder
from services.fills.domain.paper import PaperOrder
from services.fills.domain.proof import LEDGER, UNITS_PER_SHARE, Difference, Holding, OwnOrder, OwnSide
from services.fills.domain.shadow import FirstFill, Shadow
from services.fills.domain.sightings import Booking, FillSeen
from services.fills.ports import LedgerUnavailableError
from shared.db.lease import Lease
from shared.db.pool import Pool, load_sql
from shared.db.records import read_markets
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, MarketId, OrderId, TokenId, TradeId, VenueOrderId
from shared.domain.market import Market, ProtocolVersion
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import IMMEDIATE, OrderStatus, Side, TimeInForce
from shared.fault_points import reach

SQL = load_sql(Path(__file__).parent / "sql")
ANSWER_BOUND_SECONDS = 5.0
MOST_ASKED = 16
"""Balances of settled tokens a look: with those of running markets it stays within the venue's twenty a second."""
Row = Sequence[Any]


class PostgresLedger:
    def __init__(self, pool: Pool, account: AccountId, lease: Lease, clock: Clock) -> None:
        self._pool = pool
        self._account = account
        self._lease = lease
        self._clock = clock
        self._markets: dict[MarketId, Market] = {}

    async def book(self, booking: Booking) -> str:
        seen = booking.seen
        parameters = {
            "trade": seen.trade,
            "order": booking.order_id,
            "bucket": seen.bucket,
            "price": seen.price.value,
            "shares": seen.shares.value,
            "fee": booking.fee.value,
            "liquidity": seen.liquidity,
            "status": seen.status,
            "source": seen.source,
            "occurred_at": seen.occurred_at,
        }
        reach("fill_heard")
        booked = str((await self._write("book", parameters))[0][0])
        reach("fill_booked")
        return booked

    async def park(self, seen: FillSeen, reason: str) -> None:
        payload = Jsonb({name: str(getattr(seen, name)) for name in FillSeen.__slots__})
        parameters = {"market": seen.market, "identity": identity_of(seen), "reason": reason, "payload": payload}
        await self._write("park", parameters)

    async def resolve_parked(self, seen: FillSeen) -> bool:
        return bool((await self._write("resolve_parked", {"identity": identity_of(seen)}))[0][0])

    async def apply(self, order: OrderId, event: str, matched: Shares, reason: str, occurred_at: datetime) -> None:
        parameters = {
            "order": order,
            "event": event,
            "matched": matched.value,
            "reason": reason[:500],
            "occurred_at": occurred_at,
        }
        await self._write("apply", parameters)

    async def mark_swept(self, until: datetime) -> None:
        await self._write("mark_swept", {"until": until})

    async def known_orders(self, venue_orders: Sequence[VenueOrderId]) -> list[KnownOrder]:
        return [_known(*row) for row in await self._read("known_orders", {"venue_orders": list(venue_orders)})]

    async def working_orders(self, market: MarketId) -> list[KnownOrder]:
        return [_known(*row) for row in await self._read("working_orders", {"market": market})]

    async def paper_orders(self) -> list[PaperOrder]:
        rows = await self._read("paper_orders", {})
        return [
            PaperOrder(
                OrderId(order),
                MarketId(market),
                TokenId(token),
                Price(price),
                Shares(remaining),
                end,
                side=Side(side),
                time_in_force=TimeInForce(time_in_force),
            )
            for order, market, token, price, remaining, end, side, time_in_force in rows
        ]

    async def markets_to_sweep(self) -> list[MarketId]:
        return [MarketId(row[0]) for row in await self._read("markets_to_sweep", {})]

    async def wants_sweep(self, domain_now: datetime) -> bool:
        return bool((await self._read("wants_sweep", {"domain_now": domain_now}))[0][0])

    async def market(self, market: MarketId) -> Market | None:
        if market not in self._markets:
            try:
                found = await read_markets(self._pool, self._account, self._clock.now())
            except psycopg.Error as error:
                raise LedgerUnavailableError(f"{type(error).__name__}: {error}") from error
            self._markets = {each.market: each for each in found}
        return self._markets.get(market)

    async def swept_until(self) -> datetime | None:
        return (await self._read("swept_until", {}))[0][0]

    async def listed(self, markets: Sequence[MarketId]) -> frozenset[MarketId]:
        return frozenset(MarketId(row[0]) for row in await self._read("listed", {"markets": list(markets)}))

    async def adopt(self, lost: LostOrder, status: OrderStatus) -> str:
        parameters = {
            "venue_order": lost.venue_order_id,
            "market": lost.market,
            "token": lost.token,
            "side": str(lost.side),
            "price": lost.price.value,
            "shares": lost.shares.value,
            "time_in_force": lost.time_in_force,
            "status": str(status),
            "occurred_at": lost.occurred_at,
        }
        return str((await self._write("adopt", parameters))[0][0])

    async def alert(self, detail: str) -> None:
        await self._read("alert", {"detail": detail})

    async def own_side(self) -> OwnSide:
        since, orders, fills, holdings = (await self._read("own_side", {"domain_now": self._clock.now()}))[0]
        return OwnSide(
            since=since,
            orders={
                VenueOrderId(order): OwnOrder(
                    MarketId(market), OrderStatus(status), shares, TimeInForce(time_in_force) in IMMEDIATE
                )
                for order, market, status, shares, time_in_force in orders
            },
            fills={(VenueOrderId(order), TradeId(trade)): shares for order, trade, shares in fills},
            holdings={
                TokenId(token): Holding(
                    MarketId(market), held, ProtocolVersion(version), arriving, leaving, has_ended=has_ended
                )
                for token, market, held, version, arriving, leaving, has_ended in holdings
            },
        )

    async def own_differences(self) -> list[Difference]:
        rows = await self._read("own_differences", {})
        return [Difference(LEDGER, subject, None, ours, theirs) for subject, ours, theirs in rows]

    async def open_cases(self) -> list[tuple[str, str]]:
        return [(kind, subject) for kind, subject in await self._read("open_cases", {})]

    async def open_case(self, difference: Difference) -> bool:
        parameters = {
            "kind": difference.kind,
            "subject": difference.subject,
            "market": difference.market,
            "ours": Jsonb(difference.ours),
            "theirs": Jsonb(difference.theirs),
            "amount": Decimal(abs(difference.excess)) / UNITS_PER_SHARE,
        }
        return bool((await self._write("open_case", parameters))[0][0])

    async def close_case(self, kind: str, subject: str) -> bool:
        return bool((await self._write("close_case", {"kind": kind, "subject": subject}))[0][0])

    async def own_cash(self) -> OwnCash:
        parameters = {"domain_now": self._clock.now(), "most_asked": MOST_ASKED}
        stated, entry, fill, moved, taken, odd, spent, earned, booked, most, payouts, unasked, is_newer = (
            await self._read("own_cash", parameters)
        )[0]
        asked = [Payout(TokenId(token), ProtocolVersion(version), *units) for token, version, *units in payouts]
        return OwnCash(
            stated, entry, fill, moved, taken, odd, spent, earned, booked, most, asked, unasked, is_newer=is_newer
        )

    async def state_cash(self, cash: int, own: OwnCash) -> None:
        dollars = Decimal(cash) / UNITS_PER_DOLLAR
        await self._write("state_cash", {"cash": dollars, "entry": own.entry, "fill": own.fill})

    async def mark_paid_out(self, tokens: Sequence[TokenId]) -> None:
        await self._write("mark_paid_out", {"tokens": list(tokens)})

    async def shadows_due(self) -> list[FirstFill]:
        return [
            FirstFill(MarketId(market), TradeId(trade), TokenId(token), outcome, Cash(stake), rate, at)
            for market, trade, token, outcome, stake, rate, at in await self._read("shadows_due", {})
        ]

    async def enter_shadow(self, shadow: Shadow) -> bool:
        first, bought = shadow.first, shadow.bought
        parameters = {
            "market": first.market,
            "token": first.token,
            "outcome": first.outcome,
            "ask": bought.ask.value if bought else None,
            "fee_per_share": bought.fee_per_share.value if bought else None,
            "stake": first.stake.value,
            "shares": bought.shares.value if bought else None,
            "result": shadow.result,
            "entered_at": first.occurred_at,
        }
        return bool((await self._write("enter_shadow", parameters))[0][0])

    async def keep_frame(self, source: str, reason: str, excerpt: str) -> None:
        """What could not be read, for inspection; the newest thousand."""
        await self._execute("keep_frame", {"source": source, "reason": reason, "excerpt": excerpt}, has_rows=False)

    async def _write(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        fence = {"lease": self._lease.name, "epoch": self._lease.epoch or 0}
        return await self._execute(name, {**parameters, **fence})

    async def _read(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        return await self._execute(name, parameters)

    async def _execute(self, name: str, parameters: Mapping[str, object], *, has_rows: bool = True) -> list[Row]:
        statement: LiteralString = SQL[name]
        try:
            async with self._pool.connection(ANSWER_BOUND_SECONDS) as connection:
                cursor = await connection.execute(statement, {"account": self._account, **parameters}, prepare=True)
                return list(await cursor.fetchall()) if has_rows else []
        except psycopg.Error as error:
            raise LedgerUnavailableError(f"{type(error).__name__}: {error}") from error


def identity_of(seen: FillSeen) -> str:
    """Of a fill that belongs to no order of ours."""
    return f"{seen.trade}/{seen.venue_order_id or seen.token}/{seen.bucket}"


def _known(order: str, venue_order: str | None, token: str, status: str) -> KnownOrder:
    theirs = None if venue_order is None else VenueOrderId(venue_order)
    return KnownOrder(OrderId(order), theirs, TokenId(token), OrderStatus(status))
