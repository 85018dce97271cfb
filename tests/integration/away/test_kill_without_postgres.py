"""The kill while Postgres is away: the venue first, the tables as soon as they are there."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.app import run
from cli.errors import EXIT_NOT_HALTED, EXIT_OK
from cli.home import Home
from cli.servers.readiness import free_port
from cli.supervisor.record import RunningSystem, recorded, write_record
from services.control.bootstrap import start as start_control
from services.executor.bootstrap import start as start_executor
from tests.integration.away.outage import OwnServers, take_away
from tests.integration.executor.conftest import LiveDesk
from tests.integration.executor.test_live_trading import bid, open_floor, referee

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("logging_as_before")]
LOW = Decimal("0.02")
OPERATOR = "operator-token-of-this-test"  # made up for the test


def record(home: Home, desk: LiveDesk, **changed: Any) -> None:
    """As `up` writes it, with this test for the supervisor."""
    settings, supervisor = desk.floor.settings, recorded("up", os.getpid())
    assert supervisor is not None
    told = {
        "run_id": settings.run_id, "venue": settings.venue, "mode": settings.mode, "account": desk.floor.account,
        "speed": settings.speed, "started_at": desk.floor.clock.wall(), "postgres_url": settings.postgres_url,
        "clob_url": settings.clob_url, "api_credentials_file": str(settings.api_credentials_file),
    }  # fmt: skip
    write_record(home, RunningSystem.model_validate({"supervisor": supervisor, **told, **changed}))


async def kill(home: Home, capsys: pytest.CaptureFixture[str], wait_seconds: float) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = await asyncio.to_thread(
        run, ["kill", "--home", str(home.path), "--reason", "drill", "--wait", str(wait_seconds), "--json"]
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (receipt,) = [line for line in lines if "action" not in line]
    return code, receipt


async def resting(own: OwnServers, desk: LiveDesk) -> Any:
    await open_floor(desk)
    record(own.home, desk)
    order = await bid(desk, LOW)
    await desk.floor.until_status(order, "live")
    return order


async def test_it_cancels_at_the_venue_and_says_what_is_not_done_and_what_to_type_later(
    own: OwnServers, desk: LiveDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    order = await resting(own, desk)
    await take_away(own.postgres)

    code, receipt = await kill(own.home, capsys, 1.5)

    assert code == EXIT_NOT_HALTED
    assert await status_at_venue_alone(desk) == ["CANCELED"]
    assert (receipt["halted"], receipt["trading_state"], receipt["venue"]["cancelled"]) == (False, {}, 1)
    assert (receipt["venue"]["open_now"], receipt["venue"]["problem"]) == (0, None)
    assert receipt["venue"]["empty_ms"] >= 1000
    assert "Postgres does not answer" in receipt["problem"]
    assert receipt["again"] == f"./tdmaker kill --home {own.home.path} --reason drill"

    await desk.floor.ended("executor")
    await desk.floor.ended("fills")
    await own.postgres.start()
    await desk.floor.reconnect()
    assert await desk.floor.status(order) == "live"
    await desk.floor.start("executor", start_executor)
    code, receipt = await kill(own.home, capsys, 10)
    assert (code, receipt["halted"], receipt["venue"]) == (EXIT_OK, True, None)
    assert await desk.floor.status(order) == "cancelled"


async def test_it_is_committed_once_postgres_is_back(
    own: OwnServers, desk: LiveDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    order = await resting(own, desk)
    await take_away(own.postgres)
    killing = asyncio.create_task(kill(own.home, capsys, 20))
    await desk.floor.until(lambda: status_at_venue_alone(desk), ["CANCELED"])

    await own.postgres.start()
    await desk.floor.reconnect()

    code, receipt = await killing
    assert (code, receipt["halted"], receipt["venue"]["cancelled"], receipt["open_now"]) == (EXIT_OK, True, 1, 0)
    assert receipt["venue"]["empty_ms"] < receipt["halted_ms"]
    assert receipt["trading_state"] == {desk.floor.account: "halted"}
    assert await desk.floor.status(order) == "cancelled"
    assert await desk.floor.one("select detail from operator_action where act = 'kill'") == "drill"


async def test_a_database_that_hangs_holds_up_nothing(
    own: OwnServers, desk: LiveDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its postmaster takes nobody in; who is connected already, as the executor is, goes on."""
    order = await resting(own, desk)
    assert own.postgres.child is not None
    own.postgres.child.process.send_signal(signal.SIGSTOP)
    killing = asyncio.create_task(kill(own.home, capsys, 20))

    await desk.floor.until(lambda: status_at_venue_alone(desk), ["CANCELED"])
    assert not killing.done()

    own.postgres.child.process.send_signal(signal.SIGCONT)
    code, receipt = await killing
    assert (code, receipt["halted"], receipt["venue"]["cancelled"]) == (EXIT_OK, True, 1)
    assert await desk.floor.status(order) == "cancelled"


@pytest.mark.parametrize(
    ("changed", "code", "problem"),
    [
        ({"mode": "paper"}, EXIT_NOT_HALTED, None),
        ({"api_credentials_file": ""}, 1, "no credentials are known here"),
        ({"api_credentials_file": "/nowhere"}, 1, "cannot read the credentials file /nowhere"),
        ({"clob_url": "http://127.0.0.1:9"}, 1, "cannot connect"),
    ],
    ids=["paper", "no credentials", "no such credentials", "no venue"],
)
async def test_where_the_venue_cannot_be_asked_it_says_so(
    own: OwnServers,
    desk: LiveDesk,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, str],
    code: int,
    problem: str | None,
) -> None:
    record(own.home, desk, **changed)
    await take_away(own.postgres)

    done, receipt = await kill(own.home, capsys, 0)

    assert (done, receipt["halted"]) == (code, False)
    assert problem is None or receipt["venue"]["problem"].startswith(problem)


async def status_at_venue_alone(desk: LiveDesk) -> list[str]:
    """Without the table, which is away."""
    return [each["status"] for each in (await referee(desk))["orders"]]


async def test_controls_kill_empties_the_venue_and_halts_by_itself_later(
    own: OwnServers, desk: LiveDesk, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({"tokens": [{"name": "desk", "role": "operator", "token": OPERATOR}]}))
    tokens.chmod(0o600)
    order = await resting(own, desk)
    settings = desk.floor.settings.model_copy(update={"control_token_file": tokens, "control_port": free_port()})
    await desk.floor.start("control", start_control, settings)
    await take_away(own.postgres)

    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{settings.control_port}", headers={"Authorization": f"Bearer {OPERATOR}"}
    ) as client:
        answer = await client.post("/api/kill", json={"reason": "drill", "wait_seconds": 0})
        receipt = answer.json()
        assert (answer.status_code, receipt["halted"], receipt["closed"]) == (202, False, False)
        assert (receipt["venue"]["cancelled"], receipt["venue"]["open_now"]) == (1, 0)
        assert await status_at_venue_alone(desk) == ["CANCELED"]

        await own.postgres.start()
        await desk.floor.reconnect()

        await desk.floor.until(lambda: desk.floor.one("select trading_state::text from account"), "halted")
        await desk.floor.until_status(order, "cancelled")
        assert await desk.floor.one("select actor from operator_action where act = 'kill'") == "desk"
