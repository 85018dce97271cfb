"""Whatever anybody does, in whatever sequence: nothing is created or lost, and nobody is passed over."""

from dataclasses import dataclass
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venue_sim.stand import Stand
from venue_sim.errors import VenueError
from venue_sim.orders import BookSide, Side
from venue_sim.units import ONE, UNIT

TRADERS = (1, 2, 3)


@dataclass(frozen=True)
class Place:
    trader: int
    side: Side
    outcome: int
    cents: int
    shares: int


@dataclass(frozen=True)
class Cancel:
    trader: int


@dataclass(frozen=True)
class Flow:
    bid_cents: int
    spread_cents: int
    shares: int
    top_only: bool


@dataclass(frozen=True)
class Take:
    side: BookSide
    cents: int
    hundredths: int


Step = Place | Cancel | Flow | Take

_side: st.SearchStrategy[Literal["BUY", "SELL"]] = st.sampled_from(["BUY", "SELL"])
_book_side: st.SearchStrategy[BookSide] = st.sampled_from(["bid", "ask"])
_steps = st.lists(
    st.one_of(
        st.builds(Place, st.sampled_from(TRADERS), _side, st.integers(0, 1), st.integers(40, 60), st.integers(5, 40)),
        st.builds(Cancel, st.sampled_from(TRADERS)),
        st.builds(Flow, st.integers(42, 58), st.integers(1, 4), st.integers(1, 60), st.booleans()),
        st.builds(Take, _book_side, st.integers(40, 60), st.integers(1, 5000)),
    ),
    max_size=25,
)


def do(stand: Stand, step: Step) -> None:
    match step:
        case Place(trader, side, outcome, cents, shares):
            try:
                stand.trader(trader).place(stand.market, side, outcome, f"0.{cents:02d}", str(shares))
            except VenueError as refusal:
                assert refusal.message.startswith(("not enough balance", "invalid amount"))  # noqa: PT017
        case Cancel(trader):
            key = stand.trader(trader).key
            live = stand.exchange.state.live_of(key.api_key)
            stand.exchange.cancel([order.id for order in live[:1]], key.api_key)
        case Flow(bid_cents, spread_cents, shares, top_only):
            bids = {f"0.{bid_cents - depth:02d}": str(shares + depth) for depth in range(1 if top_only else 3)}
            first_ask = bid_cents + spread_cents
            asks = {f"0.{first_ask + depth:02d}": str(shares + depth) for depth in range(1 if top_only else 3)}
            stand.flow(bids, asks, top_only=top_only)
        case Take(side, cents, hundredths):
            stand.take(side, f"0.{cents:02d}", str(hundredths / 100))


@settings(max_examples=80, deadline=None)
@given(_steps)
def test_cash_and_tokens_are_conserved_and_no_balance_turns_negative(steps: list[Step]) -> None:
    stand = Stand()
    for step in steps:
        do(stand, step)
        stand.assert_nothing_created_or_lost()
    for name in TRADERS:
        trader = stand.trader(name)
        assert trader.cash() >= 0
        assert min(trader.shares(stand.market, outcome) for outcome in (0, 1)) >= 0


@settings(max_examples=80, deadline=None)
@given(_steps, st.integers(0, 1))
def test_after_the_resolution_all_money_is_with_the_accounts(steps: list[Step], winner: int) -> None:
    stand = Stand()
    for step in steps:
        do(stand, step)
    before = {name: stand.trader(name).cash() + stand.trader(name).shares(stand.market, winner) for name in TRADERS}
    stand.exchange.resolve_market(stand.market, winner)

    assert stand.exchange.state.ledger.vaults[stand.market.condition_id] == 0
    assert stand.exchange.state.ledger.total_cash() == stand.exchange.state.ledger.deposited
    assert {name: stand.trader(name).cash() for name in TRADERS} == before
    assert not stand.exchange.state.all_open()


@settings(max_examples=80, deadline=None)
@given(_steps)
def test_the_book_never_rests_crossed_and_nothing_trades_through_it(steps: list[Step]) -> None:
    stand = Stand()
    book = stand.exchange.books[stand.market.condition_id]
    for step in steps:
        bid, ask = book.best("bid"), book.best("ask")
        stand.audience.heard.clear()
        known = set(stand.exchange.state.trades)
        do(stand, step)
        printed = [price for _, price, _ in stand.audience.of("print")]
        if isinstance(step, Place | Take) and printed:
            assert printed[0] in {bid, ask}
            assert printed in (sorted(printed), sorted(printed, reverse=True))
        for fact in [trade.fact for key, trade in stand.exchange.state.trades.items() if key not in known]:
            for leg in fact.makers:
                order = stand.exchange.state.orders.get(leg.order_id)
                assert order is None or order.terms.book_price == fact.up_price
        bid, ask = book.best("bid"), book.best("ask")
        assert bid is None or ask is None or bid < ask


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(TRADERS), st.integers(48, 52), st.integers(5, 20)), min_size=1, max_size=8),
    st.integers(1, 8000),
)
def test_fills_follow_price_then_time(orders: list[tuple[int, int, int]], hundredths: int) -> None:
    stand = Stand()
    placed = [stand.trader(who).place(stand.market, "BUY", 0, f"0.{cents}", str(size)) for who, cents, size in orders]
    stand.take("ask", "0.01", str(hundredths / 100))

    queue = sorted(placed, key=lambda order: -order.terms.price)
    left = hundredths * UNIT // 100
    for order in queue:
        expected = min(left, order.terms.shares)
        assert order.matched == expected
        left -= expected


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 99), st.integers(1, 100_000))
def test_a_fee_is_the_rate_on_both_chances_to_five_decimals(cents: int, hundredths: int) -> None:
    stand = Stand()
    stand.flow({}, {f"0.{cents:02d}": "1000"})
    trader = stand.trader(1, dollars=10_000)
    size = max(500, hundredths)
    try:
        order = trader.place(stand.market, "BUY", 0, f"0.{cents:02d}", str(size / 100))
    except VenueError as refusal:
        assert refusal.message.startswith("invalid amount")  # noqa: PT017
        return

    exact = order.matched * 70_000 * cents * (100 - cents) / (UNIT * 10_000)
    fee = stand.exchange.state.ledger.cash["fees"]
    assert fee % 10 == 0
    assert abs(fee - exact) <= 5
    assert order.paid == order.matched * cents * 100 // ONE
