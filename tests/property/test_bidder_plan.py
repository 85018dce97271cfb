"""What holds of every plan, whatever came before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.bidder.domain.filters import first_refusal, verdicts
from services.bidder.domain.market_state import Intent, MarketState
from services.bidder.domain.plan import Place, decide
from services.bidder.domain.rules import Account, Rules
from shared.domain.money import Cash
from shared.domain.order import Order, OrderStatus
from tests.unit.bidder.cases import DOWN, LADDER_RULES, MARKET, NOW, RULES, UP, judge, look, order, priced, quote, state

CENTS = st.integers(0, 100).map(lambda cents: str(Decimal(cents) / 100))


@st.composite
def markets(draw: st.DrawFn) -> MarketState:
    """Any book on both sides, crossed ones too, any strike and spot, any orders of a ladder of three."""
    orders: list[Order] = []
    for outcome in draw(st.sampled_from([(), (UP,), (DOWN,), (UP, DOWN)])):
        for rung in range(draw(st.integers(0, 3))):
            filled, status = draw(st.integers(0, 10)), draw(st.sampled_from(sorted(OrderStatus)))
            orders.append(order(outcome, rung=rung, filled=str(filled), status=status))
    made = state(*orders, rules=LADDER_RULES)
    for outcome in (UP, DOWN):
        made = made.with_quote(quote(outcome, draw(CENTS), ask=draw(st.none() | CENTS)))
    return priced(made, str(draw(st.integers(-1, 200))), str(draw(st.integers(-1, 200))))


@st.composite
def rule_sets(draw: st.DrawFn) -> Rules:
    return replace(
        LADDER_RULES,
        min_move_pct=draw(st.sampled_from([Decimal(0), Decimal("0.2")])),
        entry_fair_margin=draw(st.sampled_from([Decimal(0), Decimal("0.05")])),
        taker=draw(st.booleans()),
        spread_size_mult=draw(st.sampled_from([Decimal(0), Decimal(2)])),
    )


RULE_SETS = rule_sets()
HEADROOMS = st.integers(0, 20).map(lambda dollars: Account("active", Cash.of(dollars)))


@given(markets(), RULE_SETS, HEADROOMS, st.sampled_from([None, "0.1", "0.6", "0.9"]))
def test_a_plan_holds_one_side_one_rung_and_the_headroom(
    of: MarketState, rules: Rules, account: Account, model: str | None
) -> None:
    placed = [each for each in decide(of, account, judge(rules, "0.8", model), NOW) if isinstance(each, Place)]
    for place in placed:
        token, other = place.outcome.token, of.market.other(place.outcome.name).token
        assert not of.is_held(other)
        assert not of.is_working(place.outcome.name)
        assert not of.has_cancel_in_flight()
        assert place.price * place.shares <= account.headroom
        assert place.shares >= MARKET.min_shares
        assert 0 < place.price.value < 1
        assert not of.quotes[token].is_crossed
        lower = [each for each in of.orders.values() if each.token == token and each.rung < place.rung]
        assert all(each.filled for each in lower if not each.is_final)


@given(markets(), RULE_SETS)
def test_a_filled_rung_never_returns(of: MarketState, rules: Rules) -> None:
    for place in decide(of, Account("active", Cash.of(1000)), judge(rules, "0.8"), NOW):
        if isinstance(place, Place):
            same = [each for each in of.orders.values() if each.outcome == place.outcome.name]
            assert not any(
                each.rung == place.rung and each.remaining < MARKET.min_shares for each in same if each.filled
            )


@given(markets(), RULE_SETS)
def test_a_rung_that_was_asked_for_is_not_asked_for_again(of: MarketState, rules: Rules) -> None:
    account = Account("active", Cash.of(1000))
    for place in decide(of, account, judge(rules, "0.8"), NOW):
        if isinstance(place, Place):
            wish = order(place.outcome, rung=place.rung, attempt=place.attempt, version=0)
            asked = of.with_intent(Intent(wish, NOW + timedelta(seconds=2)))
            assert isinstance(asked, MarketState)
            again = decide(asked, account, judge(rules, "0.8"), NOW)
            assert not any(isinstance(each, Place) and each.outcome == place.outcome for each in again)


@given(markets(), RULE_SETS, HEADROOMS, st.sampled_from([None, "0.1", "0.6", "0.9"]))
def test_words_and_trades_never_differ(of: MarketState, rules: Rules, account: Account, model: str | None) -> None:
    for outcome in (UP, DOWN):
        seen = look(of, outcome=outcome, rules=rules, account=account, fair="0.8", model=model)
        worded = verdicts(seen)
        assert (first_refusal(seen) is None) is all(each.passed for each in worded)
        assert all(each.passed for each in worded[:-1])


@given(st.integers(75, 85), st.integers(75, 85), st.integers(0, 100))
def test_a_dearer_entry_never_needs_less_proof(first: int, second: int, spot_hundredths: int) -> None:
    rules = replace(RULES, min_move_pct=Decimal("0.2"))
    spot = str(100 + Decimal(spot_hundredths) / 100)
    cheap, dear = sorted((first, second))
    passed = [
        first_refusal(look(priced(state(bids=(str(Decimal(bid) / 100),), ask="0.99"), spot), rules=rules)) is None
        for bid in (cheap, dear)
    ]
    assert passed[0] or not passed[1]
