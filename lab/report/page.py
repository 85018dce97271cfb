"""The page: one HTML file that needs nothing else, the same bytes for the same record."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lab.fair_value.scores import Interval
from lab.report import plots
from lab.report.record import Period, Record
from lab.report.statistics import Statistics
from shared.domain.money import Cash

TEMPLATE = "page.html"


@dataclass(frozen=True, slots=True)
class Chart:
    """`image` is a data address; `alt` says in words what is to be seen."""

    title: str
    caption: str
    image: str
    alt: str
    is_wide: bool = False


def page_of(record: Record, statistics: Statistics) -> str:
    return _TEMPLATES.get_template(TEMPLATE).render(
        record=record, period=_period(record), statistics=statistics, charts=list(_charts(statistics))
    )


def _charts(s: Statistics) -> Iterator[Chart]:
    if s.equity:
        yield from _charts_of_trades(s)
    if s.reasons:
        first = s.reasons[0]
        yield Chart(
            "Reasons for not bidding",
            "How often a look at an outcome ended with each reason: the first that applied.",
            _image(plots.reasons(s.reasons)),
            f"{len(s.reasons)} reasons; the most frequent is {first[0]} with {first[1]} looks.",
        )


def _charts_of_trades(s: Statistics) -> Iterator[Chart]:
    deepest = _dollars(s.totals.deepest_drawdown)
    yield Chart(
        "Equity and drawdown",
        "Profit of all closed positions after fees, by the instant they closed, and how far it lay below its best.",
        _image(plots.equity(s.equity, s.shadow_equity)),
        f"Ends at {_dollars(s.totals.profit)}; deepest drawdown {deepest}.",
        is_wide=True,
    )
    yield Chart(
        "Win rate by price",
        "A share won pays 1, so the price is the win rate that breaks even. Above each point: positions.",
        _image(plots.win_rate_by_price(s.by_price)),
        _spoken(len(s.by_price), "prices"),
    )
    yield Chart(
        "Win rate by minute of entry",
        "The dash is the mean price paid in that minute: the win rate that breaks even. Above each point: positions.",
        _image(plots.win_rate_by_minute(s.by_minute)),
        _spoken(len(s.by_minute), "minutes"),
    )
    if s.fair_value:
        yield Chart(
            "Calibration of fair value",
            "Of entries with a fair value in each tenth, how many outcomes won, where their end is on record.",
            _image(plots.calibration(s.fair_value)),
            _spoken(len(s.fair_value), "tenths of fair value"),
        )
    if s.comparison is not None:
        yield _comparison_chart(s)
    yield Chart("By coin", "Profit after fees.", _image(plots.profit_by(s.by_coin)), _spoken(len(s.by_coin), "coins"))
    yield Chart(
        "By rung",
        "A position's profit split by the dollars of its orders, each position in whole cents.",
        _image(plots.profit_by(s.by_rung)),
        _spoken(len(s.by_rung), "rungs"),
    )


def _comparison_chart(s: Statistics) -> Chart:
    assert s.comparison is not None
    difference = s.comparison.difference
    return Chart(
        "Maker against shadow taker",
        "What a taker would have made of the same markets' first fills, fee paid. Intervals by resampling markets.",
        _image(plots.maker_against_shadow(s.comparison)),
        f"Maker less shadow: {_interval(difference, '$')} a market.",
    )


def _spoken(count: int, what: str) -> str:
    return f"Points for {count} {what}; the figures are in the tables below."


def _period(record: Record) -> str:
    closed = [trade.closed_at for trade in record.trades]
    given = record.period
    if given != Period():
        since = "the beginning" if given.since is None else _instant(given.since)
        until = "the end" if given.until is None else _instant(given.until)
        return f"{since} to {until}"
    return f"{_instant(min(closed))} to {_instant(max(closed))}" if closed else "no position closed"


def _image(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + b64encode(svg).decode()


def _dollars(cash: Cash) -> str:
    """Signed, to the cent."""
    value = cash.to_cents().value
    return f"-${-value:,.2f}" if value < 0 else f"${value:,.2f}"


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _percent(interval: Interval) -> str:
    return f"{interval.mean:.1%} ({interval.low:.1%} to {interval.high:.1%})"


def _interval(interval: Interval, unit: str = "") -> str:
    return f"{unit}{interval.mean:+.4f} ({interval.low:+.4f} to {interval.high:+.4f})"


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(dollars=_dollars, instant=_instant, percent=_percent, interval=_interval)
