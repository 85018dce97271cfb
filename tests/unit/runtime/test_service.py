"""The life of a service: ready when started, stopped on request, failed with its background tasks."""

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest

from shared.runtime.health import Readiness, bound_port, health_routes, start_health_server
from shared.runtime.metrics import Metrics
from shared.runtime.service import EXIT_BAD_SETTING, EXIT_FAILED, EXIT_OK, ServiceContext, run_service
from shared.runtime.settings import SettingsError, load_settings

SETTINGS = load_settings(environ={})


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_service_stops_cleanly_and_closes_its_resources_last_first() -> None:
    closed: list[str] = []

    async def start(context: ServiceContext) -> None:
        context.resources.callback(closed.append, "pool")
        context.resources.callback(closed.append, "bus")
        context.background("loop", forever())
        context.stop()

    assert await run_service("demo", SETTINGS, start) == EXIT_OK
    assert closed == ["bus", "pool"]


async def test_a_background_task_that_swallows_its_cancellation_is_cancelled_again() -> None:
    swallowed: list[bool] = []

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if swallowed:
                    raise
                swallowed.append(True)

    async def start(context: ServiceContext) -> None:
        context.background("stubborn", stubborn())
        context.stop()

    assert await run_service("demo", SETTINGS, start) == EXIT_OK
    assert swallowed == [True]


async def test_a_dead_background_task_stops_the_service_with_one_clear_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def start(context: ServiceContext) -> None:
        async def feed() -> None:
            raise ConnectionError("socket lost")

        context.background("loop", forever())
        context.background("market feed", feed())

    assert await run_service("demo", SETTINGS, start) == EXIT_FAILED
    (line,) = [line for line in logged(capsys) if line["action"] == "service_failed"]
    assert line["reason"] == "market feed: ConnectionError: socket lost"


async def test_a_background_task_that_ends_by_itself_is_a_failure_too() -> None:
    async def start(context: ServiceContext) -> None:
        async def feed() -> None: ...

        context.background("feed", feed())

    assert await run_service("demo", SETTINGS, start) == EXIT_FAILED


async def test_a_service_that_refuses_its_settings_says_so_in_one_line_and_exits_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def start(_: ServiceContext) -> None:
        raise SettingsError("private_key_file is missing; name the file")

    assert await run_service("demo", SETTINGS, start) == EXIT_BAD_SETTING
    (line,) = [line for line in logged(capsys) if line["action"] == "service_failed"]
    assert line["reason"] == "private_key_file is missing; name the file"
    assert "exception" not in line


async def test_a_port_that_is_taken_is_named_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    server = await start_health_server("127.0.0.1", 0, {})
    port = bound_port(server)

    async def start(_: ServiceContext) -> None: ...

    try:
        assert await run_service("demo", load_settings(overrides={"http_port": port}, environ={}), start) == 2
    finally:
        server.close()
    assert f"http_port={port}: cannot listen" in logged(capsys)[-1]["reason"]


async def test_a_stop_during_the_start_is_obeyed() -> None:
    async def start(context: ServiceContext) -> None:
        context.stop()
        await forever()

    assert await run_service("demo", SETTINGS, start) == EXIT_OK


async def test_health_readiness_and_metrics_are_served() -> None:
    readiness, metrics = Readiness(), Metrics("demo")
    metrics.counter("orders_total", "Orders").inc()
    readiness.missing("postgres")
    server = await start_health_server("127.0.0.1", 0, health_routes("demo", readiness, metrics))
    port = bound_port(server)
    try:
        assert (await get(port, "/healthz"))[0] == 200
        status, body = await get(port, "/readyz")
        assert (status, json.loads(body)["waiting_for"]) == (503, ["postgres", "start"])
        readiness.present("postgres")
        readiness.present("start")
        assert (await get(port, "/readyz?verbose"))[0] == 200
        status, body = await get(port, "/metrics")
        assert "tdmaker_orders_total 1.0" in body
        assert "tdmaker_service_ready 1.0" in body
        assert (await get(port, "/nothing"))[0] == 404
        assert (await get(port, "/healthz", "POST"))[0] == 405
    finally:
        server.close()


async def test_a_caller_that_speaks_no_http_does_not_disturb_the_server() -> None:
    server = await start_health_server("127.0.0.1", 0, health_routes("demo", Readiness(), Metrics("demo")))
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", bound_port(server))
        writer.write(b"x" * 20_000)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        assert (await get(bound_port(server), "/healthz"))[0] == 200
    finally:
        server.close()


def test_a_latency_is_named_in_seconds() -> None:
    with pytest.raises(ValueError, match="named in seconds"):
        Metrics("demo").latency("kill_ms", "x")
