"""The steps of a start in containers, against a real simulator and real servers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from cli.app import run
from cli.errors import EXIT_FAILED, EXIT_OK
from cli.servers import Servers
from cli.servers.readiness import free_port
from shared.venue.auth import Credentials
from tests.venue_sim.process import Address, simulator


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TDMAKER_VENV", "TDMAKER_FIXTURES", "TDMAKER_ENGINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def venue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Address]:
    with simulator("--seed", "7") as running:
        monkeypatch.setenv("TDMAKER_SIM_URL", running.http)
        yield running


@pytest.fixture
def run_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "run"
    monkeypatch.setenv("TDMAKER_RUN_ID_FILE", str(path))
    return path


def test_the_simulators_key_logs_in_and_the_credentials_are_the_same_ever_after(
    venue: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    credentials = tmp_path / "credentials.json"
    monkeypatch.setenv("TDMAKER_PRIVATE_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("TDMAKER_API_CREDENTIALS_FILE", str(credentials))
    assert run(["secrets"]) == EXIT_OK
    first = Credentials.load(credentials)
    assert first.address in capsys.readouterr().out
    assert run(["secrets"]) == EXIT_OK
    assert capsys.readouterr().out == "every secret is there already\n"
    assert Credentials.load(credentials) == first


def test_a_run_goes_on_while_its_simulator_answers_and_a_new_one_begins_after_it_is_gone(
    run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulator("--seed", "7") as running:
        monkeypatch.setenv("TDMAKER_SIM_URL", running.http)
        run(["new-run"])
        first = run_file.read_text()
        run(["new-run"])
        assert run_file.read_text() == first
    run(["new-run"])
    assert run_file.read_text() != first


@pytest.mark.servers
def test_time_begins_once_for_a_run_at_the_simulator_and_in_the_tables(
    venue: Address,
    run_file: Path,
    servers: Servers,
    postgres_database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TDMAKER_POSTGRES_URL", postgres_database)
    monkeypatch.setenv("TDMAKER_NATS_URL", servers.nats_url)
    monkeypatch.setenv("TDMAKER_SPEED", "10")
    run(["new-run"])
    assert run(["migrate"]) == run(["start-clock"]) == EXIT_OK
    monkeypatch.setenv("TDMAKER_SPEED", "20")
    assert run(["start-clock"]) == EXIT_OK
    assert "speed=20 comes into force when everything is stopped and started" in capsys.readouterr().out
    clock = httpx.get(f"{venue.http}/sim/clock").json()
    with psycopg.connect(postgres_database) as tables:
        rows = tables.execute("select run_id, origin_wall, origin_domain, speed from clock_origin").fetchall()
    assert rows == [(run_file.read_text(), instant(clock["origin_wall_ms"]), instant(clock["origin_domain_ms"]), 10)]


def test_time_does_not_begin_while_a_service_is_not_ready(
    run_file: Path, capsys: pytest.CaptureFixture[str], venue: Address
) -> None:
    run(["new-run"])
    capsys.readouterr()
    nobody = f"http://127.0.0.1:{free_port()}"
    assert run(["start-clock", f"--wait-for={nobody}", "--within=1"]) == EXIT_FAILED
    assert capsys.readouterr().err == f"tdmaker: not ready after 1 s: {nobody}; see their logs\n"
    assert json.loads(httpx.get(f"{venue.http}/sim/clock").text) == {"set": False}


def instant(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
