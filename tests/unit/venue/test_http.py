"""A request either certainly left nothing behind, or may have; the client says which."""

import asyncio
import socket

import pytest

from shared.venue.errors import MayHaveBeenSentError, NotSentError
from shared.venue.http import HttpClient, WriteRefusedError
from tests.unit.venue.scripted_server import Request, reply, scripted


def echo(request: Request) -> bytes:
    return reply(200, f"{request.method} {request.path} {request.body.decode()}")


async def test_a_request_gets_its_answer() -> None:
    async with scripted(echo) as venue:
        client = HttpClient(venue.origin)
        answer = await client.request("POST", "/order?a=1", body=b"hello", headers={"X-Key": "v"})
        await client.close()
    assert (answer.status, answer.body) == (200, b"POST /order?a=1 hello")
    assert venue.requests[0].headers["x-key"] == "v"
    assert venue.requests[0].headers["user-agent"].startswith("tdmaker")


async def test_the_connection_is_kept_for_the_next_request() -> None:
    async with scripted(echo) as venue:
        client = HttpClient(venue.origin)
        for _ in range(3):
            await client.request("GET", "/time")
        await client.close()
    assert venue.connections == 1


async def test_requests_at_once_use_a_connection_each_up_to_the_limit() -> None:
    async with scripted(echo) as venue:
        client = HttpClient(venue.origin, max_connections=2)
        answers = await asyncio.gather(*(client.request("GET", f"/{number}") for number in range(6)))
        await client.close()
    assert [answer.body for answer in answers] == [f"GET /{number} ".encode() for number in range(6)]
    assert venue.connections <= 2


async def test_warm_connections_are_there_before_the_first_request() -> None:
    async with scripted(echo) as venue:
        client = HttpClient(venue.origin)
        await client.warm(2)
        await client.request("GET", "/")
        await client.close()
    assert venue.requests[0].connection in {1, 2}
    assert venue.connections == 2


async def test_a_path_before_all_paths_is_kept() -> None:
    async with scripted(echo) as venue:
        client = HttpClient(venue.origin + "/gamma/")
        answer = await client.request("GET", "/x")
        await client.close()
    assert answer.body == b"GET /gamma/x "


async def test_an_answer_in_chunks_is_put_together() -> None:
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n venue\r\n0\r\nTrailer: t\r\n\r\n"
    )
    async with scripted(lambda _: chunked) as venue:
        client = HttpClient(venue.origin)
        bodies = [(await client.request("GET", "/")).body for _ in range(2)]
        await client.close()
    assert bodies == [b"hello venue"] * 2


async def test_an_interim_answer_is_not_the_answer() -> None:
    async with scripted(lambda _: b"HTTP/1.1 100 Continue\r\n\r\n" + reply(201, "made")) as venue:
        client = HttpClient(venue.origin)
        answer = await client.request("POST", "/", body=b"x")
        await client.close()
    assert (answer.status, answer.body) == (201, b"made")


async def test_an_answer_without_content_has_no_body() -> None:
    async with scripted(lambda _: b"HTTP/1.1 204 No Content\r\n\r\n") as venue:
        client = HttpClient(venue.origin)
        assert (await client.request("DELETE", "/")).body == b""
        await client.close()


async def test_a_connection_the_venue_wants_closed_is_not_used_again() -> None:
    async with scripted(lambda _: reply(200, "bye", "Connection: close")) as venue:
        client = HttpClient(venue.origin)
        for _ in range(2):
            await client.request("GET", "/")
        await client.close()
    assert venue.connections == 2


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_without_a_connection_nothing_was_sent() -> None:
    client = HttpClient(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NotSentError, match="cannot connect"):
        await client.request("POST", "/order", body=b"x")


async def test_a_refusal_in_the_last_step_leaves_nothing_sent() -> None:
    async with scripted(echo) as venue:
        client = HttpClient(venue.origin)
        with pytest.raises(WriteRefusedError, match="halted"):
            await client.request("POST", "/order", body=b"x", before_write=lambda: "halted")
        answer = await client.request("POST", "/order", body=b"y", before_write=lambda: None)
        await client.close()
    assert answer.status == 200
    assert [request.body for request in venue.requests] == [b"y"]


async def test_a_connection_lost_after_the_write_is_uncertain() -> None:
    async with scripted(lambda _: None) as venue:
        client = HttpClient(venue.origin)
        with pytest.raises(MayHaveBeenSentError):
            await client.request("POST", "/order", body=b"x")
        await client.close()


async def test_an_answer_that_does_not_come_is_uncertain() -> None:
    async with scripted(lambda _: b"") as venue:
        client = HttpClient(venue.origin)
        with pytest.raises(MayHaveBeenSentError, match="no answer within"):
            await client.request("POST", "/order", body=b"x", timeout_seconds=0.05)
        await client.close()


async def test_waiting_for_a_free_connection_sends_nothing() -> None:
    async with scripted(lambda _: b"") as venue:
        client = HttpClient(venue.origin, max_connections=1)
        first = asyncio.create_task(client.request("GET", "/", timeout_seconds=5))
        while not venue.requests:
            await asyncio.sleep(0)
        with pytest.raises(NotSentError):
            await client.request("POST", "/order", timeout_seconds=0.02)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await client.close()
    assert len(venue.requests) == 1


BROKEN = {
    "another protocol": b"SSH-2.0-x\r\n\r\n",
    "no length": b"HTTP/1.1 200 OK\r\n\r\n",
    "a length in words": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    "a length beyond all": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "a chunk of no length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
async def test_an_answer_that_is_not_http_is_uncertain(answer: bytes) -> None:
    async with scripted(lambda _: answer) as venue:
        client = HttpClient(venue.origin)
        with pytest.raises(MayHaveBeenSentError):
            await client.request("POST", "/order", body=b"x", timeout_seconds=2)
        await client.close()


async def test_a_connection_the_venue_dropped_in_between_is_not_used() -> None:
    async with scripted(echo) as venue:
        client = HttpClient(venue.origin, idle_seconds=0)
        await client.request("GET", "/1")
        await client.request("GET", "/2")
        await client.close()
    assert venue.connections == 2


async def test_a_closed_client_sends_nothing() -> None:
    async with scripted(echo) as venue:
        client = HttpClient(venue.origin)
        await client.close()
        with pytest.raises(NotSentError, match="closed"):
            await client.request("GET", "/")


@pytest.mark.parametrize("origin", ["ftp://x", "127.0.0.1:80", "http://"])
def test_an_address_that_is_none_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="address"):
        HttpClient(origin)
