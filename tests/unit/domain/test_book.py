"""A book without our own orders."""

from shared.domain.book import Level, net_of_own
from shared.domain.money import Price, Shares


def level(price: str, shares: str) -> Level:
    return Level(Price.of(price), Shares.of(shares))


def test_our_own_bid_is_no_evidence_for_our_bid() -> None:
    bids = [level("0.80", "6.25"), level("0.79", "100")]
    assert net_of_own(bids, {Price.of("0.80"): Shares.of("6.25")}) == level("0.79", "100")


def test_others_who_bid_with_us_remain() -> None:
    bids = [level("0.79", "100"), level("0.80", "10")]
    assert net_of_own(bids, {Price.of("0.80"): Shares.of("6.25")}) == level("0.80", "3.75")


def test_a_book_of_ours_alone_has_no_bid() -> None:
    assert net_of_own([level("0.80", "6.25")], {Price.of("0.80"): Shares.of("6.25")}) is None


def test_a_level_of_unknown_size_is_a_bid_where_we_have_none() -> None:
    assert net_of_own([level("0.80", "0")], {}) == level("0.80", "0")
    assert net_of_own([level("0.80", "0")], {Price.of("0.79"): Shares.of("6.25")}) == level("0.80", "0")
    assert net_of_own([level("0.80", "0")], {Price.of("0.80"): Shares.of("6.25")}) is None
