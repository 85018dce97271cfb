"""What may become of a matched trade."""

from tests.venue_sim.stand import Stand
from venue_sim.faults.switchboard import Terms
from venue_sim.units import UNIT


def filled(fault: str, terms: Terms | None = None) -> Stand:
    """A purchase of 10 shares at 0.80 that a taker has filled with this fault on."""
    stand = Stand()
    stand.exchange.faults.switch_on(fault, terms)
    stand.flow({"0.70": "100"}, {"0.90": "100"})
    stand.trader(1).place(stand.market, "BUY", 0, "0.80", "10")
    stand.take("ask", "0.80", "10")
    return stand


def statuses(stand: Stand) -> list[str]:
    return [status for _, status in stand.audience.of("trade")]


def test_a_trade_that_fails_is_taken_back() -> None:
    stand = filled("trade_fails")
    assert stand.trader(1).shares(stand.market, 0) == 10 * UNIT
    stand.pass_wall(1_200)

    assert statuses(stand) == ["MATCHED", "RETRYING", "FAILED"]
    assert (stand.trader(1).cash(), stand.trader(1).shares(stand.market, 0)) == (1000 * UNIT, 0)
    stand.assert_nothing_created_or_lost()


def test_a_trade_that_was_sold_on_can_no_longer_fail() -> None:
    stand = filled("trade_fails", Terms(times=1))
    stand.trader(1).place(stand.market, "SELL", 0, "0.70", "10", order_type="FAK")
    stand.pass_wall(1_200)

    assert sorted(statuses(stand)) == sorted(["MATCHED", "RETRYING", "CONFIRMED", "MATCHED", "MINED", "CONFIRMED"])
    stand.assert_nothing_created_or_lost()


def test_a_trade_that_was_paid_out_can_no_longer_fail() -> None:
    stand = filled("trade_fails")
    stand.exchange.resolve_market(stand.market, 0)
    stand.pass_wall(1_200)
    assert statuses(stand)[-1] == "CONFIRMED"
    stand.assert_nothing_created_or_lost()


def test_a_taker_s_fee_goes_back_with_the_trade_that_failed() -> None:
    stand = Stand()
    stand.exchange.faults.switch_on("trade_fails")
    stand.flow({"0.70": "100"}, {"0.80": "100"})
    stand.trader(1).place(stand.market, "BUY", 0, "0.80", "10")
    assert stand.trader(1).cash() < 992 * UNIT
    stand.pass_wall(1_200)
    assert stand.trader(1).cash() == 1000 * UNIT
    stand.assert_nothing_created_or_lost()


def test_a_trade_is_tried_again_and_confirmed() -> None:
    stand = filled("trade_retries")
    stand.pass_wall(1_600)
    assert statuses(stand) == ["MATCHED", "RETRYING", "MINED", "CONFIRMED"]
    assert stand.trader(1).shares(stand.market, 0) == 10 * UNIT


def test_a_trade_is_confirmed_late() -> None:
    stand = filled("trade_slow")
    stand.pass_wall(9_000)
    assert statuses(stand) == ["MATCHED"]
    stand.pass_wall(2_000)
    assert statuses(stand) == ["MATCHED", "MINED", "CONFIRMED"]


def test_one_trade_takes_several_orders_of_ours_each_at_its_own_price() -> None:
    stand = Stand()
    stand.exchange.faults.switch_on("trades_joined")
    stand.flow({"0.70": "100"}, {"0.90": "100"})
    dear = stand.trader(1).place(stand.market, "BUY", 0, "0.80", "10")
    cheap = stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")
    stand.take("ask", "0.78", "15")

    (trade,) = stand.exchange.state.trades.values()
    assert [(leg.order_id, leg.shares, trade.fact.price_of(leg)) for leg in trade.fact.makers] == [
        (dear.id, 10 * UNIT, 8000),
        (cheap.id, 5 * UNIT, 7800),
    ]
    assert stand.trader(1).cash() == 1000 * UNIT - 8_000_000 - 3_900_000
    stand.assert_nothing_created_or_lost()
