"""Risk and settlement as they run: real Postgres, real JetStream, one task each."""

from __future__ import annotations

import pytest
from nats.js import JetStreamContext

from cli.servers import Servers
from services.risk.bootstrap import start as start_risk
from services.settlement.bootstrap import start as start_settlement
from shared.messages.envelope import decode, open_envelope
from shared.messages.risk import TradingStateChanged
from shared.runtime.service import EXIT_BAD_SETTING, run_service
from shared.runtime.settings import load_settings
from tests.integration.settlement.account import ACCOUNT, TradingAccount
from tests.integration.settlement.running import running, until

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("logging_as_before")]


async def test_entries_are_possible_once_risk_is_there_and_impossible_after_a_kill(
    trading: TradingAccount, servers: Servers, postgres_database: str, jetstream: JetStreamContext
) -> None:
    trading.list_market()
    trading.call("delete from liveness where service = 'risk'")
    assert trading.reserve("too early") == "SERVICE_MISSING"
    heard = await jetstream.subscribe("pm.v1.risk.trading_state_changed.*", stream="trading_state")
    async with running("risk", start_risk, servers, postgres_database) as context:

        async def risk_was_seen() -> bool:
            return bool(trading.call("select count(*) from liveness where service = 'risk'"))

        await until(risk_was_seen)
        trading.beat("discovery", "bidder", "fills")
        assert trading.reserve("o1") is None
        trading.call("select halt(%s, 'operator', 'test')", ACCOUNT)
        assert trading.reserve("o2") == "HALTED"
        told = open_envelope(TradingStateChanged, decode((await heard.next_msg(timeout=10)).data))
        assert (told.state, told.cancels, [cause.cause for cause in told.causes]) == ("halted", True, ["kill"])

        async def risk_shows_it() -> bool:
            return b'tdmaker_trading_state{state="halted"} 1.0' in context.metrics.exposition()

        await until(risk_shows_it)


async def test_a_second_risk_stands_by_and_takes_over_when_the_first_one_stops(
    trading: TradingAccount, servers: Servers, postgres_database: str, jetstream: JetStreamContext
) -> None:
    def holder() -> object:
        return trading.call("select holder from lease where name = %s", f"{ACCOUNT}/risk")

    async with (
        running("risk", start_risk, servers, postgres_database) as first,
        running("risk", start_risk, servers, postgres_database),
    ):
        before = holder()
        first.stop()

        async def another_holds_it() -> bool:
            return holder() != before

        await until(another_holds_it)


async def test_settlement_starts_and_stops_on_an_empty_account(
    trading: TradingAccount, servers: Servers, postgres_database: str, jetstream: JetStreamContext
) -> None:
    async with running("settlement", start_settlement, servers, postgres_database) as context:
        assert context.readiness.waiting_for <= {"start"}
        assert b"tdmaker_markets_awaiting_settlement 0.0" in context.metrics.exposition()


async def test_live_risk_without_credentials_refuses_to_start(capsys: pytest.CaptureFixture[str]) -> None:
    settings = load_settings(environ={}, overrides={"mode": "live", "wallet_address": "0x" + "11" * 20})
    assert await run_service("risk", settings, start_risk) == EXIT_BAD_SETTING
    assert "api_credentials_file is missing" in capsys.readouterr().out
