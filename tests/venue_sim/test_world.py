"""Markets are listed, open, end and resolve as domain time passes; silence costs a key its orders."""

from pathlib import Path

import pytest

from tests.venue_sim.globe import Globe
from tests.venue_sim.recordings import REC_SLOT, Tape
from tests.venue_sim.stand import SLOT_START
from venue_sim.errors import VenueError
from venue_sim.facts import ClockSet
from venue_sim.prices import SeededPath, price_value_text, twap, winner_of
from venue_sim.units import UNIT


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two slots: Up's bid comes to 0.78 and is left behind; Up wins the first, Down the second."""
    tape = Tape(winners=(0, 1))
    for second, value in ((0, "100.5"), (900, "101.5"), (1800, "99.5")):
        tape.average(second, value)
    tape.book(1, 0, 0, {"0.78": "100"}, {"0.80": "50"})
    tape.book(60, 0, 0, {"0.75": "100"}, {"0.79": "50"})
    tape.book(901, 1, 0, {"0.30": "10"}, {"0.32": "10"})
    return tape.write(tmp_path / "two.jsonl.gz")


def test_nothing_is_listed_before_the_clock_is_set() -> None:
    globe = Globe()
    globe.run_to(3600)

    assert globe.exchange.state.markets == {}


def test_the_origin_is_set_once() -> None:
    globe = Globe()
    globe.start()
    globe.world.set_clock(ClockSet(0, 0, 5.0))

    assert globe.exchange.domain_ms() == SLOT_START * 1000


def test_the_current_and_the_next_slots_are_listed_and_more_follow() -> None:
    globe = Globe(coins=("btc", "eth"), durations=(300, 900))
    globe.start(SLOT_START + 100)

    starts = {
        (coin, duration): [
            market.start for market in globe.exchange.state.markets.values() if (market.coin, market.duration) == series
        ]
        for series in globe.source.series()
        for coin, duration in [series]
    }
    assert starts["btc", 900] == [SLOT_START + 900 * index for index in range(4)]
    assert starts["eth", 300] == [SLOT_START + 300 * index for index in range(4)]
    globe.run_to(901)
    assert len(globe.exchange.state.markets) == 2 * 5 + 2 * 7


def test_speed_makes_slots_pass_faster() -> None:
    globe = Globe()
    globe.start(speed=10.0)
    globe.run_to(90.1)

    assert globe.slot(0).ended
    assert not globe.slot(1).ended


def test_a_market_resolves_after_the_delay_by_the_tie_rule() -> None:
    globe = Globe()
    globe.start()
    globe.run_to(954.9)
    market = globe.slot()
    assert (market.ended, market.resolved) == (True, False)

    globe.run_to(955.1)

    path = SeededPath(7)
    expected = winner_of(twap(path, "btc", market.start), twap(path, "btc", market.end))
    assert market.winner == expected
    assert globe.audience.of("resolved") == [expected]
    assert globe.source.average(market, market.start) == price_value_text(twap(path, "btc", market.start))


@pytest.mark.parametrize(("start", "end", "winner"), [(100, 101, 0), (100, 99, 1), (100, 100, 0)])
def test_up_wins_at_or_above_the_start_so_a_tie_pays_up(start: int, end: int, winner: int) -> None:
    assert winner_of(start, end) == winner


def test_recorded_slots_follow_each_other_and_loop_with_new_ids(recording: Path) -> None:
    globe = Globe(recording=recording)
    globe.start(SLOT_START + 1)
    first = globe.slot()

    assert first.start == SLOT_START + 900
    globe.run_to(4 * REC_SLOT + 900)
    winners = [market.winner for market in globe.exchange.state.markets.values()][:3]
    assert winners == [0, 1, 0]
    ids = [market.condition_id for market in globe.exchange.state.markets.values()]
    assert len(set(ids)) == len(ids)


def test_a_recorded_book_and_its_prices_keep_their_distance_to_the_slot(recording: Path) -> None:
    globe = Globe(recording=recording)
    globe.start()
    globe.run_to(2)
    order = globe.trader(1).place(globe.slot(), "BUY", 0, "0.78", "10", post_only=True)
    globe.run_to(59.9)
    assert order.matched == 0

    globe.run_to(60.1)
    assert order.status == "MATCHED"
    globe.run_to(960)

    assert globe.trader(1).cash() == 1000 * UNIT + 2_200_000
    stamps = [(tick.timestamp_ms // 1000 - SLOT_START, tick.text) for tick in globe.prices.heard]
    assert stamps == [(0, "100.5"), (900, "101.5")]
    assert globe.source.average(globe.slot(), SLOT_START + 900) == "101.5"


def test_with_full_depth_recorded_trades_fill_after_the_queue_ahead(tmp_path: Path) -> None:
    tape = Tape(depth="full")
    tape.book(1, 0, 0, {"0.78": "30", "0.77": "100"}, {"0.80": "50"})
    tape.trade(60, tape.token(0, 0), "SELL", "0.78", "34")
    tape.change(60.1, tape.token(0, 0), "BUY", "0.78", "0")
    globe = Globe(recording=tape.write(tmp_path / "full.jsonl.gz"))
    globe.start()
    globe.run_to(2)
    order = globe.trader(1).place(globe.slot(), "BUY", 0, "0.78", "10", post_only=True)
    globe.run_to(61)

    assert order.matched == 4 * UNIT


def test_at_the_loop_s_seam_the_next_slot_says_its_own_start(recording: Path) -> None:
    globe = Globe(recording=recording)
    globe.start()
    globe.run_to(1801)

    stamps = [(tick.timestamp_ms // 1000 - SLOT_START, tick.text) for tick in globe.prices.heard]
    assert stamps == [(0, "100.5"), (900, "101.5"), (1800, "100.5")]


def test_the_same_seed_makes_the_same_flow() -> None:
    def changes(seed: int) -> list[object]:
        globe = Globe(seed=seed)
        globe.start()
        globe.run_to(60)
        return globe.audience.of("book")

    assert changes(3) == changes(3)
    assert changes(3) != changes(4)


def test_a_bid_at_the_touch_is_filled_within_tens_of_seconds() -> None:
    waits: list[int] = []
    for seed in range(12):
        globe = Globe(seed=seed)
        globe.start()
        waits += _waits_for_a_fill(globe)

    assert len(waits) >= 5
    assert sorted(waits)[len(waits) // 2] <= 60


def _waits_for_a_fill(globe: Globe) -> list[int]:
    """Seconds until a bid at the favourite's best bid in 0.75..0.85 was filled, first one of the slot."""
    book = globe.exchange.books[globe.slot().condition_id]
    trader = globe.trader(1)
    placed = None
    for second in range(120, 880):
        globe.run_to(second)
        if placed is not None:
            order, since = placed
            if order.status == "MATCHED":
                return [second - since]
            continue
        for outcome, price in ((0, book.best("bid") or 0), (1, 10_000 - (book.best("ask") or 10_000))):
            if 7500 <= price <= 8500 and price % 100 == 0 and placed is None:
                order = trader.place(globe.slot(), "BUY", outcome, f"{price / 10_000:.2f}", "10", post_only=True)
                placed = (order, second)
    return []


def test_the_bench_flow_steps_into_the_range_once_per_market_at_different_instants() -> None:
    globe = Globe(step=True, coins=("btc", "eth"))
    globe.start()
    books = [globe.exchange.books[globe.slot(index).condition_id] for index in (0, 4)]
    assert [(book.best("bid"), book.best("ask")) for book in books] == [(6000, 6200)] * 2

    seen: list[int] = []
    for second in range(900):
        globe.run_to(second)
        seen.append(sum(book.best("bid") == 7800 for book in books))

    assert sorted(set(seen)) == [0, 1, 2]
    assert seen == sorted(seen)


class TestHeartbeats:
    def test_each_beat_names_the_next(self) -> None:
        globe = Globe()
        first = globe.world.beat("key-1", "")
        second = globe.world.beat("key-1", first)

        assert second != first

    def test_a_wrong_id_is_refused_with_the_expected_one(self) -> None:
        globe = Globe()
        first = globe.world.beat("key-1", "")

        for wrong in ("", "something"):
            with pytest.raises(VenueError, match="Invalid Heartbeat ID") as refusal:
                globe.world.beat("key-1", wrong)
            assert refusal.value.status == 400
            assert refusal.value.body() == {
                "error": "Invalid Heartbeat ID",
                "error_msg": "Invalid Heartbeat ID",
                "heartbeat_id": first,
            }

    def test_silence_cancels_all_orders_of_the_key_and_of_no_other(self) -> None:
        globe = Globe()
        globe.start()
        mine = globe.trader(1).place(globe.slot(1), "BUY", 0, "0.20", "10")
        other = globe.trader(2).place(globe.slot(1), "BUY", 0, "0.20", "10")
        globe.world.beat("key-1", "")

        globe.run_to(9.9)
        assert mine.status == "LIVE"
        globe.run_to(15.1)

        assert (mine.status, other.status) == ("CANCELED", "LIVE")
        assert globe.world.beat("key-1", "")

    def test_a_kept_up_heartbeat_keeps_the_orders(self) -> None:
        globe = Globe()
        globe.start()
        order = globe.trader(1).place(globe.slot(1), "BUY", 0, "0.20", "10")
        beat = ""
        for second in range(0, 60, 5):
            globe.run_to(second)
            beat = globe.world.beat("key-1", beat)

        assert order.status == "LIVE"

    def test_an_unarmed_key_keeps_its_orders(self) -> None:
        globe = Globe()
        globe.start()
        order = globe.trader(1).place(globe.slot(1), "BUY", 0, "0.20", "10")
        globe.run_to(60)

        assert order.status == "LIVE"
