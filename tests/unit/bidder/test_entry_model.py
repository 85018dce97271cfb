"""A trained model, asked about a market in place of the price filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from services.bidder.domain.entry_model import EntryModel
from services.bidder.domain.judge import Judge
from services.bidder.domain.market_state import MarketState
from services.bidder.domain.plan import NoEntry, Place, decide
from services.bidder.domain.reasons import Reason
from services.bidder.handlers import Bidder
from services.bidder.ports import Tables
from shared.domain.features import ENTRY_FEATURES
from tests.unit.bidder.cases import ACCOUNT as MEANS
from tests.unit.bidder.cases import DOWN, MARKET, NOW, RULES, UP, order, priced, quote, state
from tests.unit.bidder.test_bidder import ACCOUNT, Desk, top


class Remembering:
    """A model that says 0.9 and keeps what it was asked."""

    features: tuple[str, ...] = ENTRY_FEATURES

    def __init__(self) -> None:
        self.asked: list[dict[str, float]] = []

    def p_up(self, values: Sequence[float]) -> float:
        self.asked.append(dict(zip(ENTRY_FEATURES, values, strict=True)))
        return 0.9


def test_the_model_is_asked_with_both_books_the_move_and_the_minute() -> None:
    model = Remembering()
    assert EntryModel(model, RULES).p_up(priced(state()), NOW) == Decimal("0.9")
    (asked,) = model.asked
    assert (asked["up_bid"], asked["up_ask"], asked["down_bid"], asked["down_ask"]) == (0.80, 0.83, 0.17, 0.20)
    assert (asked["move_pct"], asked["minutes_into_slot"]) == (0.2, 5.0)


def test_without_a_book_the_strike_or_a_fresh_price_the_model_is_not_asked() -> None:
    model = Remembering()
    entry_model, of = EntryModel(model, RULES), priced(state())
    blind = (
        state(),
        priced(state(), strike="0"),
        priced(state(), at=NOW - timedelta(seconds=31)),
        of.with_quote(quote(DOWN, "0.17", known=False)),
        replace(of, quotes={UP.token: of.quotes[UP.token]}),
    )
    assert [entry_model.p_up(each, NOW) for each in blind] == [None] * len(blind)
    assert model.asked == []


def test_our_own_bid_is_no_feature() -> None:
    model = Remembering()
    with_our_bid = priced(state(order(shares="50"), bids=("0.80", "0.78")))
    EntryModel(model, RULES).p_up(with_our_bid, NOW)
    assert model.asked[0]["up_bid"] == 0.78


def test_a_change_is_told_by_the_books_that_were_seen_before() -> None:
    model = Remembering()
    entry_model = EntryModel(model, RULES)
    entry_model.see(state(bids=("0.76",)), NOW - timedelta(seconds=30))
    entry_model.p_up(priced(state()), NOW)
    assert round(model.asked[0]["bid_change_30s"], 6) == 0.04


def test_books_of_forgotten_markets_are_forgotten() -> None:
    model = Remembering()
    entry_model = EntryModel(model, RULES)
    entry_model.see(state(bids=("0.76",)), NOW - timedelta(seconds=30))
    entry_model.keep([])
    entry_model.p_up(priced(state()), NOW)
    assert model.asked[0]["bid_change_30s"] == 0.0


def test_the_bidder_shows_every_book_to_the_model_before_it_plans() -> None:
    model, desk = Remembering(), Desk()
    entry_model = EntryModel(model, RULES)
    desk.bidder = Bidder(Judge(RULES, model_p_up=entry_model.p_up), ACCOUNT, desk, desk, entry_model=entry_model)
    desk.bidder.restore(Tables([MARKET], [], [], [], []))
    desk.at = NOW - timedelta(seconds=30)
    desk.bidder.on_top(top("0.76"))
    desk.bidder.on_top(top("0.17", outcome=DOWN))
    entry_model.p_up(priced(state()), NOW)
    assert round(model.asked[-1]["bid_change_30s"], 6) == 0.04


def test_a_market_that_the_model_cannot_judge_is_refused() -> None:
    def entry(of: MarketState) -> Place | NoEntry:
        entry_model = EntryModel(Remembering(), RULES)
        made = decide(of, MEANS, Judge(RULES, model_p_up=entry_model.p_up), NOW)
        return next(each for each in made if each.outcome == UP and isinstance(each, Place | NoEntry))

    refused = entry(state())
    assert isinstance(refused, NoEntry)
    assert refused.reason is Reason.NO_REFERENCE_PRICE
    assert isinstance(entry(priced(state())), Place)
