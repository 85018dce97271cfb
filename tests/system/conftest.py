"""One run of the whole system, shared by all system tests: first those that want it running, then those on its end."""

import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.home import Home
from tests.system.run import Ended, Run, journals_of

MEMORY = Path("/dev/shm")
LIVE = ("--live", "--speed", "30", "--for", "75")
PAPER = ("--speed", "30", "--for", "40")
"""A slot with its settlement, of which half a minute of the wall is enough."""
TIMEOUT_SECONDS = 300


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.xdist_group("system"))
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))
    others = [item for item in items if item not in ours]
    items[:] = others + sorted(ours, key=_turn)


def _turn(item: pytest.Item) -> int:
    """While the shared run goes on, after its end, and then those on a run of their own."""
    wanted = getattr(item, "fixturenames", ())
    return 2 if "on_paper" in wanted else int("ended" in wanted)


@pytest.fixture(scope="session")
def running() -> Iterator[Run]:
    """Ready and trading. It stops by itself after 75 s: tests with this fixture run before all on `ended`."""
    with started(LIVE) as run:
        yield run


@pytest.fixture(scope="session")
def ended(running: Run) -> Ended:
    """What the same run left behind when it had stopped by itself."""
    return running.end()


@pytest.fixture(scope="session")
def on_paper() -> Iterator[Ended]:
    """What a run on paper left behind."""
    with started(PAPER) as run:
        yield run.end()


@contextmanager
def started(options: tuple[str, ...]) -> Generator[Run]:
    folder = Path(tempfile.mkdtemp(prefix="tdmaker-system-", dir=MEMORY if MEMORY.is_dir() else None))
    home = Home.at(folder / "home")
    run = Run(home, (*options, "--journal", str(journals_of(home))))
    try:
        run.start()
        yield run
    finally:
        run.stop()
        shutil.rmtree(folder, ignore_errors=True)
