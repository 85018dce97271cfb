"""The bidder with its journal: every call is written down with the clock reads it took and what it decided and sent.

Not one call of the bidder waits, so nothing else happens between an input's beginning and its end.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from services.bidder.domain.decisions import DecisionLog
from services.bidder.domain.judge import Judge
from services.bidder.domain.outlook import FairOutlook
from services.bidder.domain.plan import Decision, NoEntry, Place
from services.bidder.domain.rules import Rules
from services.bidder.handlers import Bidder
from services.bidder.ports import Intents, Tables
from shared.domain.ids import AccountId, MarketId
from shared.domain.money import Cash
from shared.messages.discovery import ReferencePrice, TopChanged
from shared.messages.envelope import Envelope, encode, encode_money
from shared.runtime.journal import Entry, Journal, ReadingClock

NOTHING = msgspec.Raw(b"null")


class Opened(msgspec.Struct, frozen=True):
    """The first line: all that decides besides the inputs. Seconds are domain time."""

    account: AccountId
    rules: Rules
    fair_value_model: str
    stale_seconds: float


class AccountSeen(msgspec.Struct, frozen=True):
    trading_state: str
    headroom: Cash
    version: int


class _Said:
    """What the input under way led to."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, line: str) -> None:
        self._lines.append(line)

    def taken(self) -> tuple[str, ...]:
        taken = tuple(self._lines)
        self._lines.clear()
        return taken


class _NotedIntents:
    def __init__(self, intents: Intents, said: _Said) -> None:
        self._intents = intents
        self._said = said

    def send(self, subject: str, envelope: Envelope) -> None:
        self._said.add(f"{subject} {encode(envelope).decode()}")
        self._intents.send(subject, envelope)


class _NotedDecisions(DecisionLog):
    def __init__(self, said: _Said) -> None:
        super().__init__()
        self._said = said

    def add(self, market: MarketId, decision: Decision, now: datetime) -> None:
        self._said.add(_words(market, decision))
        super().add(market, decision, now)


class JournaledBidder(Bidder):
    """`opened` is what the journal's first line says."""

    def __init__(
        self,
        judge: Judge,
        opened: Opened,
        clock: ReadingClock,
        intents: Intents,
        outlook: FairOutlook,
        journal: Journal,
    ) -> None:
        said = _Said()
        super().__init__(judge, opened.account, clock, _NotedIntents(intents, said), outlook)
        self.decisions = _NotedDecisions(said)
        self._reads = clock
        self._said = said
        self._journal = journal
        self._is_inside = False
        journal.write(Entry("opened", _raw(opened), (), ()))

    def open(self) -> None:
        with self._input("open", NOTHING):
            super().open()

    def on_top(self, top: TopChanged) -> None:
        with self._input("top", _raw(top)):
            super().on_top(top)

    def on_remembered_top(self, top: TopChanged) -> None:
        with self._input("remembered_top", _raw(top)):
            super().on_remembered_top(top)

    def on_price(self, price: ReferencePrice) -> None:
        with self._input("price", _raw(price)):
            super().on_price(price)

    async def on_market(self, envelope: Envelope) -> None:
        with self._input("market", _raw(envelope)):
            await super().on_market(envelope)

    async def on_order(self, envelope: Envelope) -> None:
        with self._input("order", _raw(envelope)):
            await super().on_order(envelope)

    async def on_fill(self, envelope: Envelope) -> None:
        with self._input("fill", _raw(envelope)):
            await super().on_fill(envelope)

    async def on_trading_state(self, envelope: Envelope) -> None:
        with self._input("trading_state", _raw(envelope)):
            await super().on_trading_state(envelope)

    def on_account(self, trading_state: str, headroom: Cash, version: int) -> None:
        with self._input("account", _raw(AccountSeen(trading_state, headroom, version))):
            super().on_account(trading_state, headroom, version)

    def restore(self, tables: Tables) -> None:
        with self._input("tables", _raw(tables)):
            super().restore(tables)

    def look(self) -> None:
        with self._input("look", NOTHING):
            super().look()

    @contextmanager
    def _input(self, kind: str, payload: msgspec.Raw) -> Generator[None]:
        """One that comes of another is no input of its own. One that was refused is written down all the same."""
        if self._is_inside:
            yield
            return
        self._is_inside = True
        try:
            yield
        finally:
            self._is_inside = False
            self._journal.write(Entry(kind, payload, self._reads.taken(), self._said.taken()))


def _words(market: MarketId, decision: Decision) -> str:
    match decision:
        case Place():
            act = f"place {decision.rung}/{decision.attempt} {decision.shares}{' taking' if decision.takes else ''}"
        case NoEntry():
            act = f"refuse {decision.reason}"
        case _:
            act = f"cancel {decision.order_id} {decision.reason}"
    return f"{market} {decision.outcome.name}: {act} at {decision.price}"


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_ENCODER.encode(value))


_ENCODER = msgspec.json.Encoder(enc_hook=encode_money)
