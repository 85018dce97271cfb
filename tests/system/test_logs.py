import json
from pathlib import Path

import pytest

from cli.home import Home
from cli.supervisor.environment import SERVICES
from tests.system.run import Ended, Run, fetch

pytestmark = pytest.mark.system

STRANGER = "a-stranger-pasted-the-wrong-token-0123456789"
LEAST_CHARACTERS = 16


def secrets_of(home: Home) -> dict[str, str]:
    """Every secret of the home by a name for it."""
    credentials = json.loads((home.secrets / "api_credentials.json").read_text())
    tokens = json.loads((home.secrets / "control_tokens.json").read_text())["tokens"]
    key = (home.secrets / "signing_key").read_text().strip().removeprefix("0x")
    return {
        "signing key": key,
        "signing key as a number": str(int(key, 16)),
        **{f"L2 {name}": credentials[name] for name in ("apiKey", "secret", "passphrase")},
        **{f"token of the {token['role']}": token["token"] for token in tokens},
        **{path.name: path.read_text().strip() for path in home.secrets.glob("*_password")},
    }


def test_the_control_page_wants_a_token(running: Run) -> None:
    status_url = f"{running.system.control_url}/api/status"
    viewer = secrets_of(running.home)["token of the viewer"]
    assert [fetch(status_url, token)[0] for token in (viewer, STRANGER, None)] == [200, 401, 401]


@pytest.mark.parametrize("service", SERVICES)
def test_a_log_is_json_lines_that_name_their_action(ended: Ended, service: str) -> None:
    lines = [json.loads(line) for line in ended.home.log_of(service).read_text().splitlines()]
    assert {"service_starting", "service_started", "service_stopped"} <= {line["action"] for line in lines}
    assert all(line["action"] and line["level"] and line["recorded_at"] for line in lines)
    assert {line["service"] for line in lines} == {service}


def test_no_log_holds_a_secret(ended: Ended) -> None:
    secrets = secrets_of(ended.home) | {"token of a stranger": STRANGER}
    assert len(secrets) >= 11
    assert all(len(secret) >= LEAST_CHARACTERS for secret in secrets.values())
    texts = {path.name: read(path) for path in ended.home.logs.iterdir()} | {"up": ended.said.casefold()}
    assert len(texts) > len(SERVICES)
    assert not [
        (log, name) for log, text in texts.items() for name, secret in secrets.items() if secret.casefold() in text
    ]


def test_only_their_owner_reads_secrets(ended: Ended) -> None:
    assert {path.stat().st_mode & 0o077 for path in ended.home.secrets.iterdir()} == {0}


def read(path: Path) -> str:
    return path.read_text(errors="replace").casefold()
