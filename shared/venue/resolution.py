"""The venue's word on which outcome won. Protocol sheet, section 6."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import msgspec

from shared.domain.ids import MarketId, TokenId
from shared.venue.errors import VenueFrameError
from shared.venue.wire import Id, decode, market_id

HALF = Decimal("0.5")


class ResolutionSource(StrEnum):
    GAMMA = "gamma"
    ORDER_BOOK = "order_book"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Payout:
    """Cash that one share of the token pays: 1, 0, or one half when the market was called off."""

    token: TokenId
    per_share: Decimal


@dataclass(frozen=True, slots=True)
class Resolution:
    """`winner` is None when both outcomes pay one half."""

    market: MarketId
    winner: TokenId | None
    payouts: tuple[Payout, ...]
    source: ResolutionSource

    def pays(self, token: TokenId) -> Decimal:
        """Per share. Raises KeyError for a token of another market."""
        for payout in self.payouts:
            if payout.token == token:
                return payout.per_share
        raise KeyError(token)


@dataclass(frozen=True, slots=True)
class ResolutionConflict:
    """The catalogue and the order book name different winners: nothing may be settled."""

    gamma: Resolution
    order_book: Resolution


class _Token(msgspec.Struct):
    token_id: Id
    winner: bool | None = None


class _BookMarket(msgspec.Struct):
    condition_id: Id
    closed: bool
    tokens: list[_Token]


def resolution_of(
    market: MarketId, payouts: tuple[Payout, ...], source: ResolutionSource, *, is_final: bool
) -> Resolution | None:
    """None unless the amounts are a result: 1 and 0, or (only when the venue calls it final) two halves."""
    amounts = sorted(payout.per_share for payout in payouts)
    if amounts == [0, 1]:
        winner = next(payout.token for payout in payouts if payout.per_share == 1)
        return Resolution(market, winner, payouts, source)
    if is_final and amounts == [HALF, HALF]:
        return Resolution(market, None, payouts, source)
    return None


def read_book_market(text: str | bytes) -> Resolution | None:
    """The order-book API's `/markets/{cid}`: closed, and one of two tokens the winner; else None.

    Raises VenueFrameError, also when both tokens claim to have won.
    """
    raw = decode(text, _BookMarket)
    if len(raw.tokens) != 2 or raw.tokens[0].token_id == raw.tokens[1].token_id:
        raise VenueFrameError("tokens", "not two different tokens", text)
    winners = [token for token in raw.tokens if token.winner]
    if len(winners) == 2:
        raise VenueFrameError("tokens.winner", "both tokens have won", text)
    if not raw.closed or not winners:
        return None
    payouts = tuple(Payout(TokenId(token.token_id), Decimal(1 if token.winner else 0)) for token in raw.tokens)
    return resolution_of(market_id(raw.condition_id), payouts, ResolutionSource.ORDER_BOOK, is_final=True)


def combined(gamma: Resolution | None, order_book: Resolution | None) -> Resolution | ResolutionConflict | None:
    """One word from two sources; either may be late or gone."""
    if gamma is None or order_book is None:
        return gamma or order_book
    if gamma.winner != order_book.winner:
        return ResolutionConflict(gamma, order_book)
    return Resolution(gamma.market, gamma.winner, gamma.payouts, ResolutionSource.BOTH)
