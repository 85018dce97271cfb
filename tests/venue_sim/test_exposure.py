"""The referee's own count of what an account risks."""

from pathlib import Path

from tests.venue_sim.stand import SLOT_START, Stand
from venue_sim.exposure import Exposure
from venue_sim.faults.switchboard import Terms
from venue_sim.journal import Journal
from venue_sim.units import UNIT


def counted(stand: Stand) -> Exposure:
    return stand.exchange.state.exposures[stand.trader(1).address]


def test_what_rests_counts_until_it_is_cancelled() -> None:
    stand = Stand()
    stand.flow({"0.70": "100"}, {"0.90": "100"})
    order = stand.trader(1).place(stand.market, "BUY", 0, "0.80", "10")
    stand.trader(1).place(stand.market, "BUY", 1, "0.05", "20")
    assert (counted(stand).now, counted(stand).highest) == (9 * UNIT, 9 * UNIT)

    stand.exchange.cancel([order.id], stand.trader(1).key.api_key)
    assert (counted(stand).now, counted(stand).highest) == (1 * UNIT, 9 * UNIT)


def test_what_was_bought_counts_at_its_cost_until_it_is_sold() -> None:
    stand = Stand()
    stand.flow({"0.70": "100"}, {"0.90": "100"})
    stand.trader(1).place(stand.market, "BUY", 0, "0.80", "10")
    stand.take("ask", "0.80", "4")
    assert (sum(counted(stand).costs.values()), counted(stand).resting) == (3_200_000, 4_800_000)

    stand.take("ask", "0.80", "6")
    stand.trader(1).place(stand.market, "SELL", 0, "0.70", "5", order_type="FAK")
    assert (counted(stand).now, counted(stand).highest) == (4 * UNIT, 8 * UNIT)


def test_a_taker_counts_what_it_offered_until_it_knows_what_it_paid() -> None:
    stand = Stand()
    stand.flow({"0.70": "100"}, {"0.80": "100"})
    stand.trader(1).place(stand.market, "BUY", 0, "0.85", "10")
    assert (counted(stand).now, counted(stand).highest) == (8 * UNIT, 8_500_000)


def test_a_resolution_ends_what_was_held() -> None:
    stand = Stand()
    stand.flow({"0.70": "100"}, {"0.80": "100"})
    stand.trader(1).place(stand.market, "BUY", 0, "0.80", "10")
    stand.exchange.resolve_market(stand.market, 1)
    assert (counted(stand).now, counted(stand).highest) == (0, 8 * UNIT)


def test_a_failed_trade_no_longer_counts_and_rests_nowhere() -> None:
    stand = Stand()
    stand.exchange.faults.switch_on("trade_fails", Terms(times=1))
    stand.flow({"0.70": "100"}, {"0.90": "100"})
    order = stand.trader(1).place(stand.market, "BUY", 0, "0.80", "10")
    stand.take("ask", "0.80", "4")
    stand.pass_wall(2_000)
    assert (counted(stand).now, counted(stand).highest) == (4_800_000, 8 * UNIT)
    assert (order.remaining, order.matched, order.failed) == (6 * UNIT, 0, 4 * UNIT)
    stand.assert_nothing_created_or_lost()


def test_the_journal_restores_the_count(tmp_path: Path) -> None:
    stand = Stand(journal=Journal(tmp_path))
    stand.exchange.faults.switch_on("trade_fails", Terms(times=1))
    stand.flow({"0.70": "100"}, {"0.90": "100"})
    stand.trader(1).place(stand.market, "BUY", 0, "0.80", "10")
    stand.take("ask", "0.80", "4")
    stand.pass_wall(2_000)
    stand.list_slot(SLOT_START + 900)
    stand.journal.close()

    again = Stand(journal=Journal(tmp_path))
    assert again.exchange.state.exposures == stand.exchange.state.exposures
    assert counted(again).highest == 8 * UNIT
