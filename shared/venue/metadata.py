"""Questions about markets: what is listed, when it opens, who won. Protocol sheet, sections 2.2 and 6."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import TypeVar

import httpx
import msgspec
import stamina

from shared.domain.ids import TokenId
from shared.domain.market import Market
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.frames.market import BookSnapshot, read_market_frame
from shared.venue.gamma import Listing, NotAnUpDownMarket, read_listing, read_listings
from shared.venue.http import USER_AGENT
from shared.venue.resolution import Resolution, ResolutionConflict, combined, read_book_market
from shared.venue.wire import whole

ATTEMPTS = 3
RETRY_FIRST_SECONDS = 0.2
RETRY_MAX_SECONDS = 2.0

T = TypeVar("T")


class _TryAgainError(VenueUnreachableError):
    """A read that may succeed if asked once more."""


class MetadataClient:
    """Reads only, each tried up to three times. Raises VenueUnreachableError, VenueFrameError."""

    def __init__(
        self,
        gamma_url: str,
        clob_url: str,
        *,
        timeout_seconds: float = 5.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._gamma_url = gamma_url.rstrip("/")
        self._clob_url = clob_url.rstrip("/")
        self._http = httpx.AsyncClient(
            headers={"User-Agent": USER_AGENT},
            timeout=timeout_seconds,
            trust_env=False,
            follow_redirects=False,
            transport=transport,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def market_by_slug(self, slug: str) -> Market | None:
        """None while not listed. Raises UnknownVersionError too."""
        listing = await self._listing(slug)
        return None if listing is None else listing.market

    async def event_by_slug(self, slug: str) -> Listing | None:
        """The market with its event's strike and final price, once they are known. None while not listed."""
        body = await self._read(f"{self._gamma_url}/events/slug/{slug}")
        verdicts = () if body is None else read_listings(body)
        return _named(slug, verdicts[0]) if verdicts else None

    async def resolution(self, market: Market) -> Resolution | ResolutionConflict | None:
        """None while open. Two sources are asked, and one that cannot be reached is passed over; a winner they disagree
        on is a conflict, never a guess."""
        words: list[Resolution | None] = []
        unreachable: VenueUnreachableError | None = None
        for ask in (self._catalogue_resolution, self._book_resolution):
            try:
                words.append(await ask(market))
            except VenueUnreachableError as error:
                unreachable = error
        if not words and unreachable is not None:
            raise unreachable
        return combined(*words) if len(words) == 2 else words[0]

    async def _catalogue_resolution(self, market: Market) -> Resolution | None:
        listing = await self._listing(market.slug)
        return None if listing is None else listing.resolution

    async def _book_resolution(self, market: Market) -> Resolution | None:
        body = await self._read(f"{self._clob_url}/markets/{market.market}")
        resolution = None if body is None else read_book_market(body)
        if resolution is None:
            return None
        if {payout.token for payout in resolution.payouts} != {outcome.token for outcome in market.outcomes}:
            raise VenueFrameError("tokens", f"not those of {market.slug}", body or b"")
        return resolution

    async def books(self, tokens: Sequence[TokenId]) -> tuple[BookSnapshot, ...]:
        """Whole books, at most 500; what has no readable book is left out."""
        question = msgspec.json.encode([{"token_id": token} for token in tokens])
        try:
            response = await self._http.post(
                f"{self._clob_url}/books", content=question, headers={"Content-Type": "application/json"}
            )
        except httpx.HTTPError as error:
            raise VenueUnreachableError(f"/books: {type(error).__name__} {error}"[:200]) from None
        if response.status_code != HTTPStatus.OK:
            raise VenueUnreachableError(f"/books: HTTP {response.status_code}", http_status=response.status_code)
        return tuple(item for item in read_market_frame(response.content).items if isinstance(item, BookSnapshot))

    async def server_time_seconds(self) -> int:
        """Unix seconds of the venue's wall clock."""
        body = await self._read(f"{self._clob_url}/time")
        return whole(msgspec.Raw((body or b"").strip()), "time")

    async def _listing(self, slug: str) -> Listing | None:
        body = await self._read(f"{self._gamma_url}/markets/slug/{slug}")
        return None if body is None else _named(slug, read_listing(body))

    async def _read(self, url: str) -> bytes | None:
        return await _persistently(lambda: self._read_once(url))

    async def _read_once(self, url: str) -> bytes | None:
        """None for a 404."""
        try:
            response = await self._http.get(url)
        except httpx.HTTPError as error:
            raise _TryAgainError(f"{url}: {type(error).__name__} {error}"[:200]) from None
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        if response.status_code == HTTPStatus.OK:
            return response.content
        is_passing = response.status_code >= 500 or response.status_code in {408, 425, 429}
        kind = _TryAgainError if is_passing else VenueUnreachableError
        raise kind(f"{url}: HTTP {response.status_code}", http_status=response.status_code)


async def _persistently(read: Callable[[], Awaitable[T]]) -> T:
    async for attempt in stamina.retry_context(
        on=_TryAgainError,
        attempts=ATTEMPTS,
        timeout=None,
        wait_initial=RETRY_FIRST_SECONDS,
        wait_max=RETRY_MAX_SECONDS,
        wait_jitter=RETRY_FIRST_SECONDS,
    ):
        with attempt:
            return await read()
    raise AssertionError("stamina gives up by raising")


def _named(slug: str, verdict: Listing | NotAnUpDownMarket | VenueFrameError) -> Listing:
    """Raises VenueFrameError when the answer is about something else."""
    if isinstance(verdict, VenueFrameError):
        raise verdict
    found = verdict.slug if isinstance(verdict, NotAnUpDownMarket) else verdict.market.slug
    if isinstance(verdict, NotAnUpDownMarket) or found != slug:
        raise VenueFrameError("slug", f"{found!r} where {slug!r} was asked for")
    return verdict
