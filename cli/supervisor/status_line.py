"""How it goes, in one line."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import groupby

from cli.readings import CurrentOutcome, Progress
from shared.messages.discovery import TopChanged


def status_line(progress: Progress, outcomes: Iterable[CurrentOutcome], tops: Mapping[str, TopChanged]) -> str:
    """For the operator at the terminal; `tops` by token."""
    parts = [
        f"{progress.trading_state}, {_breaker(progress)}",
        _counts(progress),
        _results(progress),
        f"exposure ${progress.exposure:.2f}",
        _shadow(progress),
        *_prices(outcomes, tops),
    ]
    return " | ".join(parts)


def _breaker(progress: Progress) -> str:
    if progress.breaker_reason is not None:
        return f"breaker tripped: {progress.breaker_reason}"
    limit = "" if progress.max_losses is None else f"/{progress.max_losses}"
    return f"breaker {progress.losses_in_a_row}{limit} losses"


def _counts(progress: Progress) -> str:
    return (
        f"{progress.markets} markets, {progress.orders} orders ({progress.open_orders} open),"
        f" {progress.positions} positions, {progress.fills} fills"
    )


def _results(progress: Progress) -> str:
    results = f"{progress.wins}-{progress.losses} won-lost, {progress.overrides} overrides"
    return f"{results}, profit {_dollars(progress.profit)}"


def _shadow(progress: Progress) -> str:
    unfilled = f" ({progress.shadow_unfilled} without ask)" if progress.shadow_unfilled else ""
    return f"shadow {progress.shadow_wins}-{progress.shadow_losses} {_dollars(progress.shadow_profit)}{unfilled}"


def _prices(outcomes: Iterable[CurrentOutcome], tops: Mapping[str, TopChanged]) -> list[str]:
    """Of each market the favourite's best bid and ask."""
    markets = groupby(outcomes, lambda each: (each.coin, each.minutes))
    return [_price(f"{coin} {minutes}m", list(both), tops) for (coin, minutes), both in markets]


def _price(market: str, outcomes: list[CurrentOutcome], tops: Mapping[str, TopChanged]) -> str:
    known = [(each.outcome, top) for each in outcomes if (top := tops.get(each.token)) is not None and top.known]
    if not known:
        return f"{market} no book"
    outcome, top = max(known, key=lambda each: _best_bid(each[1]))
    bid = top.bids[0].price if top.bids else "-"
    ask = top.asks[0].price if top.asks else "-"
    return f"{market} {outcome} {bid}/{ask}"


def _best_bid(top: TopChanged) -> Decimal:
    return top.bids[0].price.value if top.bids else Decimal(0)


def _dollars(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else '+'}${abs(amount):.2f}"
