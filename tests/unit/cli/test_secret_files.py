"""Files that containers start with: made once, readable by whom they are for, never a key for a real account."""

import json
from pathlib import Path

import pytest

from cli.app import run
from cli.errors import EXIT_OK, EXIT_USAGE
from cli.wallet import read_wallet

POSTGRES_URL = "postgresql://tdmaker@postgres:5432/tdmaker"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TDMAKER_VENV", "TDMAKER_FIXTURES", "TDMAKER_ENGINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TDMAKER_POSTGRES_URL", POSTGRES_URL)
    monkeypatch.setenv("POSTGRES_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    monkeypatch.setenv("TDMAKER_CONTROL_TOKEN_FILE", str(tmp_path / "tokens.json"))
    monkeypatch.setenv("TDMAKER_PRIVATE_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("TDMAKER_WALLET_ADDRESS_FILE", str(tmp_path / "address"))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_image_of_postgres_and_its_clients_are_given_the_same_password(tmp_path: Path) -> None:
    assert run(["secrets"]) == EXIT_OK
    password = (tmp_path / "password").read_text()
    assert (tmp_path / "pgpass").read_text() == f"postgres:5432:*:tdmaker:{password}\n"
    assert mode(tmp_path / "password") == 0o640
    assert mode(tmp_path / "pgpass") == 0o600


def test_what_is_there_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["secrets"])
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    capsys.readouterr()
    assert run(["secrets"]) == EXIT_OK
    assert capsys.readouterr().out == "every secret is there already\n"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == made


@pytest.mark.parametrize("lost", ["password", "pgpass"])
def test_a_lost_password_file_is_written_again_with_the_password_that_the_database_knows(
    tmp_path: Path, lost: str
) -> None:
    run(["secrets"])
    before = (tmp_path / lost).read_text()
    (tmp_path / lost).unlink()
    run(["secrets"])
    assert (tmp_path / lost).read_text() == before


def test_a_password_that_the_database_could_not_know_is_not_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD_FILE", "")
    assert run(["secrets"]) == EXIT_USAGE
    assert "name POSTGRES_PASSWORD_FILE too" in capsys.readouterr().err
    assert not (tmp_path / "pgpass").exists()


def test_an_empty_name_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POSTGRES_PASSWORD_FILE", "PGPASSFILE", "TDMAKER_PRIVATE_KEY_FILE", "TDMAKER_WALLET_ADDRESS_FILE"):
        monkeypatch.setenv(name, "")
    assert run(["secrets"]) == EXIT_OK
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.json"]


def test_the_control_api_is_given_a_token_for_looking_and_one_for_acting(tmp_path: Path) -> None:
    run(["secrets"])
    tokens = json.loads((tmp_path / "tokens.json").read_text())["tokens"]
    assert {token["role"] for token in tokens} == {"viewer", "operator"}
    assert len({token["token"] for token in tokens}) == 2


def test_a_key_is_made_up_for_the_simulator_and_never_for_polymarket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TDMAKER_VENUE", "polymarket")
    run(["secrets"])
    assert not (tmp_path / "key").exists()
    monkeypatch.setenv("TDMAKER_VENUE", "sim")
    run(["secrets"])
    assert mode(tmp_path / "key") == 0o600


def test_the_address_of_the_wallet_is_told_when_trading_live_and_left_empty_on_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(["secrets"])
    assert (tmp_path / "address").read_text() == ""
    monkeypatch.setenv("TDMAKER_MODE", "live")
    run(["secrets"])
    assert (tmp_path / "address").read_text() == read_wallet(tmp_path / "key").address
