"""A fact that waits in the outbox: what the database hands to the bus."""

from __future__ import annotations

from dataclasses import dataclass

from shared.messages.envelope import Envelope


@dataclass(frozen=True, slots=True)
class OutboxRow:
    outbox_id: int
    subject: str
    envelope: Envelope
