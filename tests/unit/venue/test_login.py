"""L2 credentials: derived where they exist, made where they do not."""

import json
from pathlib import Path

import pytest

from shared.venue.auth import Credentials, l1_headers
from shared.venue.errors import VenueUnreachableError
from shared.venue.http import HttpClient
from shared.venue.login import LoginRefusedError, obtain_credentials
from tests.fixtures.venue import ADDRESS
from tests.unit.venue.scripted_server import Request, ScriptedServer, reply, scripted

KEY = json.dumps({"apiKey": "key", "secret": "A" * 43 + "=", "passphrase": "pass"})
CREDENTIALS = Credentials(ADDRESS, "key", "A" * 43 + "=", "pass")
HEADERS = l1_headers(ADDRESS, 1775029500, 0, "0x00")


async def asked(venue: ScriptedServer) -> Credentials:
    http = HttpClient(venue.origin)
    try:
        return await obtain_credentials(http, HEADERS)
    finally:
        await http.close()


async def test_existing_credentials_are_derived() -> None:
    async with scripted(lambda _: reply(200, KEY)) as venue:
        assert await asked(venue) == CREDENTIALS
    assert [(request.method, request.path) for request in venue.requests] == [("GET", "/auth/derive-api-key")]
    assert venue.requests[0].headers["poly_address"] == ADDRESS


async def test_a_new_address_gets_its_first() -> None:
    def first(request: Request) -> bytes:
        if request.method == "POST":
            return reply(200, KEY)
        return reply(400, '{"error":"Could not derive api key!"}')

    async with scripted(first) as venue:
        assert await asked(venue) == CREDENTIALS


async def test_a_bad_login_is_refused() -> None:
    async with scripted(lambda _: reply(401, '{"error":"Invalid L1 Request headers"}')) as venue:
        with pytest.raises(LoginRefusedError, match="Invalid L1"):
            await asked(venue)


async def test_a_venue_that_is_down_is_unreachable() -> None:
    async with scripted(lambda _: reply(503, '{"error":"x"}')) as venue:
        with pytest.raises(VenueUnreachableError):
            await asked(venue)


def test_saved_credentials_are_read_back_and_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    CREDENTIALS.save(path)
    CREDENTIALS.save(path)
    assert Credentials.load(path) == CREDENTIALS
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
