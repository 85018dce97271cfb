"""The page stands alone, says first what a reader must know, and is the same for the same record."""

import re
import subprocess
import sys
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from lab.report.page import page_of
from lab.report.record import Period, Record, Refusals
from lab.report.statistics import statistics_of
from tests.unit.lab.report.trades import START, entry, record, trade

CHARTS = (
    "Equity and drawdown",
    "Win rate by price",
    "Win rate by minute of entry",
    "Calibration of fair value",
    "Maker against shadow taker",
    "By coin",
    "By rung",
    "Reasons for not bidding",
)


def page(of: Record) -> str:
    return page_of(of, statistics_of(of))


def full(count: int = 3) -> Record:
    trades = [trade("2", entry(fair="0.83"), number=n, shadow="1.8") for n in range(count)]
    return record(*trades, refusals=(Refusals("NO_BID", 7, START),))


class _Addresses(HTMLParser):
    """Whatever a browser might load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.images = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.images += tag == "img"
        self.found += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "data", "action"}]
        assert tag not in {"script", "iframe", "object", "embed"}


def test_the_page_loads_nothing() -> None:
    parser = _Addresses()
    text = page(full())
    parser.feed(text)
    assert parser.images == len(CHARTS)
    assert all(address.startswith("data:") for address in parser.found)
    assert "@import" not in text
    assert "url(" not in text


def test_every_chart_is_there_with_words_for_who_cannot_see_it() -> None:
    text = page(full())
    for title in CHARTS:
        assert f"<h2>{title}</h2>" in text
        assert re.search(rf'alt="{title}\. [^"]+"', text)


def test_the_same_record_gives_the_same_bytes() -> None:
    assert page(full()) == page(full())


def test_synthetic_prices_are_said_before_anything_else() -> None:
    text = page(record(trade("2"), warning="The coin's prices are synthetic."))
    body = re.sub(r"<[^>]+>", " ", text.split("<body>")[1])
    assert body.split(".")[0].strip() == "The coin&#39;s prices are synthetic"


@pytest.mark.parametrize(("count", "words"), [(1, "1 closed position."), (99, "99 closed positions."), (100, None)])
def test_a_small_sample_is_warned_of(count: int, words: str | None) -> None:
    text = page(full(count))
    assert ("Small sample" in text) == (words is not None)
    assert words is None or f"Small sample: {words}" in text


def test_an_empty_period_gives_a_page_that_says_so() -> None:
    empty = full().within(Period(START + timedelta(days=1), START + timedelta(days=2)))
    text = page(empty)
    assert "No position closed in this period." in text
    assert "Period: 2026-04-02 12:00:00 UTC to 2026-04-03 12:00:00 UTC" in text
    assert "<img" not in text


def test_what_is_missing_is_said_instead_of_drawn() -> None:
    text = page(record(trade("2")))
    assert "No calibration of fair value" in text
    assert "No comparison with the shadow taker" in text
    assert "<h2>Calibration of fair value</h2>" not in text


def test_names_from_outside_cannot_become_markup() -> None:
    text = page(record(trade("2", coin="<script>"), refusals=(Refusals("<b>", 1, START),)))
    assert "<script" not in text
    assert "<b>&lt;" not in text
    assert "&lt;script&gt;" in text


def test_the_command_line_does_not_load_what_draws() -> None:
    question = "import sys, cli.app; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", question], check=False).returncode == 0
