"""What a filter looked at and what it held it against, in words with units: made only when somebody asks."""

from __future__ import annotations

from decimal import Decimal

from services.bidder.domain.candidate import Candidate

OFF = "off"
UNKNOWN = "unknown"
NONE = "none"
PLACES = Decimal("0.0001")


def _number(value: Decimal | None, unit: str = "") -> str:
    """Without padding, to four places."""
    if value is None:
        return UNKNOWN
    text = format(value.quantize(PLACES).normalize() + 0, "f") if abs(value) < 10**9 else format(value, "f")
    return f"{text} {unit}".rstrip()


def trading(c: Candidate) -> tuple[str, str]:
    orders = "accepting orders" if c.state.market.accepting_orders else "not accepting orders"
    return f"{c.account.trading_state}, {orders}, {_number(c.minutes, 'min')}", f"active, {slot_end(c)[1]}"


def slot_end(c: Candidate) -> tuple[str, str]:
    market = c.state.market
    length = Decimal((market.end - market.start).total_seconds()) / 60
    return _number(c.minutes, "min"), f"accepting orders, 0 min to {_number(length, 'min')}"


def flags(c: Candidate) -> tuple[str, str]:
    named = {
        "awaiting settlement": c.state.flags.awaiting_settlement,
        "left early": c.state.flags.exited,
        "unmatched fill": c.state.flags.unmatched_fill or bool(c.state.refused_fills),
    }
    return ", ".join(name for name, is_set in named.items() if is_set) or NONE, NONE


def book_age(c: Candidate) -> tuple[str, str]:
    quote, limit = c.state.quotes.get(c.outcome.token), f"at most {c.rules.stale_seconds:g} s"
    if quote is None or not quote.known:
        return UNKNOWN, limit
    crossed = ", crossed" if quote.is_crossed else ""
    return f"{quote.age_seconds(c.now):.3f} s{crossed}", limit


def bid_range(c: Candidate) -> tuple[str, str]:
    return NONE if c.bid is None else str(c.bid.price), f"{c.rules.target_bid} to {c.rules.max_bid}"


def resting_range(c: Candidate) -> tuple[str, str]:
    value, limit = bid_range(c)
    quote = c.state.quotes.get(c.outcome.token)
    if quote is None or not quote.known or c.state.is_bid_hidden(c.outcome, c.rules):
        value = UNKNOWN
    return value, f"at least {c.rules.target_bid}" if c.state.ladder else limit


def ladder(c: Candidate) -> tuple[str, str]:
    rungs = len(c.state.ladder) or 1
    return "all filled" if c.rung is None else f"rung {c.rung.index + 1} is next", f"{rungs} in all"


def move(c: Candidate) -> str:
    return _number(c.move_pct(), "%")


def at_least_pct(setting: Decimal, required: Decimal | None) -> str:
    return f"at least {_number(required, '%')}" if setting else OFF


def greatest_move(c: Candidate) -> tuple[str, str]:
    most = c.rules.max_move_pct
    return move(c), f"at most {_number(most, '%')}" if most else OFF


def entry_time(c: Candidate) -> tuple[str, str]:
    first, last = c.rules.min_entry_minutes, c.rules.max_entry_minutes
    limits = [f"from {_number(first)}"] if first else []
    limits += [f"to {_number(last)}"] if last else []
    return _number(c.minutes, "min"), " ".join([*limits, "min"]) if limits else OFF


def fair_value(c: Candidate) -> tuple[str, str]:
    if not c.rules.entry_fair_margin:
        return _price(c), OFF
    fair = c.fair_value()
    return _price(c), f"at most {_number(None if fair is None else fair + c.rules.entry_fair_margin)}"


def likelihood(c: Candidate) -> tuple[str, str]:
    return _number(c.model_p_win()), f"at least {c.rules.hybrid_skip_below}, takes from {c.rules.hybrid_taker_above}"


def edge(c: Candidate, required: Decimal) -> tuple[str, str]:
    p_win, price = c.model_p_win(), c.price
    found = None if p_win is None or price is None else p_win - price.value
    return f"{_number(found)} at {_number(c.minutes, 'min')}", f"at least {_number(required)} from 1 to 12 min"


def depth(c: Candidate) -> tuple[str, str]:
    least = c.rules.min_book_depth
    value = UNKNOWN if c.bid is None or not c.bid.shares else f"{c.bid.shares} shares"
    return value, f"at least {least} shares" if least else OFF


def hour(c: Candidate) -> tuple[str, str]:
    avoided = ", ".join(str(each) for each in sorted(c.rules.avoid_hours_utc))
    return f"{c.utc_hour} h UTC", f"not {avoided}" if avoided else OFF


def one_order(c: Candidate) -> tuple[str, str]:
    state = c.state
    named = {
        "other side held": state.flags.both_sides or state.is_held(state.market.other(c.outcome.name).token),
        "an order works": state.is_working(c.outcome.name),
        "rung asked for": c.rung is not None and state.has_intent(c.outcome.name, c.rung.index),
    }
    return ", ".join(name for name, is_so in named.items() if is_so) or NONE, NONE


def crossing(c: Candidate) -> tuple[str, str]:
    ask = c.state.best_ask(c.outcome)
    shown = NONE if ask is None else str(ask.price)
    if c.price is not None and c.state.meets_own(c.outcome.name, c.price):
        return _price(c), "less than a whole set with our other side"
    return (shown, "an ask to take") if c.takes else (_price(c), f"below the ask, {shown}")


def cancels(c: Candidate) -> tuple[str, str]:
    return "in flight" if c.state.has_cancel_in_flight() else NONE, NONE


def headroom(c: Candidate) -> tuple[str, str]:
    dollars = None if c.price is None else c.dollars(c.price).value
    return _number(dollars, "$"), f"at most {_number(c.account.headroom.value, '$')}"


def minimum(c: Candidate) -> tuple[str, str]:
    shares = UNKNOWN if c.price is None else f"{c.shares(c.price)} shares"
    return shares, f"at least {c.state.market.min_shares} shares"


def _price(c: Candidate) -> str:
    return NONE if c.price is None else str(c.price)
