"""What must hold at every instant, and at the end, by the venue's own count."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import msgspec
import psycopg

from cli.audit import Books, audit, read_books
from cli.referee import BASE_UNITS, live_differences, read_own_record
from cli.simulate.world import World
from shared.domain.ids import AccountId
from venue_sim.state import State

OWN_STATE = "select open_cost + reserved, max_exposure, trading_state::text from account where account_id = %s"
OWN_ORDERS = "select venue_order_id from orders where account_id = %s"
CAUSES = "select cause, detail from trading_cause where account_id = %s order by 1"


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

    def at_every_instant(self) -> list[str]:
        """The limit holds here and there, and no order is at the venue that was not written down before."""
        row = self._tables.execute(OWN_STATE, (self._account,)).fetchone()
        if row is None:
            return []
        at_risk, limit, _ = row
        state = self._world.venue.simulator.world.exchange.state
        at_venue = exposure(state, self._wallet)
        self.exposure_peak = max(self.exposure_peak, at_venue)
        known = {order for (order,) in self._tables.execute(OWN_ORDERS, (self._account,)).fetchall()}
        unknown = [
            name for name, order in state.orders.items() if order.terms.owner == self._wallet and name not in known
        ]
        return [
            *([f"{at_risk} dollars at risk in our tables, the limit is {limit}"] if at_risk > limit else []),
            *([f"{at_venue} dollars at risk at the venue, the limit is {limit}"] if at_venue > limit else []),
            *(f"order {order} reached the venue and was never written down" for order in unknown),
        ]

    async def at_the_end(self) -> list[str]:
        """Everything agrees to the last unit, and trading goes on."""
        answer = await self._world.venue.look("/sim/referee")
        own = read_own_record(self._tables, self._account)
        return [
            *live_differences(own, msgspec.json.decode(answer.body), self._wallet, self._deposit),
            *(f"{found.what}: {found.told} in the table, {found.computed} computed" for found in audit(self._books())),
            *(f"not trading: {cause} {detail}" for cause, detail in self._tables.execute(CAUSES, (self._account,))),
        ]

    def _books(self) -> Books:
        return read_books(self._tables)


def exposure(state: State, wallet: str) -> Decimal:
    """Dollars: what rests, and what was paid for shares that are held and not paid out yet."""
    _, reserved = state.available_cash(wallet)
    paid, bought, sold = defaultdict[str, int](int), defaultdict[str, int](int), defaultdict[str, int](int)
    for order in state.orders.values():
        terms = order.terms
        if terms.owner != wallet or state.markets[terms.market].resolved:
            continue
        if terms.side == "BUY":
            paid[terms.token] += order.paid
            bought[terms.token] += order.matched
        else:
            sold[terms.token] += order.matched
    held = sum(cost - cost * sold[token] // bought[token] for token, cost in paid.items() if bought[token])
    return (reserved + held) / BASE_UNITS
