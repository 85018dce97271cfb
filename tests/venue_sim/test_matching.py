"""Who trades with whom, at which price, in which sequence, and what it costs."""

import pytest

from tests.venue_sim.stand import Stand
from venue_sim.errors import VenueError
from venue_sim.units import UNIT


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_a_taker_pays_the_maker_s_price_and_the_fee(stand: Stand) -> None:
    maker, taker = stand.trader(1), stand.trader(2)
    maker.place(stand.market, "BUY", 1, "0.40", "10")

    taker.place(stand.market, "BUY", 0, "0.65", "10")

    assert maker.cash() == 996 * UNIT
    assert taker.cash() == 1000 * UNIT - 6 * UNIT - 168_000  # 10 x 0.07 x 0.6 x 0.4
    assert (maker.shares(stand.market, 1), taker.shares(stand.market, 0)) == (10 * UNIT, 10 * UNIT)
    stand.assert_nothing_created_or_lost()


def test_two_buyers_mint_and_two_sellers_merge(stand: Stand) -> None:
    one, two = stand.trader(1), stand.trader(2)
    one.place(stand.market, "BUY", 0, "0.60", "10")
    two.place(stand.market, "BUY", 1, "0.40", "10")
    assert stand.exchange.state.ledger.vaults[stand.market.condition_id] == 10 * UNIT

    one.place(stand.market, "SELL", 0, "0.70", "10")
    two.place(stand.market, "SELL", 1, "0.30", "10")

    assert stand.exchange.state.ledger.vaults[stand.market.condition_id] == 0
    assert (one.shares(stand.market, 0), two.shares(stand.market, 1)) == (0, 0)
    assert one.cash() == 1001 * UNIT
    stand.assert_nothing_created_or_lost()


def test_a_token_can_change_hands_without_a_new_set(stand: Stand) -> None:
    one, two, three = stand.trader(1), stand.trader(2), stand.trader(3)
    one.place(stand.market, "BUY", 0, "0.60", "10")
    two.place(stand.market, "BUY", 1, "0.40", "10")
    one.place(stand.market, "SELL", 0, "0.62", "10")

    three.place(stand.market, "BUY", 0, "0.62", "10")

    assert three.shares(stand.market, 0) == 10 * UNIT
    assert stand.exchange.state.ledger.vaults[stand.market.condition_id] == 10 * UNIT
    stand.assert_nothing_created_or_lost()


def test_the_better_price_is_filled_first_then_the_older_order(stand: Stand) -> None:
    late = stand.trader(1).place(stand.market, "BUY", 0, "0.60", "10")
    better = stand.trader(2).place(stand.market, "BUY", 0, "0.61", "10")
    later = stand.trader(3).place(stand.market, "BUY", 0, "0.60", "10")

    stand.take("ask", "0.60", "25")

    assert [order.matched for order in (better, late, later)] == [10 * UNIT, 10 * UNIT, 5 * UNIT]


def test_the_flow_in_front_is_filled_first_and_what_came_later_after(stand: Stand) -> None:
    stand.flow({"0.78": "30"}, {})
    order = stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")
    stand.flow({"0.78": "100"}, {})

    stand.take("ask", "0.78", "30")
    assert order.matched == 0
    stand.take("ask", "0.78", "4")
    assert order.matched == 4 * UNIT
    stand.take("ask", "0.78", "10")
    assert order.status == "MATCHED"


def test_when_the_flow_in_front_leaves_the_order_moves_up(stand: Stand) -> None:
    stand.flow({"0.78": "30"}, {})
    order = stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")
    stand.flow({"0.78": "5"}, {})

    stand.take("ask", "0.78", "7")

    assert order.matched == 2 * UNIT


def test_flow_that_crosses_an_order_trades_with_it_before_it_rests(stand: Stand) -> None:
    order = stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")

    stand.flow({"0.70": "50"}, {"0.77": "30"})

    assert order.status == "MATCHED"
    assert stand.trader(1).cash() == 1000 * UNIT - 7_800_000
    assert stand.exchange.books[stand.market.condition_id].levels("ask") == {7700: 20 * UNIT}


def test_a_crossing_level_that_stays_does_not_trade_twice(stand: Stand) -> None:
    stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")
    stand.flow({}, {"0.78": "4"})
    again = stand.trader(1).place(stand.market, "BUY", 0, "0.77", "10")

    stand.flow({}, {"0.78": "4"})

    assert again.matched == 0
    assert sum(trade.fact.shares for trade in stand.exchange.state.trades.values()) == 4 * UNIT


def test_our_resting_order_is_part_of_the_published_level(stand: Stand) -> None:
    stand.flow({"0.78": "30"}, {"0.80": "20"})
    stand.audience.heard.clear()

    stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")

    assert stand.audience.of("book") == [[("bid", 7800, 40 * UNIT)]]


def test_a_held_order_is_matched_against_the_book_after_the_hold(stand: Stand) -> None:
    stand.flow({}, {"0.60": "10"})
    trader = stand.trader(1)
    order = stand.exchange.admit(trader.request(stand.market, "BUY", 0, "0.62", "10"), trader.key)
    assert order.status == "DELAYED"
    assert stand.exchange.cancel([order.id], trader.key.api_key)[0] == []

    stand.flow({}, {"0.61": "4"})
    stand.exchange.release(order)

    assert (order.matched, order.status) == (4 * UNIT, "LIVE")
    assert trader.cash() == 1000 * UNIT - 4 * 610_000 - 66_610


def test_a_maker_may_cancel_during_someone_s_hold(stand: Stand) -> None:
    maker, taker = stand.trader(1), stand.trader(2)
    resting = maker.place(stand.market, "BUY", 1, "0.40", "10")
    held = stand.exchange.admit(taker.request(stand.market, "BUY", 0, "0.60", "10"), taker.key)

    stand.exchange.cancel([resting.id], maker.key.api_key)
    stand.exchange.release(held)

    assert (held.status, held.matched) == ("LIVE", 0)


def test_a_held_order_reserves_its_cash(stand: Stand) -> None:
    stand.flow({}, {"0.60": "100"})
    trader = stand.trader(1, dollars=10)
    stand.exchange.admit(trader.request(stand.market, "BUY", 0, "0.60", "10"), trader.key)

    with pytest.raises(VenueError, match="not enough balance"):
        stand.exchange.admit(trader.request(stand.market, "BUY", 1, "0.50", "10"), trader.key)


def test_a_fee_beyond_the_balance_refuses_the_order(stand: Stand) -> None:
    stand.flow({}, {"0.60": "100"})
    trader = stand.trader(1, dollars=6)

    with pytest.raises(VenueError, match="not enough balance"):
        trader.place(stand.market, "BUY", 0, "0.60", "10")
    assert (trader.cash(), stand.exchange.state.orders) == (6 * UNIT, {})


def test_a_fill_or_kill_buy_spends_its_cash_at_better_prices(stand: Stand) -> None:
    stand.flow({}, {"0.60": "10", "0.61": "100"})
    trader = stand.trader(1)
    request = trader.sign(stand.market, "BUY", 0, (12_200_000, 20_000_000), "FOK")
    order = stand.exchange.admit(request, trader.key)
    stand.exchange.release(order)

    assert order.matched == 20_160_000  # 10 at 0.60, then 6.20 dollars buy 10.16 at 0.61
    assert order.status == "MATCHED"
    stand.assert_nothing_created_or_lost()


@pytest.mark.parametrize("asks", [{}, {"0.60": "5"}])
def test_what_cannot_be_filled_whole_is_killed(stand: Stand, asks: dict[str, str]) -> None:
    stand.flow({}, asks)

    with pytest.raises(VenueError, match="FOK orders are fully filled or killed"):
        stand.trader(1).place(stand.market, "BUY", 0, "0.60", "10", order_type="FOK")
    assert stand.exchange.state.orders == {}


def test_fill_and_kill_takes_what_there_is(stand: Stand) -> None:
    stand.flow({}, {"0.60": "5"})
    order = stand.trader(1).place(stand.market, "BUY", 0, "0.60", "10", order_type="FAK")

    assert (order.matched, order.status) == (5 * UNIT, "MATCHED")
    assert stand.exchange.books[stand.market.condition_id].best("bid") is None
    with pytest.raises(VenueError, match="no orders found to match with FAK order"):
        stand.trader(1).place(stand.market, "BUY", 0, "0.60", "10", order_type="FAK")


def test_a_trade_is_matched_then_mined_then_confirmed(stand: Stand) -> None:
    stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")
    stand.take("ask", "0.78", "10")
    assert [status for _, status in stand.audience.of("trade")] == ["MATCHED"]

    stand.pass_wall(200)
    stand.pass_wall(300)

    assert [status for _, status in stand.audience.of("trade")] == ["MATCHED", "MINED", "CONFIRMED"]


def test_every_price_of_a_sweep_is_a_trade_of_its_own(stand: Stand) -> None:
    stand.flow({}, {"0.60": "5", "0.61": "5"})
    order = stand.trader(1).place(stand.market, "BUY", 0, "0.61", "10")

    facts = [stand.exchange.state.trades[trade].fact for trade in order.trades]

    assert [(fact.up_price, fact.shares, fact.bucket) for fact in facts] == [(6000, 5 * UNIT, 0), (6100, 5 * UNIT, 1)]


class TestTopOfBookRecordings:
    """Only the best level is known, so a fill needs the recorded market to come to the order or to leave it."""

    def test_an_order_is_filled_when_the_recorded_ask_reaches_it(self, stand: Stand) -> None:
        stand.flow({"0.78": "100"}, {"0.80": "50"}, top_only=True)
        order = stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")

        stand.flow({"0.77": "40"}, {"0.78": "6"}, top_only=True)

        assert order.status == "MATCHED"

    def test_an_order_is_filled_when_the_recorded_bid_falls_below_it(self, stand: Stand) -> None:
        stand.flow({"0.78": "100"}, {"0.80": "50"}, top_only=True)
        order = stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")

        stand.flow({"0.78": "3"}, {"0.80": "50"}, top_only=True)
        assert order.matched == 0
        stand.flow({"0.77": "40"}, {"0.80": "50"}, top_only=True)

        assert order.status == "MATCHED"

    def test_a_bid_for_down_is_filled_when_the_recorded_ask_for_up_rises_above_it(self, stand: Stand) -> None:
        stand.flow({"0.18": "100"}, {"0.20": "50"}, top_only=True)
        order = stand.trader(1).place(stand.market, "BUY", 1, "0.80", "10")

        stand.flow({"0.18": "100"}, {"0.21": "50"}, top_only=True)

        assert order.status == "MATCHED"

    def test_an_order_that_the_recorded_bid_never_reached_waits(self, stand: Stand) -> None:
        stand.flow({"0.70": "100"}, {"0.80": "50"}, top_only=True)
        order = stand.trader(1).place(stand.market, "BUY", 0, "0.75", "10")

        stand.flow({"0.69": "100"}, {"0.80": "50"}, top_only=True)
        stand.flow({}, {"0.80": "50"}, top_only=True)
        assert order.matched == 0
        stand.flow({"0.75": "10"}, {"0.80": "50"}, top_only=True)
        stand.flow({"0.74": "10"}, {"0.80": "50"}, top_only=True)

        assert order.status == "MATCHED"

    def test_time_alone_fills_nothing(self, stand: Stand) -> None:
        stand.flow({"0.78": "100"}, {"0.80": "50"}, top_only=True)
        order = stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")

        for _ in range(100):
            stand.pass_wall(60_000)
            stand.flow({"0.78": "100"}, {"0.80": "50"}, top_only=True)

        assert order.matched == 0


@pytest.mark.parametrize(
    ("bids", "asks"), [({"0.97": "10"}, {}), ({}, {"0.03": "10"}), ({"0.785": "10"}, {"0.80": "10"})]
)
def test_the_tick_becomes_fine_at_the_edges_and_stays(stand: Stand, bids: dict[str, str], asks: dict[str, str]) -> None:
    stand.flow(bids, asks)
    stand.flow({"0.50": "10"}, {"0.60": "10"})

    assert stand.audience.of("tick") == [(100, 10)]
