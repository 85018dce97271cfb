"""JSON in and out, and the venue's error envelope around every handler."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from venue_sim import wire
from venue_sim.errors import VenueError, bad_request

Handler = Callable[[Request], Awaitable[Response]]
Body = TypeVar("Body")
LARGEST_BODY_BYTES = 1 << 20


def json(payload: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(wire.encode(payload), status, headers, media_type="application/json")


def guarded(handler: Callable[[Request], Awaitable[object]]) -> Handler:
    """Turns a handler's payload into a response, unless it is one, and a refusal into its envelope."""

    async def respond(request: Request) -> Response:
        try:
            answer = await handler(request)
        except VenueError as error:
            return json(error.body(), error.status, error.headers)
        return answer if isinstance(answer, Response) else json(answer)

    return respond


async def body_of(request: Request) -> bytes:
    """Raises VenueError for a body no venue would read."""
    body = await request.body()
    if len(body) > LARGEST_BODY_BYTES:
        raise VenueError(413, "payload too large")
    return body


def parse(body: bytes, shape: type[Body]) -> Body:
    """Raises VenueError 400."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request("Invalid order payload") from error


def number(text: str | None, fallback: int) -> int:
    """A query parameter. Raises VenueError 400."""
    if text is None or text == "":
        return fallback
    if not text.isdecimal() or len(text) > 15:
        raise bad_request(f"invalid number: {text[:40]}")
    return int(text)


def values(request: Request, name: str) -> set[str]:
    """Repeated or comma-separated values of a query parameter."""
    return {value for text in request.query_params.getlist(name) for value in text.split(",") if value}


async def not_found(_: Request, __: Exception) -> Response:
    return json({"error": "not found"}, 404)


async def not_allowed(_: Request, __: Exception) -> Response:
    return json({"error": "method not allowed"}, 405)


async def failed(_: Request, __: Exception) -> Response:
    return json({"error": "Internal server error"}, 500)


EXCEPTION_HANDLERS: dict[Any, Any] = {404: not_found, 405: not_allowed, 500: failed}
