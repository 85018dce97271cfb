from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from cli.readings import CurrentOutcome, Progress
from cli.supervisor.status_line import status_line
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.messages.discovery import BookLevel, TopChanged

PROGRESS = Progress(
    markets=3,
    orders=2,
    open_orders=1,
    fills=4,
    positions=1,
    profit=Decimal("8.3325"),
    wins=2,
    losses=1,
    overrides=3,
    shadow_wins=1,
    shadow_losses=2,
    shadow_profit=Decimal("-4.1"),
    losses_in_a_row=1,
    max_losses=5,
    exposure=Decimal("24.9975"),
    trading_state="active",
)
BTC = [CurrentOutcome("btc", 15, "Up", "1"), CurrentOutcome("btc", 15, "Down", "2")]


def top(token: str, bid: str | None, ask: str | None, *, known: bool = True) -> TopChanged:
    def side(price: str | None) -> tuple[BookLevel, ...]:
        return () if price is None else (BookLevel(price=Price.of(price), shares=Shares.of(9)),)

    return TopChanged(
        market=MarketId("m"),
        token=TokenId(token),
        bids=side(bid),
        asks=side(ask),
        known=known,
        seen_at=datetime(2026, 4, 1, tzinfo=UTC),
        sequence=1,
    )


def prices(*tops: TopChanged) -> str:
    return status_line(PROGRESS, BTC, {each.token: each for each in tops}).split(" | ")[-1]


def test_the_status_line_says_breaker_counts_results_exposure_and_shadow() -> None:
    assert status_line(PROGRESS, [], {}) == (
        "active, breaker 1/5 losses | 3 markets, 2 orders (1 open), 1 positions, 4 fills"
        " | 2-1 won-lost, 3 overrides, profit +$8.33 | exposure $25.00 | shadow 1-2 -$4.10"
    )


def test_a_tripped_breaker_says_why() -> None:
    line = status_line(replace(PROGRESS, breaker_reason="5 losses in a row"), [], {})
    assert line.startswith("active, breaker tripped: 5 losses in a row | ")


def test_shadows_that_found_no_ask_are_counted_apart() -> None:
    assert status_line(replace(PROGRESS, shadow_unfilled=3), [], {}).endswith("shadow 1-2 -$4.10 (3 without ask)")


def test_of_each_current_market_the_favourites_best_prices_are_shown() -> None:
    assert prices(top("1", "0.18", "0.20"), top("2", "0.80", "0.82")) == "btc 15m Down 0.80/0.82"


def test_an_empty_side_is_shown_as_none() -> None:
    assert prices(top("1", "0.80", None)) == "btc 15m Up 0.80/-"


def test_a_book_that_nobody_knows_has_no_price() -> None:
    assert prices(top("1", "0.80", "0.82", known=False)) == "btc 15m no book"
