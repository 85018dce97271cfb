"""Books kept from frames: what is known, what is best, what was lost."""

from datetime import UTC, datetime, timedelta

from shared.domain.book import Level, Top
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.domain.order import Side
from shared.venue.books import Books
from shared.venue.frames.market import BookSnapshot, LevelChange, PriceChange

TOKEN = TokenId("1")
OTHER = TokenId("2")
MARKET = MarketId("m")
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def levels(*pairs: tuple[str, str]) -> tuple[Level, ...]:
    return tuple(Level(Price.of(price), Shares.of(shares)) for price, shares in pairs)


def snapshot(
    bids: tuple[Level, ...] = (), asks: tuple[Level, ...] = (), *, at: float = 0, token: TokenId = TOKEN
) -> BookSnapshot:
    return BookSnapshot(MARKET, token, bids, asks, after(at), "", None)


def change(
    side: Side, price: str, shares: str, *, at: float = 1, best_bid: str | None = None, token: TokenId = TOKEN
) -> PriceChange:
    best = None if best_bid is None else Price.of(best_bid)
    return PriceChange(MARKET, (LevelChange(token, side, Price.of(price), Shares.of(shares), best, None),), after(at))


def known() -> Books:
    books = Books()
    books.replace(snapshot(levels(("0.41", "30"), ("0.44", "10")), levels(("0.50", "5"), ("0.46", "7"))), NOON)
    return books


def test_a_token_is_unknown_until_its_first_snapshot() -> None:
    books = Books()
    assert books.top(TOKEN) is None
    assert books.change(change(Side.BUY, "0.4", "1"), NOON) == ()
    assert not books.is_known(TOKEN)


def test_an_empty_book_is_known_and_empty() -> None:
    books = Books()
    books.replace(snapshot(), NOON)
    assert books.top(TOKEN) == Top(TOKEN, None, None, NOON)


def test_the_best_levels_are_found_whatever_their_order() -> None:
    top = known().top(TOKEN)
    assert top is not None
    assert (top.bid, top.ask) == (*levels(("0.44", "10")), *levels(("0.46", "7")))


def test_levels_are_listed_best_first() -> None:
    books = known()
    assert books.bids(TOKEN) == list(levels(("0.44", "10"), ("0.41", "30")))
    assert books.asks(TOKEN) == list(levels(("0.46", "7"), ("0.50", "5")))


def test_a_change_sets_the_levels_total() -> None:
    books = known()
    assert books.change(change(Side.BUY, "0.44", "3"), after(1)) == (TOKEN,)
    assert books.bids(TOKEN)[0] == levels(("0.44", "3"))[0]


def test_a_change_to_nothing_takes_the_level_away() -> None:
    books = known()
    books.change(change(Side.BUY, "0.44", "0"), after(1))
    assert books.bids(TOKEN) == list(levels(("0.41", "30")))


def test_the_same_change_twice_changes_nothing_more() -> None:
    books = known()
    books.change(change(Side.BUY, "0.44", "3"), after(1))
    books.change(change(Side.BUY, "0.44", "3"), after(1))
    assert books.bids(TOKEN)[0] == levels(("0.44", "3"))[0]


def test_a_late_change_of_a_level_does_not_undo_a_later_one() -> None:
    books = known()
    books.change(change(Side.BUY, "0.45", "0", at=3), after(3))
    books.change(change(Side.BUY, "0.45", "9", at=2), after(4))
    assert books.bids(TOKEN)[0] == levels(("0.44", "10"))[0]


def test_a_change_older_than_the_snapshot_is_passed_over() -> None:
    books = Books()
    books.replace(snapshot(levels(("0.44", "10")), at=5), after(5))
    assert books.change(change(Side.BUY, "0.44", "1", at=4), after(6)) == ()


def test_an_older_snapshot_does_not_replace_a_newer_one() -> None:
    books = Books()
    books.replace(snapshot(levels(("0.44", "10")), at=5), after(5))
    assert not books.replace(snapshot(at=4), after(6))
    assert books.bids(TOKEN) == list(levels(("0.44", "10")))


def test_a_lost_connection_makes_every_book_unknown() -> None:
    books = known()
    books.forget()
    assert books.top(TOKEN) is None


def test_a_crossed_book_shows_as_crossed() -> None:
    books = known()
    books.change(change(Side.BUY, "0.47", "1"), after(1))
    top = books.top(TOKEN)
    assert top is not None
    assert top.is_crossed()


def test_a_best_price_unlike_the_venues_own_tells_of_a_lost_frame() -> None:
    books = known()
    books.change(change(Side.BUY, "0.42", "1", best_bid="0.45"), after(1))
    assert books.is_diverged(TOKEN)


def test_a_fresh_snapshot_ends_the_divergence() -> None:
    books = known()
    books.change(change(Side.BUY, "0.42", "1", best_bid="0.45"), after(1))
    books.replace(snapshot(levels(("0.45", "1")), at=2), after(2))
    assert not books.is_diverged(TOKEN)


def test_an_empty_side_said_as_zero_is_no_divergence() -> None:
    books = Books()
    books.replace(snapshot(levels(("0.44", "10"))), NOON)
    books.change(change(Side.BUY, "0.44", "0", best_bid="0"), after(1))
    assert not books.is_diverged(TOKEN)


def test_a_frame_that_changes_nothing_still_shows_the_book_is_seen() -> None:
    books = known()
    books.change(change(Side.BUY, "0.44", "10"), after(7))
    top = books.top(TOKEN)
    assert top is not None
    assert top.seen_at == after(7)


def test_a_token_that_ended_can_be_dropped() -> None:
    books = known()
    books.replace(snapshot(token=OTHER), NOON)
    books.drop((TOKEN,))
    assert (books.is_known(TOKEN), books.is_known(OTHER)) == (False, True)


def test_a_level_that_changed_after_a_snapshot_outlives_it() -> None:
    books = known()
    books.change(change(Side.BUY, "0.44", "0", at=3), after(3))
    books.change(change(Side.BUY, "0.43", "8", at=3), after(3))
    assert books.replace(snapshot(levels(("0.44", "10"), ("0.40", "1")), at=2), after(4))
    assert books.bids(TOKEN) == list(levels(("0.43", "8"), ("0.40", "1")))


def test_a_snapshot_of_the_same_instant_counts_after_the_change_that_its_connection_told_before() -> None:
    books = known()
    books.change(change(Side.BUY, "0.44", "3", at=2), after(2))
    books.replace(snapshot(levels(("0.44", "2")), at=2), after(2))
    assert books.bids(TOKEN) == list(levels(("0.44", "2")))


def test_what_the_other_connection_says_of_the_same_instant_is_no_news() -> None:
    books = known()
    for shares in ("10", "5"):
        books.change(change(Side.BUY, "0.44", shares, at=1), after(1), 0)
    for shares in ("10", "5"):
        books.change(change(Side.BUY, "0.44", shares, at=1), after(1), 1)
        assert books.bids(TOKEN)[0] == levels(("0.44", "5"))[0]


def test_a_late_frame_says_nothing_about_the_best_prices_of_now() -> None:
    books = known()
    books.change(change(Side.BUY, "0.45", "9", at=3, best_bid="0.45"), after(3), 0)
    books.change(change(Side.BUY, "0.42", "1", at=2, best_bid="0.44"), after(3), 1)
    assert not books.is_diverged(TOKEN)


def test_the_frame_that_was_missing_ends_the_divergence() -> None:
    books = known()
    books.change(change(Side.BUY, "0.42", "1", at=3, best_bid="0.45"), after(3))
    books.change(change(Side.BUY, "0.45", "9", at=2, best_bid="0.45"), after(3))
    assert not books.is_diverged(TOKEN)


def test_a_book_is_known_as_long_as_one_connection_carries_it() -> None:
    books = known()
    books.replace(snapshot(token=OTHER), NOON)
    books.replace(snapshot(levels(("0.41", "30"), ("0.44", "10"))), NOON, 1)
    assert books.forget(0) == (OTHER,)
    assert books.is_known(TOKEN)
    assert books.forget(1) == (TOKEN,)


def test_a_book_read_by_rest_stays_that_of_its_connections() -> None:
    books = known()
    books.overrule(snapshot(levels(("0.40", "1")), at=9), after(9))
    books.change(change(Side.BUY, "0.40", "2", at=9), after(9))
    assert books.bids(TOKEN) == list(levels(("0.40", "2")))
    assert books.forget() == (TOKEN,)


def test_what_the_other_connection_says_of_a_snapshots_instant_may_be_in_it_already() -> None:
    books = known()
    books.change(change(Side.BUY, "0.44", "3", at=0), NOON, 1)
    assert books.bids(TOKEN)[0] == levels(("0.44", "10"))[0]
    books.change(change(Side.BUY, "0.44", "3", at=0), NOON, 0)
    assert books.bids(TOKEN)[0] == levels(("0.44", "3"))[0]
