import pytest

from services.fills.domain.matching import AMBIGUOUS, NO_CANDIDATE, UNKNOWN_ORDER, KnownOrder, Matched, Sighting, match
from services.fills.domain.matching import Unmatched as No
from shared.domain.ids import OrderId, TokenId, VenueOrderId
from shared.domain.order import OrderStatus

UP, DOWN = TokenId("1"), TokenId("2")


def known(name: str, status: OrderStatus = OrderStatus.LIVE, token: TokenId = UP) -> KnownOrder:
    return KnownOrder(OrderId(name), VenueOrderId(f"0x{name}"), token, status)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_a_message_with_an_id_belongs_to_that_order_whatever_became_of_it(status: OrderStatus) -> None:
    sighting = Sighting(UP, VenueOrderId("0xsecond"))
    assert match(sighting, [known("first"), known("second", status)]) == Matched(OrderId("second"))


def test_an_unknown_id_is_never_guessed() -> None:
    sighting = Sighting(UP, VenueOrderId("0xelsewhere"))
    assert match(sighting, [known("only", OrderStatus.SUBMITTING)]) == No(UNKNOWN_ORDER)


def test_the_first_step_with_a_candidate_decides() -> None:
    orders = [
        known("works", OrderStatus.PARTLY_FILLED),
        known("goes", OrderStatus.CANCELLING),
        known("comes", OrderStatus.UNCERTAIN),
    ]
    nameless = Sighting(UP, None)
    assert match(nameless, orders) == Matched(OrderId("comes"))
    assert match(nameless, orders[:2]) == Matched(OrderId("goes"))
    assert match(nameless, orders[:1]) == Matched(OrderId("works"))


def test_several_candidates_are_none() -> None:
    orders = [known("one", OrderStatus.SUBMITTING), known("two", OrderStatus.UNCERTAIN), known("works")]
    assert match(Sighting(UP, None), orders) == No(AMBIGUOUS)


def test_another_token_and_what_is_over_are_no_candidates() -> None:
    orders = [known("other", token=DOWN), known("over", OrderStatus.FILLED), known("gone", OrderStatus.CANCELLED)]
    assert match(Sighting(UP, None), orders) == No(NO_CANDIDATE)
