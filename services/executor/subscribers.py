"""What reaches the executor: intents, exits, markets, fills, the trading state, and the passing of time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.executor.handlers.cancel import CancelOrders
from services.executor.handlers.heartbeat import Heartbeat
from services.executor.handlers.place import PlaceEntries
from services.executor.handlers.redeem import TurnToCash
from services.executor.handlers.trading_state import HearTradingState
from services.executor.ports import Markets, TableUnavailableError
from shared.bus.facts import Facts
from shared.domain.ids import AccountId
from shared.messages.bidder import CancelEntry, PlaceEntry
from shared.messages.discovery import MarketListed
from shared.messages.envelope import Envelope, MessageError, decode, open_envelope
from shared.messages.executor import OrderChanged
from shared.messages.fills import FillBooked
from shared.messages.risk import CloseEntries, Sell, TradingStateChanged
from shared.messages.settlement import MergePositions, RedeemPositions

RETRY_SECONDS = 1.0
log = structlog.get_logger()


def subscribe_intents(facts: Facts, place: PlaceEntries, cancels: CancelOrders) -> None:
    async def heard(envelope: Envelope) -> None:
        match envelope.schema:
            case PlaceEntry.SCHEMA:
                await place.place(open_envelope(PlaceEntry, envelope))
            case CancelEntry.SCHEMA:
                await cancels.cancel_entry(open_envelope(CancelEntry, envelope))
            case _:
                raise MessageError(f"{envelope.schema} is no intent")

    facts.subscribe("intents", heard)


def subscribe_exits(facts: Facts, place: PlaceEntries, cancels: CancelOrders) -> None:
    async def heard(envelope: Envelope) -> None:
        match envelope.schema:
            case CloseEntries.SCHEMA:
                await cancels.close_entries(open_envelope(CloseEntries, envelope))
            case Sell.SCHEMA:
                await place.sell(open_envelope(Sell, envelope))
            case _:
                raise MessageError(f"{envelope.schema} is no exit")

    facts.subscribe("exits", heard)


def subscribe_redemptions(facts: Facts, cash: TurnToCash | None) -> None:
    """Paper trading and wallets that nothing is redeemed for have no use for them."""

    async def heard(envelope: Envelope) -> None:
        match envelope.schema:
            case RedeemPositions.SCHEMA:
                command = open_envelope(RedeemPositions, envelope)
            case MergePositions.SCHEMA:
                command = open_envelope(MergePositions, envelope)
            case _:
                raise MessageError(f"{envelope.schema} is no redemption")
        if cash is not None:
            await cash.asked(command)

    facts.subscribe("redemptions", heard)


def subscribe_markets(facts: Facts, markets: Markets) -> None:
    async def heard(envelope: Envelope) -> None:
        if envelope.schema == MarketListed.SCHEMA:
            markets.learn(open_envelope(MarketListed, envelope).as_market())

    facts.subscribe("markets", heard)


def subscribe_fills(facts: Facts, account: AccountId, cancels: CancelOrders) -> None:
    """A fill decides the market's side: the other side goes, whoever else is alive."""

    async def heard(envelope: Envelope) -> None:
        if envelope.schema == FillBooked.SCHEMA:
            fill = open_envelope(FillBooked, envelope)
            if fill.account == account and fill.status != "failed":
                await cancels.cancel_unwanted(fill.market)

    facts.subscribe("fills", heard)


def subscribe_trading_state(facts: Facts, state: HearTradingState) -> None:
    async def heard(envelope: Envelope) -> None:
        await state.fact(open_envelope(TradingStateChanged, envelope))

    facts.subscribe("trading_state", heard)


async def watch_orders(client: Client, account: AccountId, changed: Callable[[OrderChanged], None]) -> None:
    """Facts about our orders as they pass on their way to the stream, whoever changed them: for figures, not for truth,
    since one that passes while we are away is missed."""

    async def heard(message: Msg) -> None:
        try:
            fact = open_envelope(OrderChanged, decode(message.data))
        except MessageError:
            return  # whoever reads the stream sets it aside
        if fact.account == account:
            changed(fact)

    await client.subscribe(f"{OrderChanged.SUBJECT}.*", cb=heard)


async def every(seconds: float, what: str, work: Callable[[], Awaitable[None]]) -> None:
    """Wall seconds. A database that is away is waited for; anything else ends the service."""
    while True:
        try:
            await work()
        except TableUnavailableError as error:
            log.warning("round_failed", what=what, error=str(error))
        await asyncio.sleep(seconds)


async def keep_beating(heartbeat: Heartbeat) -> None:
    while True:
        try:
            pause_seconds = await heartbeat.beat()
        except TableUnavailableError as error:
            log.warning("round_failed", what="heartbeat", error=str(error))
            pause_seconds = RETRY_SECONDS
        await asyncio.sleep(pause_seconds)
