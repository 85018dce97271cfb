import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.supervisor.environment import SECRET_READERS

COMPOSE = Path("docker-compose.yml").read_text()
DOCKERFILE = Path("Dockerfile").read_text()
SERVICES = sorted(path.name for path in Path("services").iterdir() if (path / "__init__.py").exists())
SECRET_LOOKS = re.compile(r"(?i)^(?!#).*(key|secret|token|passphrase|password)=.+|0x[0-9a-f]{40,}", re.MULTILINE)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_run_and_scraped(service: str) -> None:
    assert f"command: [services.{service}]" in COMPOSE
    assert f"- {service}:9100" in Path("deploy/prometheus/prometheus.yml").read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_time_starts_only_when_every_service_is_ready(service: str) -> None:
    start_clock = COMPOSE.split("\n  start-clock:\n")[1].split("\n\n")[0]
    assert f"- --wait-for=http://{service}:9100\n" in start_clock


def test_the_image_is_built_from_hashes_as_a_user_without_rights() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert "HEALTHCHECK" in DOCKERFILE


def test_the_image_needs_no_newer_builder() -> None:
    assert "RUN --mount" not in DOCKERFILE
    assert "# syntax=" not in DOCKERFILE


def test_only_the_executor_and_the_makers_of_key_and_login_are_given_the_signing_key() -> None:
    blocks = re.split(r"^  (?=[a-z-]+:\n)", COMPOSE.split("\nservices:\n")[1], flags=re.MULTILINE)
    holders = {block.split(":")[0] for block in blocks if "secret-signing:/" in block}
    assert holders == {"executor", "secrets", "login"}


def test_the_venues_login_is_given_to_those_who_read_or_cancel_there() -> None:
    blocks = re.split(r"^  (?=[a-z-]+:\n)", COMPOSE.split("\nservices:\n")[1], flags=re.MULTILINE)
    holders = {block.split(":")[0] for block in blocks if "secret-venue:/" in block}
    assert holders == {*SECRET_READERS["api_credentials_file"], "secrets", "login"}


def test_only_the_executor_may_read_the_key_for_longer_than_a_step_of_the_start_takes() -> None:
    steps = re.findall(r"^  ([a-z-]+):\n    <<: \*step$", COMPOSE, re.MULTILINE)
    assert {"secrets", "login"} <= set(steps)


def test_one_service_builds_the_image_of_all() -> None:
    assert len(re.findall(r"^    build: \.$", COMPOSE, re.MULTILINE)) == 1


@pytest.mark.parametrize("path", [Path(".env"), Path("deploy/polymarket.env")], ids=str)
def test_environment_files_hold_no_secret_and_publish_on_this_machine_only(path: Path) -> None:
    text = path.read_text()
    assert not SECRET_LOOKS.search(text)
    assert "TDMAKER_BIND=127.0.0.1" in text


def test_plain_up_trades_on_the_simulator_on_paper() -> None:
    lines = Path(".env").read_text().splitlines()
    assert {"COMPOSE_PROFILES=sim", "TDMAKER_VENUE=sim", "TDMAKER_MODE=paper"} <= set(lines)


def test_images_of_others_are_pinned() -> None:
    tags = re.findall(r"^    image: (\S+)$", COMPOSE, re.MULTILINE)
    assert "postgres:17" in tags
    assert all(":" in tag and not tag.endswith(":latest") for tag in tags)


def composed() -> dict[str, Any]:
    answer = subprocess.run(
        ["docker", "compose", "config", "--format", "json"], capture_output=True, check=True, env=dict(os.environ)
    )
    return json.loads(answer.stdout)["services"]


@pytest.mark.engine
@pytest.mark.skipif(
    shutil.which("docker") is None or "TDMAKER_ENGINE" not in os.environ,
    reason="TDMAKER_ENGINE is not set: the compose file is not read by compose here",
)
def test_every_container_is_read_only_without_rights_and_published_on_this_machine_only() -> None:
    for name, service in composed().items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
        assert {port["host_ip"] for port in service.get("ports", ())} <= {"127.0.0.1"}, name
