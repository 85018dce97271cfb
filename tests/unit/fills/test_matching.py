"""To which order a message belongs: the four steps, each alone and before the next."""

from __future__ import annotations

import pytest

from services.fills.domain.matching import AMBIGUOUS, NO_CANDIDATE, UNKNOWN_ORDER, KnownOrder, Matched, Sighting, match
from services.fills.domain.matching import Unmatched as Un
from shared.domain.ids import OrderId, TokenId, VenueOrderId
from shared.domain.order import OrderStatus

UP, DOWN = TokenId("1"), TokenId("2")


def known(name: str, status: str, token: TokenId = UP) -> KnownOrder:
    return KnownOrder(OrderId(name), VenueOrderId(f"0x{name}"), token, OrderStatus(status))


def named(venue_order: str | None, token: TokenId = UP) -> Sighting:
    return Sighting(token, None if venue_order is None else VenueOrderId(venue_order))


@pytest.mark.parametrize("status", [str(status) for status in OrderStatus])
def test_an_id_belongs_to_its_order_whatever_became_of_it(status: str) -> None:
    orders = [known("a", status), known("b", "live")]

    assert match(named("0xa"), orders) == Matched(OrderId("a"))


def test_an_unknown_id_is_never_guessed() -> None:
    assert match(named("0xc"), [known("a", "live")]) == Un(UNKNOWN_ORDER)


def test_without_an_id_an_order_being_placed_comes_first() -> None:
    orders = [known("working", "live"), known("cancelling", "cancelling"), known("placing", "submitting")]

    assert match(named(None), orders) == Matched(OrderId("placing"))


def test_without_an_id_an_order_being_cancelled_comes_before_a_working_one() -> None:
    orders = [known("working", "live"), known("cancelling", "cancelling")]

    assert match(named(None), orders) == Matched(OrderId("cancelling"))


@pytest.mark.parametrize("status", ["live", "partly_filled"])
def test_without_an_id_the_only_working_order_is_meant(status: str) -> None:
    assert match(named(None), [known("working", status)]) == Matched(OrderId("working"))


def test_two_candidates_at_the_first_step_that_has_any_are_no_match() -> None:
    orders = [known("a", "submitting"), known("b", "uncertain"), known("c", "live")]

    assert match(named(None), orders) == Un(AMBIGUOUS)


def test_without_an_id_only_orders_of_its_token_count() -> None:
    assert match(named(None, DOWN), [known("a", "live")]) == Un(NO_CANDIDATE)


@pytest.mark.parametrize("status", ["filled", "cancelled", "rejected", "expired"])
def test_without_an_id_a_final_order_is_no_candidate(status: str) -> None:
    assert match(named(None), [known("a", status)]) == Un(NO_CANDIDATE)
