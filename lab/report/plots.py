"""Charts as SVG: the same numbers give the same bytes. The only module that loads matplotlib, which takes its time."""

from __future__ import annotations

import io
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from lab.fair_value.scores import Interval
from lab.report.statistics import Comparison, Group, Point, Rate

MAKER, SHADOW, LOSS, FAINT = "#1b6ca8", "#e08a1e", "#b3362b", "#8a8f98"
NEITHER_DATE_NOR_TOOL = {"Date": None, "Creator": None}
REASONS_MAX = 14
SECONDS_A_DAY = 86_400
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "tdmaker",
    "svg.fonttype": "path",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e8eb",
    "axes.edgecolor": "#b4b9c1",
    "legend.frameon": False,
    "timezone": "UTC",
}


class _Drawing:
    """One figure; `svg` is there once the drawing is over."""

    def __init__(self, width: float, height: float) -> None:
        self.figure = Figure(figsize=(width, height), layout="constrained")
        self.svg = b""

    def rendered(self) -> bytes:
        buffer = io.BytesIO()
        FigureCanvasSVG(self.figure).print_svg(buffer, metadata=NEITHER_DATE_NOR_TOOL)
        return buffer.getvalue()


@contextmanager
def _drawing(width: float = 6.6, height: float = 3.3) -> Generator[_Drawing]:
    with mpl.rc_context(STYLE):
        drawing = _Drawing(width, height)
        yield drawing
        drawing.svg = drawing.rendered()


def equity(maker: Sequence[Point], shadow: Sequence[Point]) -> bytes:
    """Profit over time above, drawdown below."""
    with _drawing(13.4, 4.4) as drawing:
        above, below = drawing.figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        _steps(above, shadow, SHADOW, "shadow taker")
        _steps(above, maker, MAKER, "maker")
        above.axhline(0, color=FAINT, linewidth=0.8)
        above.set_ylabel("profit, $")
        above.legend(loc="upper left")
        times, drawdowns = _times(maker), [float(point.drawdown.value) for point in maker]
        below.fill_between(times, drawdowns, step="post", color=LOSS, alpha=0.25, linewidth=0)
        below.step(times, drawdowns, where="post", color=LOSS, linewidth=1)
        below.set_ylabel("drawdown, $")
        locator = AutoDateLocator(minticks=3, maxticks=8)
        below.xaxis.set_major_locator(locator)
        below.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    return drawing.svg


def win_rate_by_price(rates: Sequence[Rate]) -> bytes:
    with _drawing() as drawing:
        axes = drawing.figure.subplots()
        ends = min(rate.at for rate in rates) - 0.02, max(rate.at for rate in rates) + 0.02
        axes.plot(ends, ends, color=FAINT, linestyle="--", linewidth=1, label="breaks even")
        _rates(axes, rates, "won, with 95 % interval")
        axes.set_xlim(*ends)
        axes.xaxis.set_major_locator(MultipleLocator(max(0.01, round((ends[1] - ends[0]) / 8, 2))))
        axes.set_xlabel("price paid per share, $")
        axes.legend(loc="lower right")
    return drawing.svg


def win_rate_by_minute(rates: Sequence[Rate]) -> bytes:
    with _drawing() as drawing:
        axes = drawing.figure.subplots()
        minutes = [rate.at for rate in rates]
        expected = [rate.expected for rate in rates]
        axes.plot(minutes, expected, color=FAINT, linestyle="", marker="_", markersize=16, label="breaks even")
        _rates(axes, rates, "won, with 95 % interval")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlim(min(minutes) - 0.7, max(minutes) + 0.7)
        axes.set_xlabel("minute of the slot at entry")
        axes.legend(loc="lower right")
    return drawing.svg


def calibration(rates: Sequence[Rate]) -> bytes:
    with _drawing() as drawing:
        axes = drawing.figure.subplots()
        axes.plot((0, 1), (0, 1), color=FAINT, linestyle="--", linewidth=1, label="as predicted")
        _rates(axes, rates, "happened, with 95 % interval")
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel("fair value at entry")
        axes.legend(loc="lower right")
    return drawing.svg


def maker_against_shadow(comparison: Comparison) -> bytes:
    rows = (
        ("maker less shadow", comparison.difference, "#3d4450"),
        ("shadow taker", comparison.shadow, SHADOW),
        ("maker", comparison.maker, MAKER),
    )
    with _drawing(6.6, 2.6) as drawing:
        axes = drawing.figure.subplots()
        axes.axvline(0, color=FAINT, linewidth=0.8)
        for place, (_, interval, colour) in enumerate(rows):
            axes.errorbar(
                interval.mean, place, xerr=_reach(interval), fmt="o", color=colour, capsize=4, linewidth=2, markersize=7
            )
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel("$ a market, mean with 95 % interval")
    return drawing.svg


def reasons(counted: Sequence[tuple[str, int]]) -> bytes:
    """The most frequent ones, on a logarithmic scale: one reason usually dwarfs all others."""
    shown = list(reversed(counted[:REASONS_MAX]))
    with _drawing(6.6, max(2.2, 0.8 + 0.27 * len(shown))) as drawing:
        axes = drawing.figure.subplots()
        bars = axes.barh([name for name, _ in shown], [looks for _, looks in shown], color=MAKER, height=0.65)
        axes.bar_label(bars, [f"{looks:,}" for _, looks in shown], padding=4, color="#3d4450")
        axes.set_xscale("log")
        axes.set_xlim(0.8, max(looks for _, looks in shown) * 4)
        axes.set_xlabel("looks at an outcome (logarithmic)")
        axes.grid(visible=False, axis="y")
    return drawing.svg


def profit_by(groups: Sequence[Group]) -> bytes:
    with _drawing(6.6, 2.6) as drawing:
        axes = drawing.figure.subplots()
        profits = [float(group.profit.value) for group in groups]
        bars = axes.bar(
            [group.name for group in groups],
            profits,
            color=[MAKER if profit >= 0 else LOSS for profit in profits],
            width=0.6,
        )
        axes.bar_label(bars, [f"{group.wins}/{group.positions} won" for group in groups], padding=3, color="#3d4450")
        axes.axhline(0, color=FAINT, linewidth=0.8)
        axes.set_xlim(-0.6 - max(0.0, 1.2 - 0.4 * len(groups)), len(groups) - 0.4 + max(0.0, 1.2 - 0.4 * len(groups)))
        axes.margins(y=0.18)
        axes.set_ylabel("profit, $")
        axes.grid(visible=False, axis="x")
    return drawing.svg


def _steps(axes: Axes, points: Sequence[Point], colour: str, label: str) -> None:
    if points:
        times, totals = _times(points), [float(point.profit.value) for point in points]
        marker = "o" if len(points) < 60 else ""
        axes.step(times, totals, where="post", color=colour, linewidth=1.6, label=label, marker=marker, markersize=3.5)


def _times(points: Sequence[Point]) -> list[float]:
    """Days since 1970, as the axis counts them."""
    return [point.at.timestamp() / SECONDS_A_DAY for point in points]


def _rates(axes: Axes, rates: Sequence[Rate], label: str) -> None:
    """Points with their intervals, and how many positions each stands on."""
    for index, rate in enumerate(rates):
        axes.errorbar(
            rate.at,
            rate.rate.mean,
            yerr=_reach(rate.rate),
            fmt="o",
            color=MAKER,
            capsize=3,
            linewidth=1.4,
            markersize=5,
            label=label if index == 0 else None,
        )
        axes.annotate(
            str(rate.count), (rate.at, 1.03), ha="center", va="bottom", fontsize=7.5, color="#5b626d", clip_on=False
        )
    axes.set_ylim(-0.02, 1.1)
    axes.set_yticks((0, 0.25, 0.5, 0.75, 1), ("0 %", "25 %", "50 %", "75 %", "100 %"))


def _reach(interval: Interval) -> tuple[list[float], list[float]]:
    """To both sides of the mean."""
    return [max(0.0, interval.mean - interval.low)], [max(0.0, interval.high - interval.mean)]
