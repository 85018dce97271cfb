"""Whatever the venue says of an order and whenever: nothing that may live is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.executor.domain.gate import ACTIVE, HALTED, Gate
from services.executor.domain.open_order import UNANSWERED, OpenOrder
from services.executor.domain.resolution import Apply, Patience, resolve
from services.executor.domain.words import Matched, OrderWord, Over, Resting, Unclear, Unknown
from shared.domain.ids import MarketId, OrderId, TokenId, VenueOrderId
from shared.domain.money import Shares
from shared.domain.order import OrderStatus, TimeInForce

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
PATIENCE = Patience.of(15, 3)
shares = st.integers(0, 20).map(Shares.of)
instants = st.integers(-60, 60).map(lambda seconds: NOON + timedelta(seconds=seconds))
statuses = st.sampled_from([*UNANSWERED, OrderStatus.LIVE, OrderStatus.PARTLY_FILLED, OrderStatus.CANCELLING])
words: st.SearchStrategy[OrderWord] = st.one_of(
    st.builds(Resting, shares), st.builds(Matched, shares), st.builds(Unknown, shares), st.just(Unclear("away")),
    st.builds(Over, st.sampled_from(["cancelled", "expired"]), shares, st.just("")),
)  # fmt: skip
orders = st.builds(
    OpenOrder, st.just(OrderId("a")), st.just(VenueOrderId("0xa")), st.just(MarketId("m")), st.just(TokenId("1")),
    st.just("Up"), st.just("entry"), statuses, st.just(Shares.of(20)), shares, shares, st.booleans(), st.just(""),
    st.just(NOON), st.none() | instants, instants, st.sampled_from([TimeInForce.GTC, TimeInForce.FAK]),
)  # fmt: skip


@given(orders, words, instants, instants)
def test_an_order_is_absent_only_if_nobody_ever_saw_it_and_nobody_could_write_it_any_more(
    order: OpenOrder, word: OrderWord, now: datetime, domain_now: datetime
) -> None:
    step = resolve(order, word, now, domain_now, PATIENCE)
    if isinstance(step, Apply) and step.event == "absent":
        assert word == Unknown(Shares.of(0))
        assert not order.was_seen
        assert now >= order.valid_until + PATIENCE.absence


@given(orders, words, instants, instants)
def test_an_order_is_over_by_the_venues_word_or_once_it_was_cancelled_and_is_gone(
    order: OpenOrder, word: OrderWord, now: datetime, domain_now: datetime
) -> None:
    step = resolve(order, word, now, domain_now, PATIENCE)
    if isinstance(step, Apply) and step.event in {"cancelled", "expired"} and not isinstance(word, Over):
        gone = isinstance(word, Unknown) and order.is_cancelling
        killed = isinstance(word, Matched) and order.is_immediate and order.filled >= word.matched
        assert gone or killed


announcements = st.lists(
    st.tuples(st.sampled_from([ACTIVE, "reducing", HALTED]), st.integers(0, 9)), max_size=12,
    unique_by=lambda told: told[1],
)  # fmt: skip


@given(announcements, instants, st.booleans(), st.booleans())
def test_nothing_leaves_but_in_the_newest_state_that_lets_it_in_time_and_with_a_fresh_lease(
    told: list[tuple[str, int]], now: datetime, is_fresh: bool, is_exit: bool
) -> None:
    gate = Gate()
    for state, version in told:
        gate.hear(state, version, cancels=False)
    newest = max(told, key=lambda each: each[1])[0] if told else HALTED
    leaves = gate.refusal(NOON, now, lease_is_fresh=is_fresh, is_exit=is_exit) is None
    lets = newest == ACTIVE or (newest == "reducing" and is_exit)
    assert leaves == (lets and is_fresh and now <= NOON)
