"""Whether our ledger, the venue's orders and trades, and its balances say the same, in the venue's integer units.

Two plain snapshots, taken one after the other: what is under way between them is explained, and a difference counts
only when the next look sees it too (`grace.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.ids import MarketId, TokenId, TradeId, VenueOrderId
from shared.domain.market import ProtocolVersion
from shared.domain.order import RESTING, OrderStatus

UNITS_PER_SHARE = 1_000_000
"""What the chain counts in."""
ORDER = "order"
FILL = "fill"
BALANCE = "balance"
DOLLARS = "dollars"
SURPLUS = "surplus"
"""Dollars that nothing of ours brought: a deposit, a rebate, a reward. Nobody lost any: entries stay open."""
LEDGER = "ledger"
KINDS = (ORDER, FILL, BALANCE, DOLLARS, SURPLUS, LEDGER)
IN_FLIGHT = frozenset({OrderStatus.SUBMITTING, OrderStatus.UNCERTAIN, OrderStatus.CANCELLING})
"""May be at the venue or not: the executor asks until it knows."""
DUST = 10_000
"""A hundredth of a share is the least that can be ordered: an order with no more left counts as filled with us."""

FillKey = tuple[VenueOrderId, TradeId]


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """An order of a market that is not settled, final ones too. `shares` in units; an immediate one never rests."""

    market: MarketId
    status: OrderStatus
    shares: int
    is_immediate: bool = False

    @property
    def is_in_flight(self) -> bool:
        return self.status in IN_FLIGHT or self.is_immediate


@dataclass(frozen=True, slots=True)
class Holding:
    """What we hold of a token, in units. Purchases and sales of which the venue has not said that they are on the chain
    may be in its balance or not. `has_ended`: its slot is over, what won may be paid out at any time."""

    market: MarketId
    held: int
    version: ProtocolVersion = ProtocolVersion.V1
    arriving: int = 0
    leaving: int = 0
    has_ended: bool = False

    def explains(self, balance: int) -> bool:
        least = 0 if self.has_ended else self.held - self.arriving
        return least <= balance <= self.held + self.leaving


@dataclass(frozen=True, slots=True)
class OwnSide:
    """What our tables say of all markets that are not settled; fills that failed are left out. `since`: all of
    their orders are younger (domain time, with room for another clock at the venue), None without any."""

    since: datetime | None = None

    orders: Mapping[VenueOrderId, OwnOrder] = field(default_factory=dict[VenueOrderId, OwnOrder])
    fills: Mapping[FillKey, int] = field(default_factory=dict[FillKey, int])
    holdings: Mapping[TokenId, Holding] = field(default_factory=dict[TokenId, Holding])


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """Open at the venue; `shares` is its whole size, in units."""

    market: MarketId
    shares: int
    matched: int = 0

    @property
    def is_dust(self) -> bool:
        return self.shares - self.matched <= DUST


@dataclass(frozen=True, slots=True)
class VenueSide:
    """What the venue shows of the same: every open order of the account, our part of those markets' trades (failed ones
    left out), the balance of each of their tokens."""

    orders: Mapping[VenueOrderId, OpenOrder] = field(default_factory=dict[VenueOrderId, OpenOrder])
    fills: Mapping[FillKey, int] = field(default_factory=dict[FillKey, int])
    balances: Mapping[TokenId, int] = field(default_factory=dict[TokenId, int])


@dataclass(frozen=True, slots=True)
class Difference:
    """Both sides in units (of kinds dollars and surplus millionths of a dollar, of kind ledger of a share or a dollar),
    None where a side knows nothing of it."""

    kind: str
    subject: str
    market: MarketId | None
    ours: int | None
    theirs: int | None

    @property
    def excess(self) -> int:
        """How much more the other side has."""
        return (self.theirs or 0) - (self.ours or 0)


def compare(own: OwnSide, venue: VenueSide) -> list[Difference]:
    return [*_orders(own, venue), *_fills(own, venue), *_balances(own, venue)]


def _orders(own: OwnSide, venue: VenueSide) -> Iterator[Difference]:
    """Ours should rest and does not, or rests and should not. What traded and is not booked is told of as a fill."""
    unbooked = {order for order, trade in venue.fills if venue.fills[order, trade] != own.fills.get((order, trade))}
    for order, ours in own.orders.items():
        theirs = venue.orders.get(order)
        if ours.is_in_flight or (order in unbooked and theirs is None):
            continue
        if ours.status is OrderStatus.FILLED and theirs is not None and theirs.is_dust:
            continue
        here = ours.shares if ours.status in RESTING else None
        there = None if theirs is None else theirs.shares
        if here != there:
            yield Difference(ORDER, order, ours.market, here, there)
    for order, theirs in venue.orders.items():
        if order not in own.orders:
            yield Difference(ORDER, order, theirs.market, None, theirs.shares)


def _fills(own: OwnSide, venue: VenueSide) -> Iterator[Difference]:
    for key in dict.fromkeys([*own.fills, *venue.fills]):
        here, there = own.fills.get(key), venue.fills.get(key)
        if here != there:
            order = own.orders.get(key[0])
            yield Difference(FILL, f"{key[1]} on {key[0]}", order.market if order else None, here, there)


def _balances(own: OwnSide, venue: VenueSide) -> Iterator[Difference]:
    for token, holding in own.holdings.items():
        balance = venue.balances.get(token, 0)
        if not holding.explains(balance):
            yield Difference(BALANCE, token, holding.market, holding.held, balance)
