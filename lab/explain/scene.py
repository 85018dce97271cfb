"""A case as the domains want it: market, state, account, judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from lab.explain.case import Case, CaseBook, CaseError, CaseOrder
from services.bidder.domain.judge import Chances, Judge, unknown
from services.bidder.domain.market_state import Flags, Holding, Intent, MarketState, Quote, listed
from services.bidder.domain.outlook import FairOutlook
from services.bidder.domain.rules import Account, Rules, rules_of
from shared.domain.book import Level
from shared.domain.fair_value import FairValue
from shared.domain.fair_value_diffusion import DiffusionFairValue
from shared.domain.fair_value_table import TableFairValue
from shared.domain.ids import Coin, MarketId, OrderId, TokenId, entry_order_id
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import NO_CASH, NO_SHARES, Cash, Price, Shares
from shared.domain.order import Order, OrderStatus, Side
from shared.domain.reference import UP, Spot, Strike
from shared.domain.sizing import Sizing, UnknownWalletError, live_wallet, paper_wallet, sizing_of
from shared.runtime.settings import Settings, load_settings

INTENDED = "intended"
MODEL_OF_THE_CASE = "model_p_up"
"""In place of a file's name, which the modes with a model ask for: a case brings the model's answer along."""
INTENT_LASTS = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Scene:
    """`outcome` is the one that is asked about; `orders` are the case's, by their name there."""

    case: Case
    settings: Settings
    state: MarketState
    outcome: Outcome
    account: Account
    rules: Rules
    orders: dict[str, Order]


def scene_of(case: Case) -> Scene:
    """Raises SettingsError, CaseError."""
    settings = _settings(case)
    sizing, market = _sizing(settings), _market(case, settings)
    rules = replace(rules_of(settings, sizing.order_size), books_show_own_orders=case.books_show_own_orders)
    bare = listed(market, rules)
    orders = {each.id: _order(each, bare, rules, case.now) for each in case.orders}
    state = _with_orders(_with_facts(bare, case), case, orders, rules)
    return Scene(case, settings, state, market.outcome(case.evaluated), _account(case, state, sizing), rules, orders)


def judge_of(scene: Scene) -> Judge:
    """The case's word on Up's chances stands in place of a model's."""
    case, outcome = scene.case, scene.outcome.name
    fair = case.fair_value
    given = None if fair is None else fair if outcome == UP else 1 - fair
    outlook = FairOutlook(fair_value_of(scene.settings), scene.settings.cb_stale_seconds)
    return Judge(scene.rules, outlook.p_up if given is None else _always(given), _model(scene))


def fair_value_of(settings: Settings) -> FairValue:
    return DiffusionFairValue() if settings.fair_value_model == "diffusion" else TableFairValue()


def _model(scene: Scene) -> Chances | None:
    """A mode or a file that asks for a model has one, which without `model_p_up` does not know."""
    if scene.case.model_p_up is not None:
        return _always(scene.case.model_p_up)
    is_asked_for = scene.settings.entry_mode != "hardcoded" or scene.settings.model_path is not None
    return unknown if is_asked_for else None


def _always(p_up: Decimal) -> Chances:
    def answer(_state: MarketState, _now: datetime) -> Decimal:
        return p_up

    return answer


def _settings(case: Case) -> Settings:
    """The case's over the defaults; the environment has no say."""
    answered = {} if case.model_p_up is None else {"model_path": MODEL_OF_THE_CASE}
    return load_settings(overrides=answered | case.settings, environ={})


def _sizing(settings: Settings) -> Sizing:
    given = Cash(settings.wallet)
    wallet = paper_wallet(given) if settings.mode == "paper" else live_wallet(given, None)
    try:
        return sizing_of(wallet, Cash(settings.order_size), Cash(settings.max_exposure))
    except UnknownWalletError:
        raise CaseError("settings: mode live needs wallet, or both order_size and max_exposure") from None


def _market(case: Case, settings: Settings) -> Market:
    given = case.market
    first, second = (Outcome(name, TokenId(token)) for name, token in zip(given.outcomes, given.tokens, strict=True))
    return Market(
        market=MarketId(given.id),
        slug=given.id,
        coin=Coin(given.coin or settings.symbols[0]),
        start=given.start,
        end=given.end,
        outcomes=(first, second),
        tick=given.tick,
        min_shares=Shares(given.min_shares),
        taker_fee_rate=given.taker_fee_rate,
        version=ProtocolVersion.V2,
        neg_risk=False,
        accepting_orders=given.accepting_orders,
    )


def _with_facts(bare: MarketState, case: Case) -> MarketState:
    market = bare.market
    quotes = {outcome.token: quote for outcome in market.outcomes if (quote := _quote(outcome, case)) is not None}
    flags = Flags(case.market.exited, case.market.awaiting_settlement, False, case.market.unmatched_fill)
    spot_at = case.now - timedelta(microseconds=int(case.reference_age_s * 1_000_000))
    return replace(
        bare,
        strike=None if case.strike is None else Strike(case.strike, "case"),
        spot=None if case.reference_price is None else Spot(case.reference_price, spot_at),
        flags=flags,
        quotes=quotes,
        holdings=_holdings(case, market),
    )


def _quote(outcome: Outcome, case: Case) -> Quote | None:
    book = case.books.get(outcome.name)
    if book is None:
        return None
    bids, asks = levels(book)
    return Quote(outcome.token, bids, asks, True, seen_at(book, case.now))


def levels(book: CaseBook) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """Bids and asks, one of each at most."""
    return _side(book.bid, book.bid_size), _side(book.ask, book.ask_size)


def seen_at(book: CaseBook, now: datetime) -> datetime:
    return now - timedelta(microseconds=int(book.age_s * 1_000_000))


def _side(price: Decimal | None, size: Decimal | None) -> tuple[Level, ...]:
    return () if price is None else (Level(Price(price), NO_SHARES if size is None else Shares(size)),)


def _holdings(case: Case, market: Market) -> dict[TokenId, Holding]:
    if case.position is None:
        return {}
    token = market.outcome(case.position.outcome).token
    return {token: Holding(token, Shares(case.position.shares), 1)}


def _with_orders(state: MarketState, case: Case, orders: dict[str, Order], rules: Rules) -> MarketState:
    intended = {each.id for each in case.orders if each.status == INTENDED}
    known = {order.order_id: order for name, order in orders.items() if name not in intended}
    known |= {order.order_id: order for order in _filled_rungs(state, case, rules)}
    intents = {
        order.order_id: Intent(order, case.now + INTENT_LASTS) for name, order in orders.items() if name in intended
    }
    return replace(state, orders=known, intents=intents)


def _order(given: CaseOrder, state: MarketState, rules: Rules, now: datetime) -> Order:
    status = OrderStatus.SUBMITTING if given.status == INTENDED else OrderStatus(given.status)
    filled = given.shares if status is OrderStatus.FILLED else given.filled or Decimal(0)
    rung = _rung_of(Price(given.price), state) if given.rung is None else given.rung
    order = _bought(state, rules, given.outcome, rung, now, given.shares)
    return replace(
        order,
        order_id=OrderId(f"{rules.strategy_tag}/{given.id}"),
        price=Price(given.price),
        filled=Shares(filled),
        status=status,
    )


def _rung_of(price: Price, state: MarketState) -> int:
    """The rung with that price, else the nearest."""
    distances = [abs(rung.value - price.value) for rung in state.ladder]
    return distances.index(min(distances)) if distances else 0


def _filled_rungs(state: MarketState, case: Case, rules: Rules) -> Iterator[Order]:
    """Rungs of the evaluated outcome, and of others where named. A position that nothing explains filled the first."""
    rungs = len(state.ladder) or 1
    named = [_named_rung(each, case.evaluated) for each in case.filled_rungs]
    if (held := case.position) is not None and held.shares:
        explained = {outcome for outcome, _ in named} | {order.outcome for order in case.orders}
        named += [] if held.outcome in explained else [(held.outcome, 0)]
    for outcome, rung in dict.fromkeys(named):
        if outcome not in case.market.outcomes or not 0 <= rung < rungs:
            raise CaseError(f"filled_rungs: {outcome} has no rung {rung}; rungs are 0 to {rungs - 1}")
        yield _bought(state, rules, outcome, rung, case.now, max(state.market.min_shares.value, Decimal(1)))


def _named_rung(given: int | str, evaluated: str) -> tuple[str, int]:
    """`1`, `"1"` or `"Up/1"`."""
    outcome, _, index = str(given).rpartition("/")
    if not index.isascii() or not index.isdigit() or isinstance(given, bool):
        raise CaseError(f'filled_rungs: {given!r} is no rung; give its index, from 0, or "Up/0"')
    return outcome or evaluated, int(index)


def _bought(state: MarketState, rules: Rules, outcome: str, rung: int, now: datetime, shares: Decimal) -> Order:
    market = state.market
    return Order(
        order_id=entry_order_id(rules.strategy_tag, market.market, outcome, rung, 0),
        market=market.market,
        token=market.outcome(outcome).token,
        outcome=outcome,
        side=Side.BUY,
        rung=rung,
        attempt=0,
        price=state.ladder[rung] if rung < len(state.ladder) else rules.target_bid,
        shares=Shares(shares),
        filled=Shares(shares),
        status=OrderStatus.FILLED,
        venue_order_id=None,
        placed_at=now,
        version=1,
    )


def _account(case: Case, state: MarketState, sizing: Sizing) -> Account:
    """Headroom by default: the limit less what the case holds and may still have to pay."""
    if case.headroom_usd is not None:
        return Account(case.trading_state, Cash(case.headroom_usd))
    resting = sum((order.exposure() for order in _entries(state)), NO_CASH)
    return Account(case.trading_state, sizing.max_exposure - resting - _cost(case))


def _entries(state: MarketState) -> Iterator[Order]:
    yield from state.orders.values()
    yield from (intent.order for intent in state.intents.values())


def _cost(case: Case) -> Cash:
    held = case.position
    if held is None:
        return NO_CASH
    return Cash(held.cost) if held.cost is not None else Price(held.entry_price) * Shares(held.shares)
