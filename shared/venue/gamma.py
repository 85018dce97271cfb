"""The venue's market catalogue (Gamma), read without a socket. Protocol sheet, sections 1.4, 2.2 and 6."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from shared.domain.ids import Coin, MarketId, TokenId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Shares
from shared.venue.errors import UnknownVersionError, VenueFrameError
from shared.venue.resolution import Payout, Resolution, ResolutionSource, resolution_of
from shared.venue.wire import NOTHING, Id, decode, elements, exact, iso_instant, market_id, optional_exact, positive

UP_DOWN_NAMES = frozenset({"Up", "Down"})
_SLUG = re.compile(r"([a-z0-9]{1,12})-updown-([0-9]{1,3})([mh])-([0-9]{9,11})")
_MINUTES = {"m": 1, "h": 60}
_CONDITION_ID = re.compile(r"0x([0-9a-fA-F]{62}|[0-9a-fA-F]{64})")
_TOKEN = re.compile(r"[0-9]{1,78}")


@dataclass(frozen=True, slots=True)
class Assumed:
    """Facts that old recordings lack because the venue did not state them yet. Never for live data."""

    version: ProtocolVersion
    taker_fee_rate: Decimal


@dataclass(frozen=True, slots=True)
class NotAnUpDownMarket:
    """A well-formed object of another kind: another market, an event, a tag, a search result."""

    slug: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A market as listed. `strike` and `final_price` (USD) come about a minute after start and end, or never."""

    market: Market
    strike: Decimal | None
    final_price: Decimal | None
    resolution: Resolution | None


class _EventMetadata(msgspec.Struct):
    price_to_beat: msgspec.Raw = msgspec.field(default=NOTHING, name="priceToBeat")
    final_price: msgspec.Raw = msgspec.field(default=NOTHING, name="finalPrice")


class _FeeSchedule(msgspec.Struct):
    rate: msgspec.Raw
    exponent: msgspec.Raw = NOTHING


class _Event(msgspec.Struct):
    metadata: _EventMetadata | None = msgspec.field(default=None, name="eventMetadata")


class _Object(msgspec.Struct):
    """What tells the kinds apart; everything may be missing."""

    slug: str = ""
    condition_id: str | None = msgspec.field(default=None, name="conditionId")
    metadata: _EventMetadata | None = msgspec.field(default=None, name="eventMetadata")
    markets: list[msgspec.Raw] | None = None
    wallet: str | None = msgspec.field(default=None, name="proxyWallet")


class _Market(msgspec.Struct, rename="camel"):
    slug: Id
    condition_id: Id
    outcomes: str | list[str]
    end_date: str
    event_start_time: str
    order_price_min_tick_size: msgspec.Raw
    order_min_size: msgspec.Raw
    version: str | None = None
    clob_token_ids: str | list[str] | None = None
    position_ids: str | list[str] | None = None
    outcome_prices: str | list[str] | None = None
    fees_enabled: bool | None = None
    fee_schedule: _FeeSchedule | None = None
    neg_risk: bool | None = None
    closed: bool | None = None
    active: bool | None = None
    accepting_orders: bool | None = None
    enable_order_book: bool | None = None
    uma_resolution_status: str | None = None
    resolution_status: str | None = None
    events: list[_Event] | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """What a slug says: `btc-updown-15m-1775029500` is 15 minutes of btc from that second."""

    coin: Coin
    start_seconds: int
    minutes: int


def slot_of(slug: str) -> Slot | None:
    """None unless the slug names an up/down slot of a coin."""
    found = _SLUG.fullmatch(slug)
    if found is None:
        return None
    coin, count, unit, start = found.groups()
    return Slot(Coin(coin), int(start), int(count) * _MINUTES[unit])


def slug_of(coin: Coin, minutes: int, start: datetime) -> str:
    """The slug of the slot of `coin` that begins at `start`."""
    return f"{coin}-updown-{minutes}m-{int(start.timestamp())}"


def read_listings(
    text: str | bytes, assumed: Assumed | None = None
) -> tuple[Listing | NotAnUpDownMarket | VenueFrameError, ...]:
    """One verdict per market of a Gamma answer: a market, an event, or an array of either. Raises VenueFrameError."""
    verdicts: list[Listing | NotAnUpDownMarket | VenueFrameError] = []
    for element in elements(text):
        try:
            verdicts.extend(_of_object(element, assumed))
        except VenueFrameError as error:
            verdicts.append(error)
    return tuple(verdicts)


def _of_object(
    element: str | bytes | msgspec.Raw, assumed: Assumed | None
) -> list[Listing | NotAnUpDownMarket | VenueFrameError]:
    kind = decode(element, _Object)
    if kind.wallet is not None:
        return [NotAnUpDownMarket(kind.slug, "a row of a wallet's history")]
    if kind.condition_id is not None:
        return [read_listing(element, assumed)]
    if kind.markets is None:
        return [NotAnUpDownMarket(kind.slug, "neither a market nor an event with markets")]
    verdicts: list[Listing | NotAnUpDownMarket | VenueFrameError] = []
    for market in kind.markets:
        try:
            verdicts.append(read_listing(market, assumed, kind.metadata))
        except VenueFrameError as error:
            verdicts.append(error)
    return verdicts


def read_market(text: str | bytes | msgspec.Raw, assumed: Assumed | None = None) -> Market | NotAnUpDownMarket:
    """One Gamma market object. Raises VenueFrameError, UnknownVersionError."""
    listing = read_listing(text, assumed)
    return listing if isinstance(listing, NotAnUpDownMarket) else listing.market


def read_listing(
    text: str | bytes | msgspec.Raw, assumed: Assumed | None = None, metadata: _EventMetadata | None = None
) -> Listing | NotAnUpDownMarket:
    """One Gamma market object, with the event's metadata or its own. Raises VenueFrameError, UnknownVersionError."""
    slug = decode(text, _Object).slug
    slot = slot_of(slug)
    if slot is None:
        return NotAnUpDownMarket(slug, "the slug names no up/down slot")
    raw = decode(text, _Market)
    market = _market(raw, slot, assumed)
    known = metadata or _own_metadata(raw)
    return Listing(
        market=market,
        strike=optional_exact(known.price_to_beat, "eventMetadata.priceToBeat"),
        final_price=optional_exact(known.final_price, "eventMetadata.finalPrice"),
        resolution=_resolution(raw, market),
    )


def _own_metadata(raw: _Market) -> _EventMetadata:
    for event in raw.events or []:
        if event.metadata is not None:
            return event.metadata
    return _EventMetadata()


def _market(raw: _Market, slot: Slot, assumed: Assumed | None) -> Market:
    version = _version(raw, assumed)
    start, end = _bounds(raw, slot)
    return Market(
        market=_condition_id(raw.condition_id),
        slug=raw.slug,
        coin=slot.coin,
        start=start,
        end=end,
        outcomes=_outcomes(raw, version),
        tick=_tick(raw),
        min_shares=Shares(positive(raw.order_min_size, "orderMinSize")),
        taker_fee_rate=_fee_rate(raw, assumed),
        version=version,
        neg_risk=bool(raw.neg_risk),
        accepting_orders=_accepts_orders(raw),
    )


def _version(raw: _Market, assumed: Assumed | None) -> ProtocolVersion:
    if raw.version is None and assumed is not None:
        return assumed.version
    try:
        return ProtocolVersion(raw.version or "")
    except ValueError:
        said = "missing" if raw.version is None else f"{raw.version!r} is not known"
        raise UnknownVersionError("version", said, raw.slug) from None


def _condition_id(text: str) -> MarketId:
    if _CONDITION_ID.fullmatch(text) is None:
        raise VenueFrameError("conditionId", "not 0x and 62 or 64 hex digits", text)
    return market_id(text)


def _bounds(raw: _Market, slot: Slot) -> tuple[datetime, datetime]:
    start = iso_instant(raw.event_start_time, "eventStartTime")
    end = iso_instant(raw.end_date, "endDate")
    if int(start.timestamp()) != slot.start_seconds:
        raise VenueFrameError("eventStartTime", f"differs from the slug {raw.slug}", raw.event_start_time)
    if end - start != timedelta(minutes=slot.minutes):
        raise VenueFrameError("endDate", f"not {slot.minutes} minutes after eventStartTime", raw.end_date)
    return start, end


def _texts(value: str | list[str] | None, field: str) -> list[str]:
    """An array, or an array written as JSON text."""
    if value is None:
        raise VenueFrameError(field, "missing")
    return decode(value, list[str]) if isinstance(value, str) else value


def _outcomes(raw: _Market, version: ProtocolVersion) -> tuple[Outcome, Outcome]:
    names = _texts(raw.outcomes, "outcomes")
    field = "clobTokenIds" if version is ProtocolVersion.V1 else "positionIds"
    tokens = _texts(raw.clob_token_ids if version is ProtocolVersion.V1 else raw.position_ids, field)
    if len(names) != 2 or frozenset(names) != UP_DOWN_NAMES:
        raise VenueFrameError("outcomes", "not exactly Up and Down", ", ".join(names))
    if len(tokens) != 2 or tokens[0] == tokens[1] or not all(_TOKEN.fullmatch(each) for each in tokens):
        raise VenueFrameError(field, "not two different tokens", ", ".join(tokens))
    return Outcome(names[0], TokenId(tokens[0])), Outcome(names[1], TokenId(tokens[1]))


def _tick(raw: _Market) -> Decimal:
    tick = positive(raw.order_price_min_tick_size, "orderPriceMinTickSize")
    if tick >= 1:
        raise VenueFrameError("orderPriceMinTickSize", "not below 1", str(tick))
    return tick


def _fee_rate(raw: _Market, assumed: Assumed | None) -> Decimal:
    """`feeSchedule` alone says the rate; `takerBaseFee` is a relic (protocol sheet, 2.2)."""
    if raw.fee_schedule is None:
        return _fee_rate_unstated(raw, assumed)
    exponent = optional_exact(raw.fee_schedule.exponent, "feeSchedule.exponent")
    if exponent != 1:
        raise VenueFrameError("feeSchedule.exponent", f"{exponent} where only 1 is understood", raw.slug)
    rate = exact(raw.fee_schedule.rate, "feeSchedule.rate")
    if not 0 <= rate <= 1:
        raise VenueFrameError("feeSchedule.rate", "not between 0 and 1", str(rate))
    return rate


def _fee_rate_unstated(raw: _Market, assumed: Assumed | None) -> Decimal:
    if raw.fees_enabled is False:
        return Decimal(0)
    if assumed is None:
        raise VenueFrameError("feeSchedule", "missing on a market with fees", raw.slug)
    return assumed.taker_fee_rate


def _accepts_orders(raw: _Market) -> bool:
    return (
        bool(raw.accepting_orders and raw.active is not False and raw.enable_order_book is not False) and not raw.closed
    )


def _resolution(raw: _Market, market: Market) -> Resolution | None:
    """None while open: an open market's price is no result, and a closed one's only once it is 1, 0 or one half."""
    status = (raw.resolution_status if market.version is ProtocolVersion.V2 else raw.uma_resolution_status) or ""
    if not raw.closed or raw.outcome_prices is None or status not in {"", "resolved"}:
        return None
    prices = _texts(raw.outcome_prices, "outcomePrices")
    if len(prices) != 2:
        raise VenueFrameError("outcomePrices", "not one per outcome", ", ".join(prices))
    payouts = tuple(
        Payout(outcome.token, exact(msgspec.Raw(price.encode()), "outcomePrices"))
        for outcome, price in zip(market.outcomes, prices, strict=True)
    )
    return resolution_of(market.market, payouts, ResolutionSource.GAMMA, is_final=status == "resolved")
