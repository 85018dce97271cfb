"""What the operator did wrong is one line that names it and the remedy, and a status for scripts."""

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.app import run
from cli.errors import EXIT_FAILED, EXIT_NOT_RUNNING, EXIT_OK, EXIT_USAGE
from services.control.domain.access import Role, parse_tokens
from shared.runtime.settings import Settings

COMMANDS = (
    "up",
    "sim",
    "status",
    "orders",
    "positions",
    "pnl",
    "kill",
    "resume",
    "breaker",
    "adjust",
    "explain",
    "report",
    "doctor",
    "migrate",
    "test",
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TDMAKER_VENV", "TDMAKER_FIXTURES", "TDMAKER_ENGINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TDMAKER_HOME", str(tmp_path / "home"))


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = EXIT_USAGE) -> str:
    """The only line that is said."""
    assert run(arguments) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == EXIT_OK
    assert len(capsys.readouterr().out.splitlines()) > 5


def test_every_setting_but_those_of_one_process_is_an_option_of_up(capsys: pytest.CaptureFixture[str]) -> None:
    run(["config", "show", "--json"])
    shown = capsys.readouterr().out
    assert all(f'"{name}"' in shown for name in Settings.model_fields)
    assert "--http-port" in refusal(["up", "--http-port", "1"], capsys)


def test_an_unknown_option_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    line = refusal(["up", "--no-such-thing"], capsys)
    assert "--no-such-thing" in line
    assert "--help" in line


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'trade'" in refusal(["trade"], capsys)


def test_an_unknown_setting_of_the_environment_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TDMAKER_TARGT_BID", "0.70")
    line = refusal(["config", "show"], capsys)
    assert "TDMAKER_TARGT_BID" in line
    assert "TDMAKER_TARGET_BID" in line


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["up", "--max-bid", "1.5"], "--max-bid=1.5"),
        (["up", "--speed", "0"], "--speed=0"),
        (["up", "--venue", "binance"], "--venue=binance"),
        (["up", "--for", "0"], "--for"),
        (["up", "--seed", "x"], "--seed"),
        (["up", "--seed", "7", "--recording", "a.jsonl.gz"], "--seed and --recording"),
        (["up", "--venue", "polymarket", "--seed", "7"], "--venue sim"),
        (["up", "--recording", "nowhere.jsonl.gz"], "nowhere.jsonl.gz"),
        (["up", "--paper", "--live"], "--live"),
        (["up", "--config-file", "nowhere.toml"], "nowhere.toml"),
        (["orders", "--limit", "0"], "--limit"),
        (["start-clock"], "run_id"),
    ],
)
def test_a_value_out_of_range_or_a_contradiction_is_named(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert named in refusal(arguments, capsys)


def test_live_at_polymarket_wants_its_key_and_credentials(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    live = ["up", "--venue", "polymarket", "--live"]
    assert "--private-key-file" in refusal(live, capsys)
    with_key = [*live, "--private-key-file", str(tmp_path / "key")]
    assert "--api-credentials-file" in refusal(with_key, capsys)


def test_live_at_polymarket_wants_a_word_on_a_terminal_or_yes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = ["--private-key-file", str(tmp_path / "key"), "--api-credentials-file", str(tmp_path / "credentials")]
    assert "--yes" in refusal(["up", "--venue", "polymarket", "--live", *files], capsys)


def test_a_control_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"--control-port={port}: is taken" in refusal(["up", "--control-port", str(port)], capsys)


def test_a_full_disk_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def nearly_full(_place: Path) -> SimpleNamespace:
        return SimpleNamespace(free=5_000_000)

    monkeypatch.setattr("shutil.disk_usage", nearly_full)
    line = refusal(["up", "--home", str(tmp_path / "home")], capsys, EXIT_FAILED)
    assert f"{tmp_path / 'home'} has 5 MB left" in line


def test_secrets_that_are_missing_are_made_once_and_fit_their_readers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD_FILE", str(tmp_path / "postgres_password"))
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    command = ["secrets", "--venue", "polymarket", "--control-token-file", str(tmp_path / "tokens.json")]
    assert run(command) == EXIT_OK
    first = {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
    assert run(command) == EXIT_OK
    assert {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()} == first
    assert first["pgpass"] == f"127.0.0.1:5432:*:*:{first['postgres_password']}\n"
    assert {caller.role for caller in parse_tokens(first["tokens.json"]).owners.values()} == set(Role)
    assert (tmp_path / "pgpass").stat().st_mode & 0o077 == 0
    assert "every secret is there already" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["status", "orders", "positions", "pnl", "kill", "resume", "breaker"])
def test_asking_where_nothing_ever_ran_has_a_status_of_its_own(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "./tdmaker up" in refusal([command], capsys, EXIT_NOT_RUNNING)


def test_a_home_that_cannot_be_made_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = refusal(["up", "--home", str(tmp_path / "file" / "home")], capsys, EXIT_FAILED)
    assert str(tmp_path / "file") in line
