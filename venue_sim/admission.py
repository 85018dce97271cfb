"""May this order come in? Every refusal carries the venue's own text."""

from venue_sim import intake
from venue_sim.book import Book, Fill
from venue_sim.errors import bad_request, no_orderbook
from venue_sim.execution import taker_fee
from venue_sim.facts import KeyIssued
from venue_sim.intake import SignedOrder, WireRequest
from venue_sim.markets import Market
from venue_sim.orders import Order, OrderTerms
from venue_sim.state import State
from venue_sim.units import ONE

FOK_KILLED = "order couldn't be fully filled. FOK orders are fully filled or killed."
FAK_KILLED = "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found."
POST_ONLY_CROSSES = "invalid post-only order: order crosses book"


def verified(state: State, request: WireRequest, key: KeyIssued) -> SignedOrder:
    """The order with its id, if its signature and its owner hold. Raises VenueError."""
    if request.owner != key.api_key:
        raise bad_request("the order owner has to be the owner of the API KEY")
    found = state.by_token.get(request.order.tokenId)
    if found is None:
        raise no_orderbook()
    signed = intake.verify(request, key.address, *found)
    if state.wallets.get(request.order.maker.lower(), key.address) != key.address:
        raise bad_request("maker address not allowed, please use the deposit wallet flow")
    return signed


def terms_of(signed: SignedOrder, key: KeyIssued, created_ms: int) -> OrderTerms:
    return OrderTerms(
        id=signed.id,
        owner=key.address,
        api_key=key.api_key,
        maker=signed.request.order.maker,
        market=signed.market.condition_id,
        token=signed.request.order.tokenId,
        outcome=signed.outcome,
        side=signed.side,
        price=signed.price,
        shares=signed.shares,
        cash=signed.cash,
        order_type=signed.order_type,
        post_only=signed.post_only,
        expiration=signed.expiration,
        created_ms=created_ms,
    )


def check_funds(state: State, order: Order) -> None:
    """Open orders keep their funds aside, account-wide. Raises VenueError."""
    terms = order.terms
    if terms.side == "BUY":
        balance, active = state.available_cash(terms.owner)
        wanted = order.reserved_cash()
    else:
        balance, active = state.available_shares(terms.owner, terms.token)
        wanted = order.reserved_shares()
    if balance - active < wanted:
        raise intake.not_enough(balance, active, wanted)


def check_marketable(terms: OrderTerms) -> None:
    """For an order that would take at once. Raises VenueError."""
    if terms.post_only:
        raise bad_request(POST_ONLY_CROSSES)
    if terms.side == "BUY" and terms.cash < intake.MARKETABLE_BUY_MINIMUM:
        raise bad_request("invalid amount for a marketable BUY order, min size: $1")


def check_rests(terms: OrderTerms) -> None:
    """For an order that finds nothing to take. Raises VenueError."""
    if terms.order_type == "FOK":
        raise bad_request(FOK_KILLED)
    if terms.order_type == "FAK":
        raise bad_request(FAK_KILLED)


def check_fills(state: State, market: Market, order: Order, fills: list[Fill]) -> None:
    """After the taker hold, against the book as it is then. Raises VenueError."""
    terms = order.terms
    if terms.order_type == "FOK" and not _fills_whole(terms, fills):
        raise bad_request(FOK_KILLED)
    if terms.order_type == "FAK" and not fills:
        raise bad_request(FAK_KILLED)
    if terms.side == "BUY":
        fees = sum(taker_fee(market, fill) for fill in fills)
        balance, active = state.available_cash(terms.owner)
        if balance - active < fees:
            own = order.reserved_cash()
            raise intake.not_enough(balance, active - own, own + fees)


def plan(book: Book, terms: OrderTerms) -> list[Fill]:
    """What an incoming order would take now."""
    cash = terms.cash if terms.buys_with_cash else None
    return book.plan(terms.book_side, terms.book_price, terms.shares, cash=cash, outcome=terms.outcome)


def _fills_whole(terms: OrderTerms, fills: list[Fill]) -> bool:
    """A market buy is whole when the rest of its cash would not buy another lot."""
    if not terms.buys_with_cash:
        return sum(fill.shares for fill in fills) >= terms.shares
    prices = [fill.price if terms.outcome == 0 else ONE - fill.price for fill in fills]
    spent = sum(fill.shares * price // ONE for fill, price in zip(fills, prices, strict=True))
    return bool(fills) and terms.cash - spent < prices[-1]
