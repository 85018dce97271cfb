"""What must hold at every instant, and at the end, by the venue's own count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec
import psycopg

from cli.audit import Books, audit, read_books
from cli.referee import BASE_UNITS, live_differences, read_own_record
from cli.simulate.world import World
from shared.domain.ids import AccountId
from venue_sim.state import State

OWN_STATE = "select open_cost + reserved, max_exposure from account where account_id = %s"
OWN_ORDERS = (
    "select venue_order_id, status::text, filled from orders where account_id = %s and venue_order_id is not null"
)
WRITTEN = "select valid_until from orders where signed_order = %s"
ARRIVED = "select venue_order_id, status::text from orders where signed_order = %s"
CAUSES = "select cause, detail from trading_cause where account_id = %s order by 1"
KEPT = "select identity, reason from unmatched_fill where account_id = %s and resolved_at is null order by 1"
CASES = "select kind, subject, ours::text, theirs::text from unexplained_case where account_id = %s order by case_id"
FACTS = "select message_id, subject from outbox order by outbox_id"
TURNING = """
select action || ' ' || market_id, status::text from redemption
where account_id = %s and status in ('requested', 'submitted') order by 1
"""
TURNED = "select count(*) from redemption where account_id = %s and status = 'proven'"
OVER = frozenset({"cancelled", "rejected", "expired"})


class Referee:
    """`wallet` as the venue knows it. Every method says what is wrong, one line each."""

    def __init__(
        self, tables: psycopg.Connection[Any], world: World, account: AccountId, wallet: str, deposit: Decimal
    ) -> None:
        self.exposure_peak = Decimal(0)
        self._tables = tables
        self._world = world
        self._account = account
        self._wallet = wallet
        self._deposit = deposit
        self._given_up: list[str] = []
        world.venue.order_arrived = self._arrived

    def at_every_instant(self) -> list[str]:
        """The limit holds here and there; no order is sent that was not written down before, or after its time; none
        that is over here lives there, and no more is booked than was filled."""
        state = self._world.venue.simulator.world.exchange.state
        given_up, self._given_up = self._given_up, []
        return [*given_up, *self._limit(state), *self._writes(), *self._orders(state)]

    def _arrived(self, body: bytes) -> None:
        """An order that lives from this instant on was not given up before."""
        row = self._tables.execute(ARRIVED, (body,)).fetchone()
        living = self._world.venue.simulator.world.exchange.state.open_orders[self._wallet]
        if row is not None and row[1] in OVER and row[0] in living:
            self._given_up.append(f"order {row[0]} was {row[1]} here when it reached the venue")

    def _limit(self, state: State) -> Iterator[str]:
        row = self._tables.execute(OWN_STATE, (self._account,)).fetchone()
        if row is None:
            return
        at_risk, limit = row
        at_venue = state.exposures[self._wallet].highest / BASE_UNITS
        self.exposure_peak = at_venue
        if at_risk > limit:
            yield f"{at_risk} dollars at risk in our tables, the limit is {limit}"
        if at_venue > limit:
            yield f"{at_venue} dollars at risk at the venue, the limit is {limit}"

    def _writes(self) -> Iterator[str]:
        """Every order that went out since the last look, as it was written."""
        written = self._world.venue.orders_written
        while written:
            at, body = written.popleft()
            row = self._tables.execute(WRITTEN, (body,)).fetchone()
            if row is None:
                yield "an order was sent that was never written down"
            elif at > row[0]:
                yield f"an order was sent {(at - row[0]).total_seconds():.3f} s after its time"

    def _orders(self, state: State) -> Iterator[str]:
        own = {order: (status, filled) for order, status, filled in self._tables.execute(OWN_ORDERS, (self._account,))}
        for name, order in state.orders.items():
            if order.terms.owner != self._wallet:
                continue
            status, filled = own.get(name, ("", Decimal(0)))
            if not status:
                yield f"order {name} is at the venue and not in our table"
            if status in OVER and name in state.open_orders[self._wallet]:
                yield f"order {name} is {status} here and lives at the venue"
            matched = Decimal(order.matched + order.failed) / BASE_UNITS
            if filled > matched:
                yield f"order {name}: {filled} booked, {matched} matched at the venue"

    async def at_the_end(self) -> list[str]:
        """Everything agrees to the last unit, every fact was told, and trading goes on."""
        answer = await self._world.venue.look("/sim/referee")
        told = msgspec.json.decode(answer.body)
        own = read_own_record(self._tables, self._account)
        return [
            *live_differences(own, _as_if_redeemed(told, self._wallet), self._wallet, self._deposit),
            *(f"redemption of {what} is {status}" for what, status in self._tables.execute(TURNING, (self._account,))),
            *(f"{found.what}: {found.told} in the table, {found.computed} computed" for found in audit(self._books())),
            *self._untold(),
            *(f"a message was set aside on {subject}" for subject in sorted(self._world.nats.set_aside)),
            *(
                f"a fill was kept aside: {reason} {what}"
                for what, reason in self._tables.execute(KEPT, (self._account,))
            ),
            *(
                f"a case was opened: {kind} {subject}, here {ours}, there {theirs}"
                for kind, subject, ours, theirs in self._tables.execute(CASES, (self._account,))
            ),
            *(f"not trading: {cause} {detail}" for cause, detail in self._tables.execute(CAUSES, (self._account,))),
        ]

    def turned(self) -> int:
        """How many times tokens became cash."""
        (count,) = self._tables.execute(TURNED, (self._account,)).fetchone() or (0,)
        return count

    def _untold(self) -> Iterator[str]:
        for message, subject in self._tables.execute(FACTS):
            if message not in self._world.nats.ever:
                yield f"the fact {message} was never told on {subject}"

    def _books(self) -> Books:
        return read_books(self._tables)


def _as_if_redeemed(told: Mapping[str, Any], wallet: str) -> Mapping[str, Any]:
    """What a wallet still holds of resolved markets is cash or nothing, as in our books from the settlement on."""
    resolved = [market for market in told["markets"] if market["resolved"]]
    worthless = {token for market in resolved for token in market["tokens"]}
    paid = {market["winning_asset_id"] for market in resolved}
    balance = told["balances"].get(wallet)
    if balance is None:
        return told
    cash = int(balance["collateral"]) + sum(int(held) for token, held in balance["tokens"].items() if token in paid)
    tokens = {token: held for token, held in balance["tokens"].items() if token not in worthless}
    return {**told, "balances": {**told["balances"], wallet: {"collateral": str(cash), "tokens": tokens}}}
