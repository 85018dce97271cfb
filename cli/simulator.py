"""Asks the simulator what the venue would not tell: its clock, its ledger."""

import json
from collections.abc import Mapping
from typing import Any

from cli.errors import CommandError
from shared.venue.errors import VenueUnreachableError
from shared.venue.http import HttpClient

ANSWER_BOUND_SECONDS = 20.0


async def ask_simulator(sim_url: str, method: str, path: str, body: bytes = b"") -> Mapping[str, Any]:
    """Raises CommandError."""
    client = HttpClient(sim_url)
    try:
        answer = await client.request(method, path, body=body, timeout_seconds=ANSWER_BOUND_SECONDS)
        if answer.status != 200:
            raise CommandError(f"the simulator refused {path}: {answer.body[:200].decode(errors='replace')}")
        return json.loads(answer.body)
    except (VenueUnreachableError, ValueError) as error:
        raise CommandError(f"the simulator at {sim_url} does not answer {path}: {error}") from None
    finally:
        await client.close()
