"""Tests that need a container engine. TDMAKER_ENGINE names it as DOCKER_HOST does; `docker` is the default one."""

import os

import pytest


@pytest.fixture(scope="session")
def engine() -> dict[str, str]:
    """The environment in which a client of the engine runs: ours without what is meant for our own processes."""
    named = os.environ.get("TDMAKER_ENGINE")
    if not named:
        pytest.skip("TDMAKER_ENGINE names no container engine: nothing is run in containers here.")
    ours = {name: text for name, text in os.environ.items() if not name.startswith(("TDMAKER_", "COMPOSE_"))}
    return ours | ({"DOCKER_HOST": named} if "://" in named else {})
