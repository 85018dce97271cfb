"""Places for homes."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def memory() -> Iterator[Path]:
    """A private directory in memory, where there is one."""
    shared_memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(prefix="tdmaker-life-", dir=shared_memory if shared_memory.is_dir() else None))
    yield place
    shutil.rmtree(place, ignore_errors=True)
