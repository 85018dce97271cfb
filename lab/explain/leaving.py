"""A case's position, looked at as the stop-loss and the exit model look at it."""

from __future__ import annotations

from decimal import Decimal

from lab.explain.case import CasePosition
from lab.explain.scene import Scene, fair_value_of
from services.risk.domain.leaving import SALE_PRICE, Ground
from services.risk.domain.odds import Odds, Struck
from services.risk.domain.stop_loss import ExitDecision, ExitRules, Exposed, Sight, look, verdicts
from shared.domain.book import Top
from shared.domain.market import Outcome
from shared.domain.money import Price, Shares
from shared.domain.reference import UP
from shared.domain.verdict import Verdict
from shared.messages.discovery import ReferencePrice

__all__ = ["SALE_PRICE", "explain_exit", "sellable"]


def explain_exit(scene: Scene) -> tuple[ExitDecision, tuple[Verdict, ...]]:
    exposed, rules = _exposed(scene), _rules(scene)
    sight = _sight(scene)
    _, decision = look(exposed, sight, rules)
    seen = verdicts(exposed, sight, rules)
    decided = next((index for index, verdict in enumerate(seen, 1) if not verdict.passed), len(seen))
    return decision, seen[:decided]


def sellable(scene: Scene) -> Shares:
    """What could be sold now: confirmed, in whole steps of a share's hundredth."""
    held = _position(scene)
    confirmed = Shares(min(held.confirmed_shares, held.shares))
    return Ground(is_exited=True, are_entries_closed=True, confirmed=confirmed, sales=0, selling=False).sellable


def _position(scene: Scene) -> CasePosition:
    held = scene.case.position
    if held is None:
        raise ValueError("question exit without a position")
    return held


def _exposed(scene: Scene) -> Exposed:
    held, market = _position(scene), scene.state.market
    paid = Price(held.entry_price)
    highest = paid if held.highest_bid is None else Price(held.highest_bid)
    shares, confirmed = Shares(held.shares), Shares(held.confirmed_shares)
    return Exposed(
        market.market, scene.outcome.token, scene.outcome.name, paid, shares, confirmed, highest, held.filled_at,
        market.end, held.bid_below_exit_since,
    )  # fmt: skip


def _rules(scene: Scene) -> ExitRules:
    settings = scene.settings
    return ExitRules(
        Price(settings.stoploss_peak),
        Price(settings.stoploss_exit),
        settings.stoploss_fair_margin,
        settings.exit_threshold,
        has_model=scene.case.model_p_up is not None or settings.exit_model_path is not None,
    )


def _sight(scene: Scene) -> Sight:
    case, odds = scene.case, _odds(scene)
    market, outcome = scene.state.market, scene.outcome
    fair = odds.p_win(market, outcome.name, case.now) if case.fair_value is None else case.fair_value
    p_win = _model_p_win(scene, odds)
    return Sight(_top(scene, outcome), fair, p_win, case.now, case.trading_state == "halted")


def _odds(scene: Scene) -> Odds:
    state = scene.state
    odds = Odds(fair_value_of(scene.settings), scene.settings.cb_stale_seconds)
    if state.strike is not None:
        odds.hear_strike(Struck(state.market.market, state.strike.price))
    if state.spot is not None:
        odds.hear_price(
            ReferencePrice(
                coin=state.market.coin,
                spot=state.spot.price,
                spot_at=state.spot.at,
                average=None,
                average_at=None,
                source="case",
            )
        )
    return odds


def _model_p_win(scene: Scene, odds: Odds) -> Decimal | None:
    """What the case says of Up, for the held outcome. None where the model would lack strike or price, as live."""
    p_up = scene.case.model_p_up
    if p_up is None or odds.up_move_pct(scene.state.market, scene.case.now) is None:
        return None
    return p_up if scene.outcome.name == UP else 1 - p_up


def _top(scene: Scene, outcome: Outcome) -> Top | None:
    """Net of our own orders, as the bidder reads it."""
    quote = scene.state.quotes.get(outcome.token)
    if quote is None:
        return None
    ask = scene.state.best_ask(outcome)
    return Top(outcome.token, scene.state.best_bid(outcome, scene.rules), ask, quote.seen_at)
