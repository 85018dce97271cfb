"""The last bid that each token showed."""

from services.settlement.domain.last_bids import TOKENS_MAX, LastBids
from shared.domain.ids import MarketId, TokenId
from shared.domain.money import Price, Shares
from shared.messages.discovery import BookLevel, TopChanged
from tests.unit.settlement.cases import END, UP


def top(token: TokenId, *bids: str, known: bool = True) -> TopChanged:
    levels = tuple(BookLevel(price=Price.of(bid), shares=Shares.of(10)) for bid in bids)
    return TopChanged(market=MarketId("0xm1"), token=token, bids=levels, asks=(), known=known, seen_at=END, sequence=1)


def test_a_bid_side_that_went_empty_leaves_the_last_bid_shown() -> None:
    bids = LastBids()
    bids.hear(top(UP, "0.97", "0.96"))
    bids.hear(top(UP))
    bids.hear(top(UP, "0.10", known=False))
    assert bids.last(UP) == Price.of("0.97")


def test_a_token_never_heard_of_has_no_bid() -> None:
    assert LastBids().last(UP) is None
    assert LastBids().last(None) is None


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    bids = LastBids()
    bids.hear(top(UP, "0.97"))
    for number in range(TOKENS_MAX):
        bids.hear(top(TokenId(f"{number}9"), "0.5"))
    assert bids.last(UP) is None
    assert bids.last(TokenId("09")) == Price.of("0.5")
