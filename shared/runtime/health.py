"""A server for /healthz, /readyz and /metrics, small enough for every service to carry."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.runtime.metrics import Metrics

REQUEST_TIMEOUT_SECONDS = 5.0
REQUEST_MAX_BYTES = 8192
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


@dataclass(slots=True)
class Readiness:
    """Ready means recovered and connected. Each missing thing is named, so that /readyz says what is waited for."""

    waiting_for: set[str] = field(default_factory=lambda: {"start"})

    @property
    def ready(self) -> bool:
        return not self.waiting_for

    def missing(self, what: str) -> None:
        self.waiting_for.add(what)

    def present(self, what: str) -> None:
        self.waiting_for.discard(what)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"


Route = Callable[[], Answer]


def health_routes(service: str, readiness: Readiness, metrics: Metrics) -> dict[str, Route]:
    """The three answers every service gives."""

    def healthz() -> Answer:
        return Answer(200, _json({"status": "ok", "service": service}))

    def readyz() -> Answer:
        waiting = sorted(readiness.waiting_for)
        return Answer(
            503 if waiting else 200, _json({"ready": not waiting, "service": service, "waiting_for": waiting})
        )

    def scrape() -> Answer:
        metrics.ready.set(int(readiness.ready))
        return Answer(200, metrics.exposition(), "text/plain; version=0.0.4; charset=utf-8")

    return {"/healthz": healthz, "/readyz": readyz, "/metrics": scrape}


async def start_health_server(host: str, port: int, routes: dict[str, Route]) -> asyncio.Server:
    """Listens; port 0 takes a free one. Raises OSError when the port is taken."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_render(_answer(head, routes)))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a caller that does not speak HTTP is no business of the service
        finally:
            writer.close()

    return await asyncio.start_server(serve, host, port, limit=REQUEST_MAX_BYTES)


def bound_port(server: asyncio.Server) -> int:
    """The port that the server really listens on."""
    return int(server.sockets[0].getsockname()[1])


def _answer(head: bytes, routes: dict[str, Route]) -> Answer:
    method, _, rest = head.decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    if method != "GET":
        return Answer(405, _json({"error": "only GET is served here"}))
    route = routes.get(path)
    return route() if route else Answer(404, _json({"error": f"served here: {', '.join(routes)}"}))


def _render(answer: Answer) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}\r\nContent-Type: {answer.content_type}\r\n"
        f"Content-Length: {len(answer.body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("latin-1") + answer.body


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
