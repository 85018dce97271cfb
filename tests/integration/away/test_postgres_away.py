"""Postgres goes away: nothing is sent, what rests goes, and all goes on when it is back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal

import pytest

from services.executor import bootstrap
from services.executor.bootstrap import start as start_executor
from services.fills.bootstrap import start as start_fills
from shared.db.lease import Lease
from shared.outside import Network
from shared.runtime.service import EXIT_FAILED, ServiceContext
from shared.runtime.settings import Settings
from shared.venue.http import BeforeWrite, HttpClient, Response, WriteRefusedError
from tests.integration.away.outage import OwnServers, take_away
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.test_live_trading import bid, intend, open_floor, referee, status_at_venue

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("logging_as_before")]
LOW = Decimal("0.02")


class HeldClient(HttpClient):
    """Orders wait at the door, reserved and not yet written."""

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.let_go = asyncio.Event()
        self.refused: list[str] = []

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_seconds: float = 5.0,
        before_write: BeforeWrite | None = None,
    ) -> Response:
        if (method, path) == ("POST", "/order"):
            await self.let_go.wait()
        try:
            return await super().request(
                method, path, headers=headers or {}, body=body, timeout_seconds=timeout_seconds,
                before_write=before_write,
            )  # fmt: skip
        except WriteRefusedError as error:
            self.refused.append(error.reason)
            raise


class HeldNetwork(Network):
    def __init__(self, settings: Settings) -> None:
        super().__init__("executor", settings)
        self.client = HeldClient(settings.clob_url)

    def http(self, origin: str) -> HttpClient:
        return self.client


@pytest.fixture
def leases(monkeypatch: pytest.MonkeyPatch) -> list[Lease]:
    """Those that the executor takes."""
    taken: list[Lease] = []

    class Noted(Lease):
        async def wait(self) -> None:
            taken.append(self)
            await super().wait()

    monkeypatch.setattr(bootstrap, "Lease", Noted)
    return taken


async def orders_at_venue(desk: LiveDesk) -> dict[str, str]:
    return {each["order_id"]: each["status"] for each in (await referee(desk))["orders"]}


async def test_the_last_look_refuses_an_order_that_was_reserved_before(
    own: OwnServers, desk: LiveDesk, leases: list[Lease]
) -> None:
    network = HeldNetwork(desk.floor.settings)

    async def start(context: ServiceContext) -> None:
        await start_executor(context, network)

    await desk.floor.start("executor", start)
    await desk.floor.start("fills", start_fills)
    await desk.floor.until(lambda: desk.floor.one("select count(*) from liveness where service = 'fills'"), 1)
    order = await desk.floor.bid(
        desk.market.market, desk.market.outcomes[0].token, "0.02", outcome=desk.market.outcomes[0].name,
        valid_seconds=60,
    )  # fmt: skip
    await desk.floor.until_status(order, "submitting")

    await take_away(own.postgres)

    async def is_fresh() -> bool:
        return leases[0].is_fresh

    await desk.floor.until(is_fresh, expected=False)
    network.client.let_go.set()
    assert await desk.floor.ended("executor") == EXIT_FAILED
    assert await desk.floor.ended("fills") == EXIT_FAILED
    assert network.client.refused == ["LEASE_STALE"]
    assert await orders_at_venue(desk) == {}


async def test_whoever_holds_a_lease_ends_with_one_line_and_leaves_nothing_resting(
    own: OwnServers, desk: LiveDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    await open_floor(desk)
    order = await bid(desk, LOW)
    await desk.floor.until_status(order, "live")
    resting = await orders_at_venue(desk)

    await take_away(own.postgres)
    late = await intend(desk, LOW, attempt=1)

    assert await desk.floor.ended("executor") == EXIT_FAILED
    assert await desk.floor.ended("fills") == EXIT_FAILED
    assert await orders_at_venue(desk) == dict.fromkeys(resting, "CANCELED")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    failures = [line["reason"] for line in told if line["action"] == "service_failed"]
    assert sorted(reason.partition(" could not be renewed")[0] for reason in failures) == [
        f"lease: LeaseLostError: {desk.floor.account}/{service}" for service in ("executor", "fills")
    ]
    assert not [line for line in told if "exception" in line or line["action"] == "stop_took_too_long"]

    await own.postgres.start()
    await desk.floor.reconnect()
    await open_floor(desk)

    await desk.floor.until(lambda: desk.floor.one("select trading_state::text from account"), "active")
    await desk.floor.until_status(order, "cancelled")
    assert await desk.floor.status(late) is None
    again = await bid(desk, LOW, attempt=1)
    await desk.floor.until_status(again, "live")
    assert await status_at_venue(desk, again) == "LIVE"
    assert await desk.floor.exposure() == Decimal("0.2")


async def test_a_database_that_is_back_at_once_costs_nobody_the_lease(own: OwnServers, desk: LiveDesk) -> None:
    await open_floor(desk)
    order = await bid(desk, LOW)
    await desk.floor.until_status(order, "live")

    await take_away(own.postgres)
    await own.postgres.start()
    await desk.floor.reconnect()

    assert await status_at_venue(desk, order) == "LIVE"
    await desk.floor.cancel(order, desk.market.market)
    await desk.floor.until_status(order, "cancelled")
    again = await bid(desk, LOW, attempt=1)
    await desk.floor.until_status(again, "live")
    assert await desk.floor.one("select array_agg(epoch) from lease") == [1, 1]
    assert all(desk.floor.is_running(name) for name in ("executor", "fills"))
