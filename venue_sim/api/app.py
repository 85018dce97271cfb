"""All surfaces of the simulator on one ASGI application."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette

from venue_sim.api.clob import Clob
from venue_sim.api.control import Control
from venue_sim.api.gamma import Gamma
from venue_sim.api.hub import Hub
from venue_sim.api.responses import EXCEPTION_HANDLERS
from venue_sim.api.sockets import Sockets
from venue_sim.world import World


def build_app(world: World, hub: Hub) -> Starlette:
    """The world's timers run as long as the application does."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        runner = asyncio.create_task(world.run())
        yield
        runner.cancel()
        with suppress(asyncio.CancelledError):
            await runner

    routes = [
        *Clob(world, hub.door).routes(),
        *Sockets(world, hub).routes(),
        *Gamma(world).routes(),
        *Control(world, hub.door).routes(),
    ]
    return Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS, lifespan=lifespan)
