"""Who won, as far as one may believe it. Strategy section 12."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.settlement.domain.case import Case, Kind
from shared.domain.ids import TokenId
from shared.domain.money import Price

WON_BID = Price.of("0.9")
LOST_BID = Price.of("0.1")
FORCED_AFTER_FIRST_FILL = timedelta(minutes=60)
PAYS, PAYS_NOTHING = Decimal(1), Decimal(0)

Payouts = Mapping[TokenId, Decimal]
"""Cash per share of each of the market's tokens; fractions where the venue splits."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The venue named the payouts; `source` says where it did. `is_lone`: one of its two sources did, the other one has
    not yet, and it may still be corrected."""

    payouts: Payouts
    source: str
    is_lone: bool = False


@dataclass(frozen=True, slots=True)
class Silent:
    """The venue has not said anything, or could not be asked."""


@dataclass(frozen=True, slots=True)
class Disagreed:
    """The venue's sources contradict each other, or name tokens that are not the market's."""

    detail: str


Word = Resolved | Silent | Disagreed


@dataclass(frozen=True, slots=True)
class Settle:
    payouts: Payouts
    kind: Kind
    source: str


@dataclass(frozen=True, slots=True)
class Defer:
    reason: str


Decision = Settle | Defer


def checked(case: Case, word: Word) -> Word:
    """The winner is found by token: payouts of other tokens than the market's are a contradiction, not a result."""
    if isinstance(word, Resolved) and frozenset(word.payouts) != case.tokens:
        return Disagreed(f"payouts of other tokens: {', '.join(sorted(word.payouts))}")
    return word


def decide(case: Case, word: Word, held_bid: Price | None, now: datetime, grace: timedelta) -> Decision:
    """`held_bid` is the last known bid of the held outcome; `grace` and all instants are domain time."""
    match word:
        case Resolved(payouts, source, is_lone):
            return Settle(payouts, Kind.PROVISIONAL if is_lone else Kind.VENUE, source)
        case Disagreed(detail):
            return Defer(detail)
        case Silent():
            return _without_the_venue(case, held_bid, now, grace)


def _without_the_venue(case: Case, held_bid: Price | None, now: datetime, grace: timedelta) -> Decision:
    if case.held is None or case.awaits_venue_alone:
        return Defer("only the venue can tell")
    if case.since_end(now) <= grace:
        return Defer("within the grace")
    if held_bid is not None and held_bid >= WON_BID:
        return Settle(_paying(case, case.held, PAYS), Kind.PROVISIONAL, f"last bid {held_bid}")
    if held_bid is not None and held_bid <= LOST_BID:
        return Settle(_paying(case, case.held, PAYS_NOTHING), Kind.PROVISIONAL, f"last bid {held_bid}")
    if case.first_fill_at is not None and now - case.first_fill_at >= FORCED_AFTER_FIRST_FILL:
        return Settle(_paying(case, case.held, PAYS_NOTHING), Kind.FORCED, f"last bid {held_bid or 'unknown'}")
    return Defer("the last bid is ambiguous")


def _paying(case: Case, held: TokenId, payout: Decimal) -> Payouts:
    return {token: payout if token == held else PAYS - payout for token in case.tokens}
