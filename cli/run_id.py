"""The name of one run: from a start of everything to its end."""

import secrets
from datetime import datetime

from shared.venue.errors import MayHaveBeenSentError, NotSentError
from shared.venue.http import HttpClient


def new_run_id(wall: datetime) -> str:
    """Sorts by its beginning."""
    return f"{wall:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


async def simulator_answers(sim_url: str) -> bool:
    """Whether a simulator runs there: for as long as it does, its run goes on."""
    client = HttpClient(sim_url)
    try:
        return (await client.request("GET", "/healthz")).status == 200
    except (NotSentError, MayHaveBeenSentError):
        return False
    finally:
        await client.close()
