"""What the command line says of profit: the maker's and the shadow's, by closed positions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from psycopg.types.json import Jsonb

from cli import readings
from tests.integration.db.desk import ACCOUNT, DURING, END, START, Desk, order_name

pytestmark = pytest.mark.servers
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(postgres_database: str) -> Iterator[Desk]:
    opened = Desk.opened(postgres_database)
    yield opened
    opened.close()


def bought(desk: Desk, market: str) -> None:
    """Twenty shares of Up for 16 dollars, and a shadow for five at 0.85."""
    desk.fill(desk.placed(market=market), f"t-{market}", status="confirmed")
    desk.one(
        "select enter_shadow(%s, %s, %s, 'Up', 0.85, 0.008925, 5, 5.82123, 'open', %s)",
        ACCOUNT, market, f"{market}-Up", DURING,
    )  # fmt: skip


def sold(desk: Desk, market: str, *parts: tuple[str, str]) -> None:
    desk.close_entries(market)
    desk.report_closed(market)
    assert desk.sell("20", market=market) is None
    sale = order_name(market, "Up", 0, 0) + "/exit"
    desk.event(sale, "accepted")
    for number, (shares, price) in enumerate(parts):
        desk.fill(sale, f"s{number}", shares, price, status="confirmed")


def settled(desk: Desk, market: str, up: str, at: datetime = END, kind: str = "venue") -> None:
    payouts = Jsonb({f"{market}-Up": up, f"{market}-Down": str(1 - Decimal(up))})
    desk.one("select settle(%s, %s, %s, %s, 'test', %s, 'settlement')", ACCOUNT, market, payouts, kind, at)


def days(desk: Desk) -> list[readings.Row]:
    return readings.rows(desk.connection, readings.PROFIT_BY_DAY, {"limit": 10})


def test_a_position_sold_in_parts_is_one_loss_and_so_is_its_shadow(desk: Desk) -> None:
    bought(desk, "m1")
    sold(desk, "m1", ("12", "0.90"), ("8", "0.40"))

    progress = readings.progress(desk.connection, ACCOUNT, LONG_AGO)

    assert (progress.wins, progress.losses, progress.profit) == (0, 1, Decimal("-2.00"))
    assert (progress.shadow_wins, progress.shadow_losses, progress.shadow_profit) == (0, 1, Decimal(-5))
    assert (progress.positions, progress.losses_in_a_row, progress.breaker_reason) == (0, 1, None)


def test_an_open_position_is_neither_won_nor_lost(desk: Desk) -> None:
    bought(desk, "m1")
    progress = readings.progress(desk.connection, ACCOUNT, LONG_AGO)
    assert (progress.positions, progress.wins, progress.losses, progress.shadow_profit) == (1, 0, 0, 0)


def test_results_of_an_earlier_run_are_not_this_runs(desk: Desk) -> None:
    bought(desk, "m1")
    desk.swept_past_the_end()
    settled(desk, "m1", "1")
    later = desk.one("select clock_timestamp()") + timedelta(seconds=1)
    progress = readings.progress(desk.connection, ACCOUNT, later)
    assert (progress.wins, progress.profit, progress.shadow_wins, progress.shadow_profit) == (0, 0, 0, 0)


def test_a_correction_moves_money_on_its_own_day_and_the_result_stays_on_the_first(desk: Desk) -> None:
    bought(desk, "m1")
    desk.swept_past_the_end()
    settled(desk, "m1", "0", kind="provisional")
    settled(desk, "m1", "1", END + timedelta(days=1))

    corrected, first = days(desk)

    assert (first["day"], first["profit"], first["wins"], first["losses"]) == (START.date(), Decimal(-16), 1, 0)
    assert (corrected["profit"], corrected["wins"], corrected["losses"]) == (Decimal(20), 0, 0)


def test_a_day_shows_the_shadow_beside_the_maker(desk: Desk) -> None:
    bought(desk, "m1")
    desk.add_market("m2")
    bought(desk, "m2")
    desk.swept_past_the_end()
    settled(desk, "m1", "1")
    settled(desk, "m2", "0")

    (day,) = days(desk)

    assert (day["markets"], day["wins"], day["losses"], day["profit"]) == (2, 1, 1, Decimal(-12))
    assert (day["shadow_wins"], day["shadow_losses"]) == (1, 1)
    assert day["shadow_profit"] == Decimal("0.82123") - 5


def test_an_account_shows_its_shadow_with_what_it_missed(desk: Desk) -> None:
    bought(desk, "m1")
    desk.add_market("m2")
    desk.fill(desk.placed(market="m2"), "t-m2")
    desk.one("select enter_shadow(%s, 'm2', 'm2-Up', 'Up', null, null, 5, null, 'no_ask', %s)", ACCOUNT, DURING)

    (account,) = readings.rows(desk.connection, readings.ACCOUNTS)

    assert account["shadow"] == {"wins": 0, "losses": 0, "profit": "0", "open": 1, "no_ask": 1, "missed": 0}
    assert account["maker"] == {"wins": 0, "losses": 0, "profit": "0"}


def test_only_markets_whose_slot_runs_are_current(desk: Desk) -> None:
    desk.one("insert into clock_origin values ('r', clock_timestamp(), %s, 1) returning 1", DURING)
    assert [(each.coin, each.minutes, each.outcome) for each in readings.current_outcomes(desk.connection, "sim")] == [
        ("btc", 15, "Up"),
        ("btc", 15, "Down"),
    ]
    desk.one("update clock_origin set origin_domain = %s returning 1", END)
    assert readings.current_outcomes(desk.connection, "sim") == []
