"""Markets as the catalogue lists them, and what their end pays."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.ids import Coin, TokenId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Shares
from shared.venue.errors import UnknownVersionError, VenueFrameError
from shared.venue.frames.market import PriceChange, read_market_frame
from shared.venue.gamma import Assumed, Listing, NotAnUpDownMarket, read_listings, read_market, slot_of, slug_of
from shared.venue.resolution import (
    Resolution,
    ResolutionConflict,
    ResolutionSource,
    combined,
    read_book_market,
)
from tests.fixtures.venue import DOWN, DOWN_V2, MARKET, SLUG, UP, UP_V2, changed, text_of

LEGACY = Assumed(ProtocolVersion.V1, Decimal("0.07"))


def market_of(text: str, assumed: Assumed | None = None) -> Market:
    market = read_market(text, assumed)
    assert isinstance(market, Market)
    return market


def resolution_of(**changes: object) -> Resolution | None:
    (listing,) = read_listings(changed("gamma_market_resolved", **changes))
    assert isinstance(listing, Listing)
    return listing.resolution


def test_every_fact_of_a_market_is_read_from_it() -> None:
    market = market_of(text_of("gamma_market"))
    assert (market.market, market.slug, market.coin) == (MARKET, SLUG, "btc")
    assert market.start == datetime(2026, 4, 1, 7, 45, tzinfo=UTC)
    assert market.end == datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
    assert market.outcomes == (Outcome("Up", TokenId(UP)), Outcome("Down", TokenId(DOWN)))
    assert (market.tick, market.min_shares, market.taker_fee_rate) == (
        Decimal("0.01"),
        Shares.of(5),
        Decimal("0.07"),
    )
    assert (market.version, market.neg_risk, market.accepting_orders) == (ProtocolVersion.V1, False, True)


def test_a_v2_market_trades_its_position_ids() -> None:
    market = market_of(changed("gamma_market", version="v2"))
    assert [outcome.token for outcome in market.outcomes] == [UP_V2, DOWN_V2]


def test_a_v2_market_has_one_name_everywhere() -> None:
    """The catalogue shows 62 digits, the order book 64."""
    short = "0x" + "5e" * 31
    market = market_of(changed("gamma_market", version="v2", conditionId=short))
    (change,) = read_market_frame(changed("price_change", market=short + "00")).items
    assert isinstance(change, PriceChange)
    assert market.market == change.market == short + "00"


def test_down_listed_first_keeps_its_own_token() -> None:
    names, tokens = json.dumps(["Down", "Up"]), json.dumps([DOWN, UP])
    market = market_of(changed("gamma_market", outcomes=names, clobTokenIds=tokens))
    assert market.outcome("Down").token == DOWN


@pytest.mark.parametrize("version", [..., None, "v3", ""])
def test_a_version_we_do_not_speak_is_refused_by_name(version: object) -> None:
    with pytest.raises(UnknownVersionError, match="version"):
        read_market(changed("gamma_market", version=version))


def test_an_old_recording_may_state_what_the_venue_did_not_yet() -> None:
    old = changed("gamma_market", version=..., feeSchedule=...)
    market = market_of(old, LEGACY)
    assert (market.version, market.taker_fee_rate) == (ProtocolVersion.V1, Decimal("0.07"))


def test_what_the_venue_states_wins_over_what_is_assumed() -> None:
    assumed = Assumed(ProtocolVersion.V2, Decimal("0.99"))
    market = market_of(text_of("gamma_market"), assumed)
    assert (market.version, market.taker_fee_rate) == (ProtocolVersion.V1, Decimal("0.07"))


def test_a_market_without_fees_has_a_rate_of_0() -> None:
    assert market_of(changed("gamma_market", feesEnabled=False, feeSchedule=...)).taker_fee_rate == 0


def test_another_kind_of_market_is_told_apart() -> None:
    verdict = read_market(changed("gamma_market", slug="will-it-rain"))
    assert verdict == NotAnUpDownMarket("will-it-rain", "the slug names no up/down slot")


@pytest.mark.parametrize("changes", [{"closed": True}, {"active": False}, {"acceptingOrders": False}])
def test_a_market_that_takes_no_orders_says_so(changes: dict[str, object]) -> None:
    assert not market_of(changed("gamma_market", **changes)).accepting_orders


REFUSED = {
    "three outcomes": ({"outcomes": json.dumps(["Up", "Down", "Flat"])}, "outcomes"),
    "other outcomes": ({"outcomes": json.dumps(["Yes", "No"])}, "outcomes"),
    "one outcome twice": ({"outcomes": json.dumps(["Up", "Up"])}, "outcomes"),
    "outcomes that are no array": ({"outcomes": "Up, Down"}, "$"),
    "one token": ({"clobTokenIds": json.dumps([UP])}, "clobTokenIds"),
    "one token twice": ({"clobTokenIds": json.dumps([UP, UP])}, "clobTokenIds"),
    "no tokens": ({"clobTokenIds": ...}, "clobTokenIds"),
    "a token that is no number": ({"clobTokenIds": json.dumps(["0xab", DOWN])}, "clobTokenIds"),
    "a v2 market without positions": ({"version": "v2", "positionIds": ...}, "positionIds"),
    "a condition id cut short": ({"conditionId": "0x12"}, "conditionId"),
    "a fee with another exponent": ({"feeSchedule": {"rate": 0.07, "exponent": 2}}, "feeSchedule.exponent"),
    "a fee without exponent": ({"feeSchedule": {"rate": 0.07}}, "feeSchedule.exponent"),
    "a fee above all": ({"feeSchedule": {"rate": 7, "exponent": 1}}, "feeSchedule.rate"),
    "no fee schedule": ({"feeSchedule": ...}, "feeSchedule"),
    "a tick of 1": ({"orderPriceMinTickSize": 1}, "orderPriceMinTickSize"),
    "no minimum": ({"orderMinSize": 0}, "orderMinSize"),
    "a start unlike the slug's": ({"eventStartTime": "2026-04-01T07:46:00Z"}, "eventStartTime"),
    "an end unlike the slug's": ({"endDate": "2026-04-01T08:05:00Z"}, "endDate"),
    "a start without a zone": ({"eventStartTime": "2026-04-01T07:45:00"}, "eventStartTime"),
    "a start that is no date": ({"eventStartTime": "soon"}, "eventStartTime"),
}


@pytest.mark.parametrize(("changes", "field"), REFUSED.values(), ids=REFUSED.keys())
def test_a_market_that_is_not_as_it_should_be_is_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(VenueFrameError) as refusal:
        read_market(changed("gamma_market", **changes))
    assert refusal.value.field == field


def test_an_event_gives_its_market_the_strike_to_the_last_digit() -> None:
    (listing,) = read_listings(text_of("gamma_event"))
    assert isinstance(listing, Listing)
    assert (listing.strike, listing.final_price) == (Decimal("67890.12345678901"), Decimal("67891.5"))


def test_a_market_may_carry_its_event() -> None:
    (listing,) = read_listings(changed("gamma_market", events=[{"eventMetadata": {"priceToBeat": "1.5"}}]))
    assert isinstance(listing, Listing)
    assert listing.strike == Decimal("1.5")


def test_a_strike_that_is_not_there_is_none() -> None:
    (listing,) = read_listings(text_of("gamma_market"))
    assert isinstance(listing, Listing)
    assert listing.strike is None


def test_the_markets_beside_a_malformed_one_survive() -> None:
    bad = changed("gamma_market", outcomes="[]")
    verdicts = read_listings(f"[{text_of('gamma_market')},{bad},{text_of('gamma_event')}]")
    assert [type(verdict) for verdict in verdicts] == [Listing, VenueFrameError, Listing]


def test_a_resolved_market_pays_its_winner_1() -> None:
    resolution = resolution_of()
    assert resolution is not None
    assert (resolution.winner, resolution.pays(TokenId(DOWN)), resolution.pays(TokenId(UP))) == (DOWN, 1, 0)
    assert resolution.source is ResolutionSource.GAMMA


OPEN = {
    "an open market's price, even at the end": {"closed": False},
    "a result that is only proposed": {"umaResolutionStatus": "proposed"},
    "a last price of a closed market": {"outcomePrices": json.dumps(["0.58", "0.42"])},
    "a closed market that pays nobody": {"outcomePrices": json.dumps(["0", "0"])},
    "no prices": {"outcomePrices": None},
    "two halves not called final": {"outcomePrices": json.dumps(["0.5", "0.5"]), "umaResolutionStatus": None},
}


@pytest.mark.parametrize("changes", OPEN.values(), ids=OPEN.keys())
def test_anything_but_a_result_is_no_result(changes: dict[str, object]) -> None:
    assert resolution_of(**changes) is None


def test_a_market_called_off_pays_halves_and_has_no_winner() -> None:
    resolution = resolution_of(outcomePrices=json.dumps(["0.5", "0.5"]))
    assert resolution is not None
    assert (resolution.winner, resolution.pays(TokenId(UP))) == (None, Decimal("0.5"))


def test_a_v2_market_is_resolved_by_its_own_status() -> None:
    changes = {"version": "v2", "umaResolutionStatus": "proposed", "resolutionStatus": "resolved"}
    resolution = resolution_of(**changes)
    assert resolution is not None
    assert resolution.winner == DOWN_V2


def test_the_order_book_names_the_winner_too() -> None:
    resolution = read_book_market(text_of("clob_market_resolved"))
    assert resolution is not None
    assert (resolution.winner, resolution.source) == (DOWN, ResolutionSource.ORDER_BOOK)


def test_an_open_order_book_names_nobody() -> None:
    assert read_book_market(changed("clob_market_resolved", closed=False)) is None


def test_two_winners_are_refused() -> None:
    tokens = [{"token_id": UP, "winner": True}, {"token_id": DOWN, "winner": True}]
    with pytest.raises(VenueFrameError, match="both"):
        read_book_market(changed("clob_market_resolved", tokens=tokens))


def test_two_sources_that_agree_are_one_word() -> None:
    both = combined(resolution_of(), read_book_market(text_of("clob_market_resolved")))
    assert isinstance(both, Resolution)
    assert both.source is ResolutionSource.BOTH


def test_two_sources_that_disagree_are_a_conflict() -> None:
    tokens = [{"token_id": UP, "winner": True}, {"token_id": DOWN, "winner": False}]
    other = read_book_market(changed("clob_market_resolved", tokens=tokens))
    assert isinstance(combined(resolution_of(), other), ResolutionConflict)


def test_one_source_is_enough_while_the_other_is_late() -> None:
    order_book = read_book_market(text_of("clob_market_resolved"))
    assert combined(None, order_book) == order_book
    assert combined(None, None) is None


def test_a_slug_and_its_slot_name_each_other() -> None:
    slot = slot_of(SLUG)
    assert slot is not None
    assert (slot.coin, slot.minutes, slot.start_seconds) == ("btc", 15, 1775029500)
    assert slug_of(Coin("btc"), 15, datetime(2026, 4, 1, 7, 45, tzinfo=UTC)) == SLUG
