"""What a replay came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lab.replay.frames import Counts, Header
from lab.replay.records import Records, SettlementRecord
from lab.replay.slots import Skipped
from lab.replay.world import Oddities, World
from shared.domain.money import NO_CASH, Cash

UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class CoinSummary:
    fills: int
    wins: int
    losses: int
    profit: Cash
    shadow_profit: Cash
    seconds_in_market: Decimal


@dataclass(frozen=True, slots=True)
class Source:
    """What the recording was, what of it was played, and what it lacked."""

    depth: str
    price_source: str
    settlement: str
    attribution: str
    lacks: Sequence[str]
    slots_played: int
    slots_skipped: Sequence[Skipped]
    counts: Counts
    oddities: Oddities


@dataclass(frozen=True, slots=True)
class Summary:
    """Wins and losses are closed positions, by the sign of their profit; `reasons` counts looks at an outcome."""

    orders: int
    fills: int
    wins: int
    losses: int
    unresolved: int
    profit: Cash
    fees: Cash
    shadows: int
    shadow_profit: Cash
    exposure_peak: Cash
    seconds_in_market: Decimal
    breaker: str | None
    reasons: Mapping[str, int]
    coins: Mapping[str, CoinSummary]
    source: Source


def summed(world: World, header: Header, counts: Counts, skipped: Sequence[Skipped]) -> Summary:
    records = world.tell.records
    results = _results(records.settlements)
    coins = sorted({market.market.coin for market in world.markets})
    return Summary(
        orders=sum(each.change == "reserved" for each in records.orders),
        fills=len(records.fills),
        wins=_wins(results.values()),
        losses=_losses(results.values()),
        unresolved=sum(each.kind == UNRESOLVED for each in records.settlements),
        profit=_total(each.profit for each in records.settlements),
        fees=_total(each.fee for each in records.fills),
        shadows=sum(each.profit is not None for each in records.shadows),
        shadow_profit=_total(each.profit for each in records.shadows if each.profit is not None),
        exposure_peak=world.ledger.peak,
        seconds_in_market=world.occupancy.total_seconds,
        breaker=world.trader.breaker.tripped,
        reasons=_reasons(records),
        coins={coin: _of_coin(world, coin) for coin in coins},
        source=_source(world, header, counts, skipped),
    )


def _of_coin(world: World, coin: str) -> CoinSummary:
    records = world.tell.records
    settled = [each for each in records.settlements if each.coin == coin]
    results = _results(settled)
    return CoinSummary(
        fills=sum(each.coin == coin for each in records.fills),
        wins=_wins(results.values()),
        losses=_losses(results.values()),
        profit=_total(each.profit for each in settled),
        shadow_profit=_total(each.profit for each in records.shadows if each.coin == coin and each.profit is not None),
        seconds_in_market=world.occupancy.coin_seconds(coin),
    )


def _source(world: World, header: Header, counts: Counts, skipped: Sequence[Skipped]) -> Source:
    lacks = [*header.stand_in]
    if header.price_source != "recorded":
        lacks.append("prices" if header.price_source == "none" else "real prices")
    if any(market.winner is None for market in world.markets):
        lacks.append("winners")
    if any(market.strike is None for market in world.markets):
        lacks.append("strikes")
    return Source(
        depth=header.depth,
        price_source=header.price_source,
        settlement=header.settlement,
        attribution=header.attribution,
        lacks=lacks,
        slots_played=len(world.markets),
        slots_skipped=skipped,
        counts=counts,
        oddities=world.oddities,
    )


def _results(settlements: Iterable[SettlementRecord]) -> dict[tuple[str, str], Cash]:
    """Profit of each closed position, its sales included."""
    results: dict[tuple[str, str], Cash] = {}
    for each in settlements:
        if each.kind != UNRESOLVED:
            key = each.market, each.outcome
            results[key] = results.get(key, NO_CASH) + each.profit
    return results


def _wins(profits: Iterable[Cash]) -> int:
    return sum(profit > NO_CASH for profit in profits)


def _losses(profits: Iterable[Cash]) -> int:
    return sum(profit < NO_CASH for profit in profits)


def _reasons(records: Records) -> dict[str, int]:
    """Most frequent first, then by name."""
    counted: dict[str, int] = {}
    for each in records.decisions:
        if each.verdict == "refused":
            counted[each.reason] = counted.get(each.reason, 0) + each.repeats
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _total(amounts: Iterable[Cash]) -> Cash:
    return sum(amounts, NO_CASH)
