"""Questions about markets, asked again when the venue stumbles and never guessed."""

from collections.abc import Callable, Iterator

import pytest
import stamina

from shared.domain.market import Market
from shared.venue.errors import UnknownVersionError, VenueFrameError, VenueUnreachableError
from shared.venue.gamma import read_market
from shared.venue.metadata import MetadataClient
from shared.venue.resolution import Resolution, ResolutionConflict, ResolutionSource
from tests.fixtures.venue import DOWN, MARKET, SLUG, UP, changed, text_of
from tests.unit.venue.scripted_server import Request, ScriptedServer, reply, scripted


@pytest.fixture(autouse=True)
def without_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):  # pyright: ignore[reportUnknownMemberType]
        yield


def client_of(venue: ScriptedServer) -> MetadataClient:
    return MetadataClient(f"{venue.origin}/gamma", venue.origin)


def by_path(answers: dict[str, bytes]) -> Callable[[Request], bytes]:
    return lambda request: answers.get(request.path, reply(404, '{"error":"not found"}'))


GAMMA_MARKET = f"/gamma/markets/slug/{SLUG}"
CLOB_MARKET = f"/markets/{MARKET}"


def market() -> Market:
    found = read_market(text_of("gamma_market"))
    assert isinstance(found, Market)
    return found


async def test_a_market_is_found_by_its_slug() -> None:
    async with scripted(by_path({GAMMA_MARKET: reply(200, text_of("gamma_market"))})) as venue:
        client = client_of(venue)
        assert await client.market_by_slug(SLUG) == market()
        await client.close()
    assert venue.requests[0].headers["user-agent"].startswith("tdmaker")


async def test_a_market_not_yet_listed_is_none() -> None:
    async with scripted(by_path({})) as venue:
        client = client_of(venue)
        assert await client.market_by_slug(SLUG) is None
        assert await client.event_by_slug(SLUG) is None
        await client.close()


async def test_an_event_brings_the_strike() -> None:
    async with scripted(by_path({f"/gamma/events/slug/{SLUG}": reply(200, text_of("gamma_event"))})) as venue:
        client = client_of(venue)
        listing = await client.event_by_slug(SLUG)
        await client.close()
    assert listing is not None
    assert str(listing.strike) == "67890.12345678901"


@pytest.mark.parametrize("status", [500, 503, 429, 425])
async def test_a_stumbling_venue_is_asked_again(status: int) -> None:
    def stumble(_: Request) -> bytes:
        return reply(200, text_of("gamma_market")) if len(venue.requests) == 3 else reply(status, "{}")

    async with scripted(stumble) as venue:
        client = client_of(venue)
        assert await client.market_by_slug(SLUG) == market()
        await client.close()


async def test_a_venue_that_stays_down_is_unreachable_after_three_tries() -> None:
    async with scripted(lambda _: reply(503, "{}")) as venue:
        client = client_of(venue)
        with pytest.raises(VenueUnreachableError) as failure:
            await client.market_by_slug(SLUG)
        await client.close()
    assert (failure.value.http_status, len(venue.requests)) == (503, 3)


async def test_a_final_no_is_not_asked_again() -> None:
    async with scripted(lambda _: reply(403, "error code: 1010")) as venue:
        client = client_of(venue)
        with pytest.raises(VenueUnreachableError):
            await client.market_by_slug(SLUG)
        await client.close()
    assert len(venue.requests) == 1


async def test_a_version_we_do_not_speak_is_refused() -> None:
    answer = reply(200, changed("gamma_market", version="v9"))
    async with scripted(by_path({GAMMA_MARKET: answer})) as venue:
        client = client_of(venue)
        with pytest.raises(UnknownVersionError, match="v9"):
            await client.market_by_slug(SLUG)
        await client.close()


@pytest.mark.parametrize("slug", ["will-it-rain", "btc-updown-15m-1775030400"])
async def test_an_answer_about_another_market_is_refused(slug: str) -> None:
    changes = {"slug": slug, "eventStartTime": "2026-04-01T08:00:00Z", "endDate": "2026-04-01T08:15:00Z"}
    async with scripted(by_path({GAMMA_MARKET: reply(200, changed("gamma_market", **changes))})) as venue:
        client = client_of(venue)
        with pytest.raises(VenueFrameError, match="slug"):
            await client.market_by_slug(SLUG)
        await client.close()


async def resolution_from(gamma: bytes, order_book: bytes) -> Resolution | ResolutionConflict | None:
    async with scripted(by_path({GAMMA_MARKET: gamma, CLOB_MARKET: order_book})) as venue:
        client = client_of(venue)
        try:
            return await client.resolution(market())
        finally:
            await client.close()


async def test_both_sources_make_a_resolution() -> None:
    found = await resolution_from(
        reply(200, text_of("gamma_market_resolved")), reply(200, text_of("clob_market_resolved"))
    )
    assert isinstance(found, Resolution)
    assert (found.winner, found.source) == (DOWN, ResolutionSource.BOTH)


async def test_an_open_market_has_no_resolution() -> None:
    still_open = reply(200, changed("clob_market_resolved", closed=False))
    assert await resolution_from(reply(200, text_of("gamma_market")), still_open) is None


async def test_the_order_book_may_be_first() -> None:
    found = await resolution_from(reply(200, text_of("gamma_market")), reply(200, text_of("clob_market_resolved")))
    assert isinstance(found, Resolution)
    assert (found.market, found.source) == (MARKET, ResolutionSource.ORDER_BOOK)


@pytest.mark.parametrize("down", ["catalogue", "order book"])
async def test_one_source_that_is_down_does_not_silence_the_other(down: str) -> None:
    gamma, book = reply(200, text_of("gamma_market_resolved")), reply(200, text_of("clob_market_resolved"))
    away = reply(503, "{}")
    found = await resolution_from(away if down == "catalogue" else gamma, away if down == "order book" else book)
    assert isinstance(found, Resolution)
    assert found.winner == DOWN


async def test_with_both_down_nothing_is_known() -> None:
    with pytest.raises(VenueUnreachableError):
        await resolution_from(reply(503, "{}"), reply(503, "{}"))


async def test_two_winners_are_a_conflict() -> None:
    tokens = [{"token_id": UP, "winner": True}, {"token_id": DOWN, "winner": False}]
    other = reply(200, changed("clob_market_resolved", tokens=tokens))
    found = await resolution_from(reply(200, text_of("gamma_market_resolved")), other)
    assert isinstance(found, ResolutionConflict)


async def test_the_winner_of_another_market_is_refused() -> None:
    tokens = [{"token_id": "1", "winner": True}, {"token_id": "2", "winner": False}]
    other = reply(200, changed("clob_market_resolved", tokens=tokens))
    with pytest.raises(VenueFrameError, match="tokens"):
        await resolution_from(reply(200, text_of("gamma_market")), other)


async def test_the_venues_time_is_in_seconds() -> None:
    async with scripted(by_path({"/time": reply(200, "1775029500")})) as venue:
        client = client_of(venue)
        assert await client.server_time_seconds() == 1775029500
        await client.close()
