"""All surfaces of the simulator on one ASGI application."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from venue_sim.api.clob import Clob
from venue_sim.api.control import Control
from venue_sim.api.data_api import DataApi
from venue_sim.api.gamma import Gamma
from venue_sim.api.hub import Hub
from venue_sim.api.relayer import RelayerApi
from venue_sim.api.responses import EXCEPTION_HANDLERS
from venue_sim.api.sockets import Sockets
from venue_sim.limits import Limits
from venue_sim.world import World


def build_app(
    world: World, hub: Hub, on_failure: Callable[[BaseException], None], limits: Limits | None = None
) -> Starlette:
    """The world's timers run as long as the application does; if they break, `on_failure` hears why.

    Without `limits` the venue's standard ones hold.
    """

    def ended(runner: asyncio.Task[None]) -> None:
        if not runner.cancelled() and (error := runner.exception()) is not None:
            on_failure(error)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        runner = asyncio.create_task(world.run())
        runner.add_done_callback(ended)
        yield
        runner.cancel()
        await asyncio.wait([runner])

    routes = [
        *Clob(world, hub.door, limits or Limits(world.exchange.clock)).routes(),
        *Sockets(world, hub).routes(),
        *Gamma(world).routes(),
        *DataApi(world).routes(),
        *RelayerApi(world).routes(),
        *Control(world, hub.door).routes(),
    ]
    return Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS, lifespan=lifespan)
