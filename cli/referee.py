"""Holds our own record against the simulator's ledger, item by item."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, json

from cli import readings
from cli.errors import CommandError
from shared.venue.errors import MayHaveBeenSentError, NotSentError
from shared.venue.http import HttpClient

BASE_UNITS = Decimal(1_000_000)
ROUNDING_PER_FILL = Decimal("0.000001")
NOT_AT_VENUE = frozenset({"submitting", "uncertain", "rejected"})
FAILED = "FAILED"
WHOLE_SETTLEMENTS = frozenset({"venue", "provisional", "forced"})
K = TypeVar("K")


class RefereeOrder(Struct, frozen=True):
    order_id: str
    address: str
    size_matched: Decimal


class MakerOrder(Struct, frozen=True):
    order_id: str
    matched_amount: Decimal


class RefereeTrade(Struct, frozen=True):
    id: str
    size: Decimal
    status: str
    taker_order_id: str
    maker_orders: list[MakerOrder]


class RefereeBalance(Struct, frozen=True):
    """Integers in base units, as text."""

    collateral: str
    tokens: dict[str, str]


class RefereeMarket(Struct, frozen=True):
    condition_id: str
    resolved: bool
    winning_asset_id: str | None = None


class Referee(Struct, frozen=True):
    """The simulator's whole ledger; addresses in its own spelling."""

    orders: list[RefereeOrder]
    trades: list[RefereeTrade]
    balances: dict[str, RefereeBalance]
    markets: list[RefereeMarket]


@dataclass(frozen=True, slots=True)
class OurRecord:
    """What the tables say about one live account. `fills` by (trade, venue order), `cash` since the first deposit."""

    orders: Mapping[str, tuple[Decimal, str]]
    fills: Mapping[tuple[str, str], Decimal]
    holdings: Mapping[str, Decimal]
    cash: Decimal


@dataclass(frozen=True, slots=True)
class Settled:
    """One settlement of ours. Money in dollars."""

    market: str
    token: str
    payout: Decimal
    shares: Decimal
    cost: Decimal
    fees: Decimal
    profit: Decimal
    kind: str


async def ask_referee(sim_url: str) -> Referee:
    """Raises CommandError."""
    client = HttpClient(sim_url)
    try:
        answer = await client.request("GET", "/sim/referee", timeout_seconds=20)
        return json.decode(answer.body, type=Referee, strict=False)
    except (NotSentError, MayHaveBeenSentError, ValueError) as error:
        raise CommandError(f"the simulator's ledger cannot be read: {error}") from None
    finally:
        await client.close()


def our_record(connection: readings.Connection, account: str) -> OurRecord:
    orders = readings.rows(connection, readings.OUR_ORDERS, (account,))
    fills = readings.rows(connection, readings.OUR_FILLS, (account,))
    holdings = readings.rows(connection, readings.OUR_HOLDINGS, (account,))
    cash = readings.scalar(connection, readings.OUR_CASH, (account,))
    reserved = readings.scalar(connection, readings.OUR_RESERVED, (account,))
    return OurRecord(
        orders={row["venue_order"]: (row["filled"], row["status"]) for row in orders},
        fills={(row["trade"], row["venue_order"]): row["shares"] for row in fills},
        holdings={row["token"]: row["shares"] for row in holdings},
        cash=(cash or Decimal(0)) + (reserved or Decimal(0)),
    )


def our_settlements(connection: readings.Connection, account: str) -> list[Settled]:
    found = readings.rows(connection, readings.SETTLEMENTS, (account,))
    return [Settled(**{name: row[name] for name in Settled.__slots__}) for row in found]


def live_differences(ours: OurRecord, referee: Referee, address: str, deposit: Decimal) -> list[str]:
    """One line each: orders, fills, positions and the balance on which the two disagree."""
    theirs = {order.order_id: order.size_matched for order in referee.orders if _same(order.address, address)}
    expected = {order: filled for order, (filled, status) in ours.orders.items() if status not in NOT_AT_VENUE}
    balance = next((held for owner, held in referee.balances.items() if _same(owner, address)), None)
    tokens = {token: Decimal(held) / BASE_UNITS for token, held in balance.tokens.items()} if balance else {}
    return [
        *_unequal("order", expected, {id_: size for id_, size in theirs.items() if _counts(id_, ours)}),
        *_unequal("fill", ours.fills, _their_fills(referee.trades, theirs)),
        *_unequal("position", ours.holdings, tokens),
        *_balance_difference(ours, balance, deposit),
    ]


def paper_differences(settled: Iterable[Settled], referee: Referee, broken_sums: int) -> list[str]:
    """One line each: payouts the venue contradicts, profits that do not add up, sums of our ledger that differ."""
    winners = {market.condition_id: market.winning_asset_id for market in referee.markets if market.resolved}
    return [
        *(line for settlement in settled for line in _settlement_difference(settlement, winners)),
        *(f"ledger: sum {number + 1} of {broken_sums} differs from the account" for number in range(broken_sums)),
    ]


def _counts(order: str, ours: OurRecord) -> bool:
    """An order of unknown fate at us is no difference yet; one we hold rejected and they know is."""
    return order not in ours.orders or ours.orders[order][1] not in {"submitting", "uncertain"}


def _unequal(kind: str, ours: Mapping[K, Decimal], theirs: Mapping[K, Decimal]) -> list[str]:
    keys = [*ours, *(key for key in theirs if key not in ours)]
    return [
        f"{kind} {key}: ours {ours.get(key, 'none')}, the simulator's {theirs.get(key, 'none')}"
        for key in keys
        if ours.get(key) != theirs.get(key)
    ]


def _their_fills(trades: Iterable[RefereeTrade], orders: Mapping[str, Decimal]) -> dict[tuple[str, str], Decimal]:
    fills: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for trade in trades:
        if trade.status == FAILED:
            continue
        if trade.taker_order_id in orders:
            fills[trade.id, trade.taker_order_id] += trade.size
        for maker in trade.maker_orders:
            if maker.order_id in orders:
                fills[trade.id, maker.order_id] += maker.matched_amount
    return dict(fills)


def _balance_difference(ours: OurRecord, balance: RefereeBalance | None, deposit: Decimal) -> list[str]:
    expected = deposit + ours.cash
    actual = Decimal(balance.collateral) / BASE_UNITS if balance else Decimal(0)
    if abs(expected - actual) <= ROUNDING_PER_FILL * (len(ours.fills) + 1):
        return []
    return [f"balance: ours {expected}, the simulator's {actual}"]


def _settlement_difference(settled: Settled, winners: Mapping[str, str | None]) -> list[str]:
    lines: list[str] = []
    winner = winners.get(settled.market)
    if winner is not None and settled.kind == "venue" and settled.payout != (1 if settled.token == winner else 0):
        lines.append(f"settlement {settled.market}: paid {settled.payout} a share, the simulator's winner is {winner}")
    if (
        settled.kind in WHOLE_SETTLEMENTS
        and settled.profit != settled.payout * settled.shares - settled.cost - settled.fees
    ):
        lines.append(f"settlement {settled.market}: profit {settled.profit} does not follow from its parts")
    return lines


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
