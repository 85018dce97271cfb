"""Whatever the books do: an exit needs a bid, the highest bid never falls, words and decisions agree."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.risk.domain.stop_loss import ExitRules, Exposed, Sell, Sight, look, verdicts
from shared.domain.book import Level, Top
from shared.domain.money import Price, Shares
from tests.unit.risk.tops import MARKET, SLOT, START, UP, at

cents = st.integers(0, 100).map(lambda count: Price(Decimal(count) / 100))
probabilities = st.none() | st.integers(0, 100).map(lambda count: Decimal(count) / 100)
levels = st.none() | cents.map(lambda price: Level(price, Shares.of(5)))
sights = st.builds(
    Sight,
    top=st.none() | st.builds(Top, st.just(UP), levels, levels, st.just(START)),
    fair_value=probabilities,
    p_win=probabilities,
    now=st.integers(0, 1000).map(lambda seconds: START + timedelta(seconds=seconds)),
    is_halted=st.booleans(),
)
rules = st.builds(ExitRules, cents, cents, st.just(Decimal("0.1")), st.just(Decimal("0.35")), has_model=st.booleans())


@given(rules, st.lists(sights, max_size=30))
def test_it_never_sells_into_an_empty_book_and_the_highest_bid_never_falls(
    settings: ExitRules, seen: list[Sight]
) -> None:
    exposed = Exposed(
        MARKET, UP, "Up", Price.of("0.8"), Shares.of(9), Shares.of(9), Price.of("0.8"), at(minutes=1), START + SLOT
    )
    for sight in seen:
        words = verdicts(exposed, sight, settings)
        after, decision = look(exposed, sight, settings)
        assert after.highest_bid >= exposed.highest_bid
        assert isinstance(decision, Sell) == all(word.passed for word in words)
        if isinstance(decision, Sell):
            assert sight.bid is not None
            assert sight.bid.value > 0
            assert not sight.is_halted
            assert sight.now < exposed.ends_at
        exposed = after
