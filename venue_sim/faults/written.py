"""Faults as they are written on a command line: `answer_lost:times=1,reads_late:chance=0.3:delay_ms=500`."""

import msgspec

from venue_sim.faults.catalogue import BY_NAME
from venue_sim.faults.switchboard import Terms

Written = tuple[tuple[str, Terms], ...]


def parse_faults(text: str) -> Written:
    """Raises ValueError with one line."""
    return tuple(_parse(item) for item in text.split(",") if item)


def _parse(item: str) -> tuple[str, Terms]:
    name, *parameters = item.split(":")
    if name not in BY_NAME:
        raise ValueError(f"no fault is called {name!r}; docs/faults.md lists them")
    pairs = [parameter.partition("=") for parameter in parameters]
    try:
        return name, msgspec.convert({key: value for key, _, value in pairs}, Terms, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"{item!r}: {error}") from error
