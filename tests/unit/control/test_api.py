"""The control API over ASGI: who gets in, what they see, what their acts do."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from services.control.api.app import Wiring, create_app
from services.control.api.gate import Gate
from services.control.api.live import READERS_MAX, Live
from services.control.domain.access import Tokens
from services.control.domain.failed_logins import FAILURES_MAX, FailedLogins
from services.control.handlers import Desk, Identity
from services.control.ports import DatabaseAwayError
from shared.runtime.health import Readiness
from shared.runtime.metrics import Metrics
from tests.unit.control.fakes import (
    ACCOUNT,
    OPERATOR,
    TOKENS,
    VIEWER,
    FakeEmptying,
    FakeLevels,
    FakeRecords,
    FakeSwitches,
    SteppingClock,
)


@dataclass
class Control:
    client: httpx.AsyncClient
    records: FakeRecords
    switches: FakeSwitches
    levels: FakeLevels
    live: Live
    metrics: Metrics
    readiness: Readiness
    clock: SteppingClock
    desk: Desk
    emptying: FakeEmptying

    async def get(self, path: str, token: str = VIEWER, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=bearer(token) | headers)

    async def post(self, path: str, body: object = None, token: str = OPERATOR) -> httpx.Response:
        return await self.client.post(path, json=body, headers=bearer(token))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def built(tokens: Tokens | None) -> Control:
    records, switches, levels, clock = FakeRecords(), FakeSwitches(), FakeLevels(), SteppingClock()
    metrics, readiness = Metrics("control"), Readiness()
    emptying = FakeEmptying()
    desk = Desk(Identity(ACCOUNT, "sim", "paper", "run-1"), records, switches, levels, clock, lambda _: emptying)
    live = Live(lambda: desk.overview(10), clock.monotonic_seconds)
    refused = metrics.counter("control_refusals_total", "x", ("reason",))
    gate = Gate(tokens, FailedLogins(), clock, refused)
    app = create_app(Wiring(desk, gate, live, readiness, metrics))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8787")
    return Control(client, records, switches, levels, live, metrics, readiness, clock, desk, emptying)


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    made = built(TOKENS)
    async with made.client:
        yield made


@pytest.fixture
async def without_tokens() -> AsyncIterator[Control]:
    made = built(None)
    async with made.client:
        yield made


READS = ["/api/who", "/api/status", "/api/orders", "/api/positions", "/api/pnl", "/api/breaker", "/api/stream"]
ACTS = ["/api/kill", "/api/resume", "/api/pause", "/api/breaker/reset"]


@pytest.mark.parametrize("path", READS)
async def test_nothing_is_read_without_a_token(control: Control, path: str) -> None:
    answer = await control.get(path, token="")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json() == {"error": "a bearer token of control_token_file is needed"}
    assert control.records.read == 0


@pytest.mark.parametrize("path", ACTS)
async def test_a_viewer_cannot_act(control: Control, path: str) -> None:
    answer = await control.post(path, token=VIEWER)
    assert answer.status_code == 403
    assert "wall screen may look, not act" in answer.json()["error"]
    assert control.switches.acts == []


@pytest.mark.parametrize("path", ACTS)
async def test_nobody_acts_without_a_token(control: Control, path: str) -> None:
    assert (await control.post(path, token="")).status_code == 401
    assert control.switches.acts == []


async def test_wrong_tokens_are_refused_then_slowed_and_a_right_one_still_passes(control: Control) -> None:
    wrong = [(await control.get("/api/who", token=f"wrong-{number}")).status_code for number in range(FAILURES_MAX + 1)]
    assert wrong == [401] * FAILURES_MAX + [429]
    assert (await control.post("/api/kill", token=OPERATOR)).status_code == 200
    assert (await control.get("/api/who", token="wrong")).status_code == 401


async def test_health_is_open_and_says_what_is_waited_for(control: Control) -> None:
    answer = await control.get("/api/health", token="")
    assert answer.json() == {"status": "ok", "ready": False, "waiting_for": ["start"]}
    control.readiness.present("start")
    assert (await control.get("/api/health", token="")).json()["ready"]


async def test_the_status_shows_state_exposure_books_and_move(control: Control) -> None:
    status = (await control.get("/api/status")).json()
    assert status["account"]["trading_state"] == "active"
    assert status["account"]["exposure"] == {"open_cost": "8", "reserved": "10", "limit": "50", "peak": "20"}
    (market,) = status["markets"]
    assert market["move_pct"] == "0.250"
    assert [(top["outcome"], top["bid"], top["ask"]) for top in market["tops"]] == [
        ("Up", "0.82", "0.83"),
        ("Down", "0.17", "0.18"),
    ]
    assert (status["venue"], status["mode"], status["speed"]) == ("sim", "paper", 10)


async def test_without_a_spot_there_is_no_move(control: Control) -> None:
    control.levels.spot_price = None
    (market,) = (await control.get("/api/status")).json()["markets"]
    assert (market["spot"], market["move_pct"]) == (None, None)


async def test_positions_are_marked_to_the_bid(control: Control) -> None:
    (position,) = (await control.get("/api/positions")).json()
    assert (position["bid"], position["worth"]) == ("0.82", "8.20")


async def test_orders_can_be_narrowed_to_those_that_work(control: Control) -> None:
    assert len((await control.get("/api/orders")).json()) == 2
    (order,) = (await control.get("/api/orders?working=true")).json()
    assert (order["status"], order["price"]) == ("live", "0.80")


async def test_profit_is_shown_with_wins_and_losses(control: Control) -> None:
    pnl = (await control.get("/api/pnl")).json()
    assert (pnl["realised"], pnl["today"], pnl["wins"], pnl["losses"]) == ("2.5", "1.5", 3, 1)
    assert (pnl["shadow_wins"], pnl["shadow_losses"], pnl["shadow_profit"]) == (2, 2, "-1.25")


async def test_a_kill_halts_in_the_callers_name_and_its_receipt_counts_the_orders(control: Control) -> None:
    answer = await control.post("/api/kill", {"reason": "drill"})
    assert control.switches.acts == [("halt", "desk", "drill")]
    receipt = answer.json()
    assert receipt["trading_state"] == "halted"
    assert receipt["open_at_kill"] == ["a", "b"]
    assert (receipt["cancelled"], receipt["filled_meanwhile"]) == (["a"], ["b"])
    assert (receipt["closed"], receipt["still_open"]) == (True, [])
    assert 0 < receipt["halted_ms"] < receipt["took_ms"]
    assert "tdmaker_kill_to_closed_seconds_count 1.0" in control.metrics.exposition().decode()


async def test_a_kill_that_is_not_closed_in_time_says_which_orders_may_still_live(control: Control) -> None:
    control.switches.hanging = True
    receipt = (await control.post("/api/kill", {"wait_seconds": 0})).json()
    assert (receipt["closed"], receipt["still_open"]) == (False, ["b"])


async def test_a_kill_empties_the_venue_while_postgres_is_away_and_halts_when_it_is_back(control: Control) -> None:
    control.switches.away_times = 3
    answer = await control.post("/api/kill", {"reason": "drill"})
    receipt = answer.json()
    assert (answer.status_code, receipt["halted"], receipt["trading_state"]) == (200, True, "halted")
    assert receipt["venue"] == {"cancelled": 2, "open_now": 0, "empty_ms": 40, "problem": ""}
    assert control.switches.acts == [("halt", "desk", "drill")]
    assert control.emptying.strikes == 3


async def test_a_kill_that_postgres_cannot_be_told_says_so_and_is_owed_until_it_can(control: Control) -> None:
    control.switches.away_times = 2
    answer = await control.post("/api/kill", {"reason": "drill", "wait_seconds": 0})
    receipt = answer.json()
    assert (answer.status_code, receipt["halted"], receipt["closed"]) == (202, False, False)
    assert (receipt["trading_state"], receipt["halted_ms"], receipt["venue"]["cancelled"]) == ("unknown", None, 2)
    assert receipt["problem"] == "Postgres cannot be reached"
    with pytest.raises(DatabaseAwayError):
        await control.desk.insist()
    await control.desk.insist()
    await control.desk.insist()
    assert control.switches.acts == [("halt", "desk", "drill")]
    assert control.emptying.strikes == 3


async def test_a_kill_that_is_owed_is_taken_back_by_a_resume(control: Control) -> None:
    control.switches.away_times = 1
    await control.post("/api/kill", {"wait_seconds": 0})
    await control.post("/api/resume")
    await control.desk.insist()
    assert control.switches.acts == [("resume", "desk", "")]


async def test_pause_and_resume_answer_with_the_state_that_now_holds(control: Control) -> None:
    assert (await control.post("/api/pause", {"reason": "lunch"})).json() == {"trading_state": "reducing"}
    assert (await control.post("/api/resume")).json() == {"trading_state": "active"}
    assert control.switches.acts == [("pause", "desk", "lunch"), ("resume", "desk", "")]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"reason": "x" * 201}, "reason"),
        ({"wait_seconds": 31}, "wait_seconds"),
        ({"flatten": True}, "flatten"),
    ],
)
async def test_a_malformed_act_does_nothing_and_names_the_field(
    control: Control, body: dict[str, object], words: str
) -> None:
    answer = await control.post("/api/kill", body)
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert control.switches.acts == []


async def test_an_oversized_body_is_refused_before_it_is_read(control: Control) -> None:
    answer = await control.post("/api/kill", {"reason": "x" * 10_000})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/api/status", "/api/pnl"])
async def test_without_postgres_the_answer_names_the_other_way_to_kill(control: Control, path: str) -> None:
    control.records.unreachable = True
    answer = await control.get(path)
    assert answer.status_code == 503
    assert "no order can be reserved either" in answer.json()["error"]


async def test_an_account_that_is_not_open_yet_is_said_to_be_so(control: Control) -> None:
    control.records.account_view = None
    answer = await control.get("/api/status")
    assert answer.status_code == 503
    assert answer.json()["error"].startswith(f"account {ACCOUNT} is not open yet")


async def test_one_reading_of_the_tables_serves_readers_of_the_same_moment(control: Control) -> None:
    await control.get("/api/status")
    read = control.records.read
    await control.get("/api/status")
    assert control.records.read == read
    control.clock.skip(1)
    await control.get("/api/status")
    assert control.records.read > read


async def test_the_stream_begins_with_the_overview_and_ends_when_the_service_stops(control: Control) -> None:
    control.live.stop()
    assert (await control.get("/api/stream")).text == ""
    events = built(TOKENS).live.events(lambda overview: json.dumps({"state": overview.account.trading_state}))
    first = await anext(events)
    assert first == 'event: overview\ndata: {"state": "active"}\n\n'


async def test_a_stream_tells_that_the_tables_cannot_be_reached(control: Control) -> None:
    control.records.unreachable = True
    assert (await anext(control.live.events(str))).startswith("event: unavailable\ndata: Postgres cannot be reached")


async def test_readers_that_come_too_many_are_turned_away(control: Control) -> None:
    control.live.readers = READERS_MAX
    answer = await control.get("/api/stream")
    assert (answer.status_code, answer.json()["error"]) == (503, "32 readers already listen; close one")


async def test_the_page_runs_only_its_own_script_and_cannot_be_framed(control: Control) -> None:
    answer = await control.get("/", token="")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    assert answer.headers["cache-control"] == "no-store"


async def test_what_is_not_there_is_one_json_line(control: Control) -> None:
    answer = await control.get("/api/nothing")
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


async def test_without_a_tokens_file_this_machine_may_look_and_nobody_may_act(without_tokens: Control) -> None:
    assert (await without_tokens.get("/api/status", token="")).status_code == 200
    answer = await without_tokens.post("/api/kill", token="")
    assert answer.status_code == 403
    assert "`tdmaker kill` works without it" in answer.json()["error"]
    assert without_tokens.switches.acts == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8787", "127.0.0.1.evil.example", ""])
async def test_without_a_tokens_file_no_other_name_of_this_machine_is_answered(
    without_tokens: Control, host: str
) -> None:
    assert (await without_tokens.get("/api/status", token="", Host=host)).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8787", "[::1]:8787", "127.0.0.1"])
async def test_without_a_tokens_file_the_names_of_this_machine_are_answered(without_tokens: Control, host: str) -> None:
    assert (await without_tokens.get("/api/status", token="", Host=host)).status_code == 200


async def test_the_breaker_is_shown_with_its_limits(control: Control) -> None:
    shown = (await control.get("/api/breaker")).json()
    assert (shown["tripped"], shown["losses_in_a_row"], shown["session_profit"]) == (True, 5, "-20")


async def test_a_day_at_its_limit_is_reset_by_force_alone(control: Control) -> None:
    control.switches.day_at_limit = True
    refused = await control.post("/api/breaker/reset")
    assert (refused.status_code, control.switches.acts) == (409, [])
    assert "day is at its limit" in refused.json()["error"]
    forced = await control.post("/api/breaker/reset", {"force": True})
    assert forced.json() == {"trading_state": "active"}
    assert control.switches.acts == [("reset_breaker", "desk", "")]
