"""One run of the whole system, shared by all system tests: first those that want it running, then those on its end."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.home import Home
from tests.system.run import Ended, Run

MEMORY = Path("/dev/shm")
OPTIONS = ("--live", "--speed", "30", "--for", "75")
TIMEOUT_SECONDS = 300


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.xdist_group("system"))
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))
    others = [item for item in items if item not in ours]
    items[:] = others + sorted(ours, key=lambda item: "ended" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def running() -> Iterator[Run]:
    """Ready and trading. It stops by itself after 75 s: tests with this fixture run before all on `ended`."""
    folder = Path(tempfile.mkdtemp(prefix="tdmaker-system-", dir=MEMORY if MEMORY.is_dir() else None))
    run = Run(Home.at(folder / "home"), OPTIONS)
    try:
        run.start()
        yield run
    finally:
        run.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def ended(running: Run) -> Ended:
    """What the same run left behind when it had stopped by itself."""
    return running.end()
