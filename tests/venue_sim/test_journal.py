"""A killed simulator restarts with nothing forgotten."""

from pathlib import Path

import pytest

from tests.venue_sim.globe import Globe
from tests.venue_sim.recordings import Tape
from tests.venue_sim.stand import SLOT_START
from venue_sim.book import Book
from venue_sim.errors import VenueError
from venue_sim.facts import ClockSet
from venue_sim.journal import CorruptJournalError, Journal
from venue_sim.units import UNIT


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    tape = Tape(winners=(0, 1))
    tape.average(0, "100")
    tape.book(1, 0, 0, {"0.78": "100"}, {"0.80": "50"})
    tape.book(60, 0, 0, {"0.75": "100"}, {"0.79": "50"})
    tape.book(901, 1, 0, {"0.30": "10"}, {"0.32": "10"})
    return tape.write(tmp_path / "two.jsonl.gz")


def restarted(globe: Globe, recording: Path, journal: Path) -> Globe:
    globe.journal.close()
    return Globe(recording=recording, journal=journal, clock=globe.clock)


def test_orders_trades_balances_and_slots_survive(recording: Path, tmp_path: Path) -> None:
    globe = Globe(recording=recording, journal=tmp_path / "sim")
    globe.start()
    globe.run_to(2)
    trader = globe.trader(1)
    filled = trader.place(globe.slot(), "BUY", 0, "0.78", "10")
    resting = trader.place(globe.slot(1), "BUY", 0, "0.20", "10")
    globe.run_to(61)
    beat = globe.world.beat(trader.key.api_key, "")
    known = trader.request(globe.slot(1), "BUY", 0, "0.21", "10")
    third = globe.exchange.admit(known, trader.key)

    again = restarted(globe, recording, tmp_path / "sim")

    assert again.exchange.state.time == globe.exchange.state.time
    assert list(again.exchange.state.markets) == list(globe.exchange.state.markets)
    assert again.exchange.state.orders[filled.id].matched == 10 * UNIT
    assert again.exchange.state.orders[resting.id].status == "LIVE"
    assert again.exchange.state.ledger.cash == globe.exchange.state.ledger.cash
    assert again.exchange.state.ledger.tokens == globe.exchange.state.ledger.tokens
    with pytest.raises(VenueError, match=f"order {third.id} is invalid. Duplicated."):
        again.exchange.admit(known, trader.key)
    assert again.world.beat(trader.key.api_key, beat)


def test_resting_orders_still_trade_and_markets_that_ended_meanwhile_resolve(recording: Path, tmp_path: Path) -> None:
    globe = Globe(recording=recording, journal=tmp_path / "sim")
    globe.start()
    globe.run_to(2)
    trader = globe.trader(1)
    trader.place(globe.slot(), "BUY", 0, "0.78", "10")
    globe.run_to(30)

    again = restarted(globe, recording, tmp_path / "sim")
    again.run_to(61)
    assert again.trader(1).shares(again.slot(), 0) == 10 * UNIT

    later = restarted(again, recording, tmp_path / "sim")
    later.clock.now_ms += 3600_000
    later.run_to(3700)

    assert later.slot().winner == 0
    assert later.trader(1).cash() == 1000 * UNIT + 2_200_000
    assert later.exchange.state.ledger.total_cash() == later.exchange.state.ledger.deposited


def test_a_restart_within_a_slot_does_not_fall_back_to_even_odds(tmp_path: Path) -> None:
    globe = Globe(seed=3, journal=tmp_path / "sim")
    globe.start()
    book = globe.exchange.books[globe.slot().condition_id]
    second = next(second for second in range(300, 890) if _odds_after(globe, second, book) > 6500)
    order = globe.trader(1).place(globe.slot(), "BUY", 0, "0.60", "10")
    globe.journal.close()

    again = Globe(seed=3, journal=tmp_path / "sim", clock=globe.clock)
    again.run_to(second + 0.5)

    assert again.exchange.state.orders[order.id].matched == 0


def _odds_after(globe: Globe, second: int, book: Book) -> int:
    globe.run_to(second)
    return book.best("bid") or 0


def test_unsettled_trades_settle_after_the_restart(recording: Path, tmp_path: Path) -> None:
    globe = Globe(recording=recording, journal=tmp_path / "sim")
    globe.start()
    globe.run_to(2)
    order = globe.trader(1).place(globe.slot(), "BUY", 0, "0.80", "10")

    again = restarted(globe, recording, tmp_path / "sim")
    again.run_to(4)

    assert again.exchange.state.trades[order.trades[0]].status == "CONFIRMED"


def test_a_new_timeline_can_begin_over_an_old_journal(recording: Path, tmp_path: Path) -> None:
    globe = Globe(recording=recording, journal=tmp_path / "sim")
    globe.start()
    globe.run_to(2)
    globe.trader(1).place(globe.slot(), "BUY", 0, "0.80", "10")
    globe.journal.close()

    again = Globe(recording=recording, journal=tmp_path / "sim", clock=globe.clock, new_clock=True)
    again.run_to(60)
    assert again.exchange.state.time is None
    again.world.set_clock(ClockSet(again.clock.now_ms, (SLOT_START + 7200) * 1000, 1.0))
    again.run_to(61)

    assert again.slot().winner == 0
    assert again.exchange.state.by_slug[f"btc-updown-15m-{SLOT_START + 7200}"].accepts_orders()


def test_a_torn_last_line_is_what_a_kill_leaves_behind(recording: Path, tmp_path: Path) -> None:
    globe = Globe(recording=recording, journal=tmp_path / "sim")
    globe.start()
    journal = tmp_path / "sim" / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"type":"order","te')

    assert len(Journal(tmp_path / "sim").facts) == whole.count(b"\n")
    assert journal.read_bytes() == whole


def test_a_damaged_line_in_the_middle_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b'{"type":"nonsense"}\n')

    with pytest.raises(CorruptJournalError, match="line 1 is not a journal entry"):
        Journal(tmp_path)


def test_a_market_of_another_flow_stays_silent_and_still_resolves(recording: Path, tmp_path: Path) -> None:
    globe = Globe(seed=7, journal=tmp_path / "sim")
    globe.start()
    globe.run_to(2)
    foreign = [market.condition_id for market in globe.exchange.state.markets.values()]

    again = restarted(globe, recording, tmp_path / "sim")
    again.run_to(900 + 56)

    resolved = again.exchange.state.markets[foreign[0]]
    assert resolved.winner == int(foreign[0], 16) & 1
    assert again.source.average(resolved, resolved.start) is None
