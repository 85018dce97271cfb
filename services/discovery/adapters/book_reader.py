"""Books by REST, to hold ours against. Public: no credentials (protocol sheet, section 2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import msgspec

from shared.domain.ids import TokenId
from shared.venue.errors import VenueUnreachableError
from shared.venue.frames.market import BookSnapshot, read_book
from shared.venue.http import HttpClient
from shared.venue.wire import decode

MOST = 500


class BookReader:
    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def books(self, tokens: Sequence[TokenId]) -> list[BookSnapshot]:
        """At most 500, and only those there are. Raises VenueUnreachableError, VenueFrameError."""
        body = msgspec.json.encode([{"token_id": token} for token in tokens[:MOST]])
        response = await self._http.request("POST", "/books", body=body)
        if response.status != HTTPStatus.OK:
            raise VenueUnreachableError(f"/books: HTTP {response.status}", http_status=response.status)
        return [read_book(row) for row in decode(response.body, list[msgspec.Raw])]
