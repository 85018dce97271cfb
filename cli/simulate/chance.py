"""All chance of a run from its seed: what differs between two runs of a seed is a difference of the code."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Generator


def seeded(seed: int, *what: object) -> random.Random:
    """A generator of its own for each use, so that one more draw here changes nothing there."""
    return random.Random("/".join(map(str, (seed, *what))))  # noqa: S311 a simulation, no secret


@contextlib.contextmanager
def no_other_chance(seed: int) -> Generator[None, None, None]:
    """What libraries draw from the machine, ids, salts and jitter, is drawn from the seed too."""
    source = seeded(seed, "machine")
    inside = random.__dict__
    real = os.urandom, inside["_urandom"]
    os.urandom = inside["_urandom"] = source.randbytes
    random.seed(seed)
    try:
        yield
    finally:
        os.urandom, inside["_urandom"] = real
