"""What a replay does with a recording, told as the market would tell it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lab.replay.run import CannotReplayError
from tests.unit.lab.replay.tape import DOWN, MINUTE, START, UP, Tape, changes, minutes, slot

LEFT_ALONE = ("Up", "reserved", "")
FILLED = ("Up", "filled", "")
SECOND_SLOT = slot(
    slug=f"btc-updown-15m-{START + 900}", start=START + 900, end=START + 1800, tokens=["33", "44"], condition_id="0x2"
)


def favourite(end: int = 15 * MINUTE, bid: str = "0.80", ask: str = "0.81") -> Tape:
    """Up stands there from the first second on."""
    return Tape().quiet(1000, end, bid, ask)


def reasons(tape: Tape, folder: Path, **settings: Any) -> dict[str, int]:
    return dict(tape.play(folder, **settings).summary.reasons)


# entries and fills


def test_a_favourite_is_bid_for_and_fills_after_half_a_minute_at_the_best_bid(tmp_path: Path) -> None:
    played = favourite().play(tmp_path)
    assert changes(played) == [LEFT_ALONE, FILLED]
    assert minutes(played) == ["0.5167"]
    assert (played.records.fills[0].price.value, played.records.fills[0].shares.value) == (Decimal("0.80"), 6.25)


def test_the_winner_pays_its_shares_and_the_shadow_paid_ask_and_fee(tmp_path: Path) -> None:
    played = favourite().play(tmp_path)
    assert played.summary.profit.value == Decimal("1.25")
    assert (played.summary.wins, played.summary.losses) == (1, 0)
    stake, per_share = Decimal(5), Decimal("0.81") + Decimal("0.07") * Decimal("0.81") * Decimal("0.19")
    assert played.summary.shadow_profit.value.quantize(Decimal("0.0001")) == (stake / per_share - stake).quantize(
        Decimal("0.0001")
    )


def test_the_loser_costs_what_was_paid(tmp_path: Path) -> None:
    tape = favourite()
    tape.slots = [slot(winner=1)]
    played = tape.play(tmp_path)
    assert (played.summary.profit.value, played.summary.losses) == (Decimal(-5), 1)
    assert played.summary.shadow_profit.value == Decimal(-5)


def test_where_down_is_listed_first_up_is_still_paid_by_its_token(tmp_path: Path) -> None:
    tape = favourite()
    tape.slots = [slot(outcomes=["Down", "Up"], tokens=[DOWN, UP], winner=1)]
    assert tape.play(tmp_path).summary.profit.value == Decimal("1.25")


def test_an_ask_at_the_orders_price_fills_it_at_once(tmp_path: Path) -> None:
    played = favourite(20_000).book(21_500, "0.79", "0.80").play(tmp_path)
    assert [str(each.at.time()) for each in played.records.fills] == ["07:45:21.500000"]


def test_a_bid_below_the_order_fills_it(tmp_path: Path) -> None:
    assert changes(favourite(20_000).book(21_500, "0.78", "0.82").play(tmp_path)) == [LEFT_ALONE, FILLED]


def test_time_at_the_best_bid_fills_between_two_frames(tmp_path: Path) -> None:
    played = Tape().book(1000, "0.80", "0.81").book(45_000, "0.80", "0.81").play(tmp_path, cb_stale_seconds=60)
    assert [str(each.at.time()) for each in played.records.fills] == ["07:45:31"]


def test_an_order_goes_when_the_bid_leaves_the_range_and_comes_again_with_it(tmp_path: Path) -> None:
    tape = favourite(5000).book(6000, "0.86", "0.87").book(7000, "0.80", "0.81")
    assert changes(tape.play(tmp_path))[:3] == [LEFT_ALONE, ("Up", "cancelled", "BID_OUT_OF_RANGE"), LEFT_ALONE]


def test_the_other_outcomes_order_goes_with_the_first_fill(tmp_path: Path) -> None:
    tape = Tape().book(1000, "0.80", "0.81").book(1500, "0.16", "0.18", DOWN).book(2000, "0.79", "0.80")
    assert changes(tape.play(tmp_path, target_bid="0.10")) == [
        LEFT_ALONE,
        ("Down", "reserved", ""),
        FILLED,
        ("Down", "cancelled", "OTHER_SIDE_HELD"),
    ]


def test_an_entry_gate_opens_between_two_frames(tmp_path: Path) -> None:
    tape = Tape().book(9 * MINUTE + 50_000, "0.80", "0.81").book(10 * MINUTE + 5000, "0.80", "0.81")
    played = tape.play(tmp_path, min_entry_minutes=10)
    assert str(played.records.orders[0].at.time()) == "07:55:00"


def test_a_taker_pays_the_ask_and_its_fee(tmp_path: Path) -> None:
    played = favourite(5000).play(tmp_path, taker="true")
    (fill,) = played.records.fills
    assert (fill.price.value, fill.liquidity, fill.fee.value > 0) == (Decimal("0.81"), "taker", True)


def test_a_taker_without_an_ask_never_rests(tmp_path: Path) -> None:
    tape = Tape().quiet(1000, MINUTE, "0.80", None)
    assert changes(tape.play(tmp_path, taker="true")) == []


def test_the_ladder_climbs_rung_by_rung_and_a_rung_above_the_bid_fills_on_the_spot(tmp_path: Path) -> None:
    """It is the best bid at once; so does paper when services trade."""
    tape = Tape().book(1000, "0.75", "0.86").book(2000, "0.75", "0.75").book(3000, "0.78", "0.86")
    played = tape.play(tmp_path, ladder_rungs=2, order_size=10)
    assert [(each.rung, each.change, each.at.second) for each in played.records.orders] == [
        (0, "reserved", 1),
        (0, "filled", 2),
        (1, "reserved", 3),
        (1, "filled", 3),
    ]


def test_exposure_never_passes_its_limit(tmp_path: Path) -> None:
    played = favourite().play(tmp_path, ladder_rungs=2, order_size=20, max_exposure=20)
    assert played.summary.exposure_peak.value <= 20


# what forbids an entry


def test_without_prices_a_filter_that_needs_one_refuses(tmp_path: Path) -> None:
    assert reasons(favourite(), tmp_path, min_move_pct="0.2")["NO_REFERENCE_PRICE"] > 0


def test_a_move_since_the_strike_lets_an_entry_pass(tmp_path: Path) -> None:
    tape = Tape()
    for second in range(120):
        tape.spot(second * 1000, "100" if second < 2 else "101").book(second * 1000 + 1, "0.80", "0.81")
    played = tape.play(tmp_path, min_move_pct="0.2")
    assert changes(played)[0] == LEFT_ALONE
    assert str(played.records.orders[0].at.time()) == "07:45:02"


def test_a_strike_of_nought_lets_nothing_pass(tmp_path: Path) -> None:
    tape = Tape()
    for second in range(60):
        tape.spot(second * 1000, "0").book(second * 1000 + 1, "0.80", "0.81")
    played = tape.play(tmp_path)
    assert changes(played) == []
    assert played.summary.source.oddities.impossible_prices == 60


def test_a_crossed_book_is_no_evidence(tmp_path: Path) -> None:
    tape = Tape().book(1000, "0.80", "0.81").book(2000, "0.80", "0.79").book(60_000, "0.80", "0.79")
    played = tape.play(tmp_path, cb_stale_seconds=90)
    assert "filled" not in {change for _, change, _ in changes(played)}
    assert played.summary.source.oddities.crossed_books == 2


@pytest.mark.parametrize("price", ["0", "1"])
def test_a_bid_of_nought_or_one_is_none(tmp_path: Path, price: str) -> None:
    assert reasons(Tape().book(1000, price, None), tmp_path).keys() >= {"NO_BID"}


def test_books_of_a_slot_before_its_start_and_after_its_end_trade_nothing(tmp_path: Path) -> None:
    tape = Tape().quiet(-60_000, -1, "0.80", "0.81").quiet(15 * MINUTE, 16 * MINUTE, "0.80", "0.81")
    assert changes(tape.play(tmp_path)) == []


def test_what_rests_at_the_end_is_cancelled(tmp_path: Path) -> None:
    tape = Tape().quiet(15 * MINUTE - 20_000, 15 * MINUTE, "0.80", "0.84")
    assert changes(tape.play(tmp_path)) == [LEFT_ALONE, ("Up", "cancelled", "MARKET_CLOSED")]


# silence


def test_a_silent_feed_stops_entries_and_then_takes_them_away(tmp_path: Path) -> None:
    tape = Tape().book(1000, "0.80", "0.84").book(5 * MINUTE, "0.80", "0.84")
    played = tape.play(tmp_path)
    assert [(each.change, each.reason, str(each.at.time())) for each in played.records.orders[:3]] == [
        ("reserved", "", "07:45:01"),
        ("cancelled", "TRADING_STATE", "07:47:01.001000"),
        ("reserved", "", "07:50:00"),
    ]
    assert played.summary.reasons["HALTED"] > 0


def test_either_tokens_frame_is_a_sign_of_life_of_the_market(tmp_path: Path) -> None:
    tape = Tape().book(-1000, "0.80", "0.84").quiet(-500, 15 * MINUTE, "0.16", "0.20", DOWN)
    assert "STALE_BOOK" not in reasons(tape, tmp_path)


# leaving early, breaker, results

STOP: dict[str, Any] = {"stoploss_peak": "0.75", "stoploss_exit": "0.40"}


def test_the_stop_loss_closes_entries_and_sells_to_any_bid(tmp_path: Path) -> None:
    tape = favourite(MINUTE).book(MINUTE + 1000, "0.38", "0.42")
    played = tape.play(tmp_path, **STOP)
    assert [(each.side, each.change, each.reason) for each in played.records.orders[2:]] == [
        ("SELL", "reserved", "STOP_LOSS"),
        ("SELL", "filled", ""),
    ]
    (sale,) = played.records.settlements
    assert (sale.kind, sale.payout) == ("sale", Decimal("0.38"))
    assert (played.summary.losses, played.summary.shadow_profit.value) == (1, Decimal(-5))
    assert played.summary.profit == sale.profit


def test_a_position_larger_than_the_bid_is_sold_in_parts_and_once_more(tmp_path: Path) -> None:
    tape = favourite(MINUTE).book(MINUTE + 1000, "0.38", "0.42", size="4").book(MINUTE + 3000, "0.37", "0.42")
    played = tape.play(tmp_path, **STOP)
    assert [each.shares.value for each in played.records.settlements] == [Decimal(4), Decimal("2.25")]


def test_what_was_bought_in_a_crash_is_looked_at_right_after(tmp_path: Path) -> None:
    """Exits come before fills within one instant, so the sale is the next one's."""
    played = favourite(5000).book(6000, "0.38", "0.42").play(tmp_path, **STOP)
    assert [(each.side, each.change, str(each.at.time())) for each in played.records.orders[1:]] == [
        ("BUY", "filled", "07:45:06"),
        ("SELL", "reserved", "07:45:06.500000"),
        ("SELL", "filled", "07:45:06.500000"),
    ]


def test_an_empty_book_is_not_sold_into(tmp_path: Path) -> None:
    tape = favourite(MINUTE).book(MINUTE + 1000, None, "0.42").quiet(MINUTE + 2000, 2 * MINUTE, None, None)
    played = tape.play(tmp_path, **STOP)
    assert "SELL" not in {each.side for each in played.records.orders}
    assert played.summary.profit.value == Decimal("1.25")


@pytest.mark.parametrize(("losses", "slots_traded"), [(1, 1), (2, 2)])
def test_the_breaker_takes_the_slots_after_the_loss(tmp_path: Path, losses: int, slots_traded: int) -> None:
    tape = favourite()
    tape.slots = [slot(winner=1), SECOND_SLOT]
    tape.quiet(17 * MINUTE, 25 * MINUTE, "0.80", "0.81", "33")
    played = tape.play(tmp_path, cb_max_losses=losses)
    assert len(played.records.fills) == slots_traded
    assert played.summary.breaker == ("1 losses in a row" if losses == 1 else None)


def test_a_breaker_that_trips_takes_what_rests_elsewhere(tmp_path: Path) -> None:
    """The result of the first slot is known a minute into the second."""
    tape = favourite()
    tape.slots = [slot(winner=1), SECOND_SLOT]
    tape.quiet(15 * MINUTE + 40_000, 25 * MINUTE, "0.80", "0.84", "33")
    played = tape.play(tmp_path, cb_max_losses=1)
    assert changes(played)[2:] == [LEFT_ALONE, ("Up", "cancelled", "TRADING_STATE")]
    assert str(played.records.orders[-1].at.time()) == "08:01:00"


@pytest.mark.parametrize(("bid", "kind"), [("0.95", "provisional"), ("0.05", "provisional"), ("0.5", "unresolved")])
def test_without_a_winner_the_last_bid_tells_or_nothing_does(tmp_path: Path, bid: str, kind: str) -> None:
    tape = favourite(14 * MINUTE).book(14 * MINUTE + 30_000, bid, None)
    tape.slots = [slot(winner=None)]
    played = tape.play(tmp_path)
    assert [each.kind for each in played.records.settlements] == [kind]
    assert played.summary.unresolved == (kind == "unresolved")
    assert "winners" in played.summary.source.lacks


def test_a_bid_of_mid_slot_settles_nothing(tmp_path: Path) -> None:
    tape = favourite(5 * MINUTE).book(6 * MINUTE, "0.95", None)
    tape.slots = [slot(winner=None, whole=False)]
    played = tape.play(tmp_path, with_partial=True)
    assert [each.kind for each in played.records.settlements] == ["unresolved"]


def test_time_in_market_is_counted_from_the_order_to_the_result(tmp_path: Path) -> None:
    """The result comes a minute after the end."""
    assert favourite().play(tmp_path).summary.seconds_in_market == Decimal(959)


# what cannot be replayed


def test_live_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotReplayError, match="on paper"):
        favourite(5000).play(tmp_path, mode="live")


def test_a_recording_without_a_slot_to_play_says_why(tmp_path: Path) -> None:
    with pytest.raises(CannotReplayError, match="no slot can be played: coin not in symbols"):
        favourite(5000).play(tmp_path, symbols="eth")
