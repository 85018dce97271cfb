"""Journals performed again: each by handlers of the service that wrote it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.replay.scribed import (
    Ahead,
    Otherwise,
    Replayed,
    Script,
    ThenClock,
    perform,
    silent,
    spawner,
    then_function,
    then_port,
)
from services.bidder import bootstrap as bidder
from services.bidder.adapters.spoken import SpokenDecisions
from services.discovery import bootstrap as discovery
from services.executor import bootstrap as executor
from services.fills import bootstrap as fills
from services.risk import bootstrap as risk
from services.settlement import bootstrap as settlement
from shared.runtime.journal import JournalError, journal_name, journals_of, read_lines
from shared.runtime.plain import NotPlainError, from_plain
from shared.runtime.scribe import Opened
from shared.runtime.settings import Settings, SettingsError, load_settings

Handlers = Mapping[str, object]


def _nothing(*_: object) -> None:
    """A kick, or a wish for a sweep."""


def _bidder(opened: Opened, settings: Settings, script: Script) -> Handlers:
    decisions = SpokenDecisions(then_function(script, "decided"))
    intents, wallet = then_port(script, "intents"), opened.wallet
    return {"bidder": bidder.bidder_of(settings, opened.account, wallet, intents, ThenClock(script), decisions)}


def _discovery(_: Opened, settings: Settings, script: Script) -> Handlers:
    catalogue, listings = then_port(script, "catalogue"), then_port(script, "listings")
    streams, board = then_port(script, "streams"), then_port(script, "board")
    made = discovery.discovery_of(settings, ThenClock(script), catalogue, listings, streams, board, silent())
    return {"discovery": made}


def _risk(opened: Opened, settings: Settings, script: Script) -> Handlers:
    keeper, leave = risk.handlers_of(
        settings,
        opened.account,
        then_port(script, "account"),
        then_port(script, "commands"),
        silent(),
        silent(),
        ThenClock(script),
    )
    return {"keeper": keeper, "leave": leave}


def _settlement(_: Opened, settings: Settings, script: Script) -> Handlers:
    venue, ledger, tokens = then_port(script, "venue"), then_port(script, "ledger"), then_port(script, "tokens")
    clock = ThenClock(script)
    return {
        "settler": settlement.settler_of(settings, venue, ledger, silent(), clock),
        "redeemer": settlement.redeemer_of(settings, tokens, silent(), clock),
    }


def _fills(opened: Opened, settings: Settings, script: Script) -> Handlers:
    booking = fills.booking_of(then_port(script, "ledger"), ThenClock(script), silent(), _nothing)
    record = then_port(script, "record")
    orders, sweep = fills.sweep_of(booking, record, _nothing, _nothing, settings.orphans)
    return {
        "shadow": booking.shadow,
        "book": booking.book,
        "paper": fills.paper_of(opened.account, settings, booking, _nothing),
        "orders": orders,
        "sweep": sweep,
        "venue_proof": fills.venue_proof_of(booking, record, _nothing),
        "ledger_proof": fills.ledger_proof_of(booking, _nothing),
    }


def _executor(opened: Opened, settings: Settings, script: Script) -> Handlers:
    ports = executor.Ports(
        signer=then_port(script, "signer"),
        table=then_port(script, "table"),
        venue=then_port(script, "venue"),
        heart=then_port(script, "heart"),
        redemptions=then_port(script, "redemptions"),
        cashier=then_port(script, "cashier"),
        guard=then_port(script, "guard"),
        markets=then_port(script, "markets"),
        lease=then_port(script, "lease"),
        clock=ThenClock(script),
        meter=silent(),
        spawn=spawner(script),
        sleep=then_function(script, "sleep"),
        kick=_nothing,
    )
    made = executor.handlers_of(settings, opened.account, ports)
    return {
        "place": made.place,
        "cancels": made.cancels,
        "state": made.state,
        "keep": made.keep,
        "recovery": made.recovery,
        "heartbeat": made.heartbeat,
        "cash": made.cash,
    }


Build = Callable[[Opened, Settings, Script], Handlers]
SCRIBES: Mapping[str, Build] = {
    "bidder": _bidder,
    "discovery": _discovery,
    "executor": _executor,
    "fills": _fills,
    "risk": _risk,
    "settlement": _settlement,
}


@dataclass(frozen=True, slots=True)
class JournalCompared:
    """Of one journal: what was told to handlers, what they did, and the first thing done otherwise."""

    journal: str
    inputs: int
    deeds: int
    otherwise: Otherwise | None

    def as_json(self) -> dict[str, object]:
        differs = None if self.otherwise is None else str(self.otherwise)
        return {"journal": self.journal, "inputs": self.inputs, "deeds": self.deeds, "differs": differs}


Each = Callable[[Callable[["Found"], JournalCompared], Iterable["Found"]], Iterable[JournalCompared]]


@dataclass(frozen=True, slots=True)
class Found:
    """A journal of this service, in its parts."""

    service: str
    parts: Sequence[Path]


def compare_all(folder: Path) -> list[JournalCompared]:
    """Every journal in the folder, service by service in the order of their starts. Raises JournalError."""
    return list(compare_each(folder))


def compare_each(folder: Path, each: Each = map) -> Iterable[JournalCompared]:
    """As they are done. `each` is `map`, or that of a pool of processes. Raises JournalError."""
    found = [Found(service, parts) for service in SCRIBES for parts in journals_of(folder, service)]
    if not found:
        raise JournalError(f"{folder}: holds no journal")
    return each(_compare, found)


def _compare(found: Found) -> JournalCompared:
    lines = Ahead(read_lines(found.parts))
    replayed = asyncio.run(_perform(found, lines))
    if lines.broken is not None:
        raise lines.broken
    return JournalCompared(journal_name(found.parts[0]), replayed.inputs, replayed.deeds, replayed.otherwise)


async def _perform(found: Found, lines: Ahead) -> Replayed:
    """Raises JournalError."""
    first = lines.next
    if first is None or first.kind != "opened":
        raise lines.broken or JournalError(f"{found.parts[0]}: line 1: not the beginning of a journal")
    lines.step()
    try:
        opened: Opened = from_plain(first.value)
        script = Script(lines)
        settings = load_settings(None, opened.settings, environ={})
        return await perform(script, SCRIBES[found.service](opened, settings, script))
    except (NotPlainError, SettingsError) as error:
        raise JournalError(f"{found.parts[0]}: {error}") from None
