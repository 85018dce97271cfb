"""Whatever orders we have and whatever a message leaves out: it belongs to one order, or to none and says why."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.fills.domain.matching import WITHOUT_ID, KnownOrder, Matched, Sighting, match
from shared.domain.ids import OrderId, TokenId, VenueOrderId
from shared.domain.order import OrderStatus

tokens = st.sampled_from([TokenId("1"), TokenId("2")])
orders = st.lists(
    st.tuples(tokens, st.sampled_from(list(OrderStatus))), max_size=6
).map(
    lambda drawn: [
        KnownOrder(OrderId(str(at)), VenueOrderId(f"0x{at}"), token, status)
        for at, (token, status) in enumerate(drawn)
    ]
)  # fmt: skip


@given(orders, tokens, st.integers(0, 8))
def test_an_id_belongs_to_the_order_of_that_id_and_to_no_other(
    known: list[KnownOrder], token: TokenId, named: int
) -> None:
    found = match(Sighting(token, VenueOrderId(f"0x{named}")), known)
    assert (found == Matched(OrderId(str(named)))) == (named < len(known))
    assert isinstance(found, Matched) == (named < len(known))


@given(orders, tokens)
def test_without_an_id_it_is_the_only_one_of_its_step_whatever_their_order(
    known: list[KnownOrder], token: TokenId
) -> None:
    found = match(Sighting(token, None), known)
    assert match(Sighting(token, None), list(reversed(known))) == found
    if isinstance(found, Matched):
        (meant,) = [order for order in known if order.order_id == found.order_id]
        step = next(at for at, statuses in enumerate(WITHOUT_ID) if meant.status in statuses)
        earlier = frozenset[OrderStatus]().union(*WITHOUT_ID[: step + 1])
        assert [order for order in known if order.token == token and order.status in earlier] == [meant]
