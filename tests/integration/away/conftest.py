from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.db.migrate import migrate
from tests.integration.away.outage import OwnServers, own_servers
from tests.integration.executor.conftest import LiveDesk, open_desk, venue
from tests.integration.settlement.fixtures import logging_as_before
from tests.venue_sim.process import Address

__all__ = ["logging_as_before", "venue"]


@pytest.fixture
async def own() -> AsyncIterator[OwnServers]:
    async with own_servers() as servers:
        migrate(servers.postgres.url)
        yield servers


@pytest.fixture
async def desk(own: OwnServers, venue: Address, tmp_path: Path) -> AsyncIterator[LiveDesk]:
    opened = await open_desk(own.addresses, own.postgres.url, venue, tmp_path)
    yield opened
    await opened.floor.close()
