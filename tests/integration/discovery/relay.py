"""Between a service and the simulator's socket: what happens to one connection alone."""

from __future__ import annotations

import asyncio
from asyncio import Event, StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.venue_sim.process import Address

AT_ONCE = 64 * 1024


@dataclass(eq=False)
class Wire:
    """One connection, while it lasts."""

    near: StreamWriter
    far: StreamWriter
    lets_pass: Event = field(default_factory=Event)

    def cut(self) -> None:
        self.near.transport.abort()

    def fall_silent(self) -> None:
        """Nothing of the venue arrives any more, and nobody says so."""
        self.lets_pass.clear()


@dataclass
class Relay:
    """`wires` are the open connections, oldest first."""

    venue: Address
    port: int = 0
    wires: list[Wire] = field(default_factory=list[Wire])

    @property
    def market(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/market"

    async def serve(self, reader: StreamReader, near: StreamWriter) -> None:
        back, far = await asyncio.open_connection("127.0.0.1", self.venue.port)
        wire = Wire(near, far)
        wire.lets_pass.set()
        self.wires.append(wire)
        answers = asyncio.create_task(_carry(back, near, wire.lets_pass))
        try:
            await _carry(reader, far)
        finally:
            self.wires.remove(wire)
            answers.cancel()
            far.close()
            near.close()


async def _carry(source: StreamReader, sink: StreamWriter, lets_pass: Event | None = None) -> None:
    with suppress(OSError):
        while data := await source.read(AT_ONCE):
            if lets_pass is not None:
                await lets_pass.wait()
            sink.write(data)
            await sink.drain()


@asynccontextmanager
async def relay(venue: Address) -> AsyncGenerator[Relay]:
    made = Relay(venue)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for wire in tuple(made.wires):
            wire.cut()
