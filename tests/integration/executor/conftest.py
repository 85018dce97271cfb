from collections.abc import AsyncIterator

import pytest

from cli.servers import Servers
from shared.runtime.settings import load_settings
from tests.integration.executor.trading_floor import Floor


@pytest.fixture
async def paper_floor(servers: Servers, postgres_database: str) -> AsyncIterator[Floor]:
    settings = load_settings(
        overrides={
            "postgres_url": postgres_database,
            "nats_url": servers.nats_url,
            "redis_url": servers.redis_url,
            "paper_fill_seconds": "1",
        },
        environ={},
    )
    floor = await Floor.opened(settings, "sim:paper:paper")
    yield floor
    await floor.close()
