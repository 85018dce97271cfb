"""HTTP/1.1 on kept-open connections, for the path where a request must not cost more than its round trip.

It tells apart what no general client does: a request of which nothing was written, and one whose answer never came.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.venue.errors import MayHaveBeenSentError, NotSentError

USER_AGENT = "tdmaker/0.1"
MAX_HEADER_BYTES = 64 * 1024
MAX_BODY_BYTES = 16 * 1024 * 1024
_STATUS = re.compile(r"[0-9]{3}")
_HEADERS_END = b"\r\n\r\n"
_NO_BODY = frozenset({204, 304})

BeforeWrite = Callable[[], str | None]
"""Looked at in the very step that writes to the socket: a reason refuses the request, None lets it go."""


class WriteRefusedError(NotSentError):
    """`before_write` said no: nothing was sent, and that is known."""


class _BadAnswerError(ValueError):
    """The peer does not speak HTTP/1.1 as we understand it."""


@dataclass(frozen=True, slots=True)
class Response:
    """`headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    idle_since_seconds: float

    def is_usable(self) -> bool:
        return not self.writer.is_closing() and not self.reader.at_eof()

    def close(self) -> None:
        self.writer.close()


class HttpClient:
    """A pool of kept-open connections to one origin (`http://host:port`, `https://...`, with a path or not).

    One request at a time uses a connection. One that the server closed is dropped as soon as that is seen;
    `idle_seconds` bounds how long one may wait for a request, since a close that crosses a request makes it uncertain.
    """

    def __init__(self, origin: str, *, max_connections: int = 16, idle_seconds: float = 50.0) -> None:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{origin!r} is not an http or https address")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        self._common = f"Host: {parts.netloc}\r\nUser-Agent: {USER_AGENT}\r\nAccept: application/json\r\n"
        self._idle: deque[_Connection] = deque()
        self._slots = asyncio.Semaphore(max_connections)
        self._idle_seconds = idle_seconds
        self._is_closed = False

    async def warm(self, count: int) -> None:
        """Opens connections ahead of need. Raises NotSentError."""
        opened = [await self._open() for _ in range(max(0, count - len(self._idle)))]
        self._idle.extend(opened)

    async def close(self) -> None:
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_seconds: float = 5.0,
        before_write: BeforeWrite | None = None,
    ) -> Response:
        """Raises NotSentError (WriteRefusedError) when nothing was written, MayHaveBeenSentError when it may have been.

        `path` carries its query. The timeout covers waiting, connecting, sending and the whole answer.
        """
        message = self._message(method, path, headers or {}, body)
        has_written = False
        try:
            async with asyncio.timeout(timeout_seconds), self._slots:
                connection = await self._take()
                try:
                    self._write(connection, message, before_write)
                    has_written = True
                    response = await _read_response(connection.reader)
                except BaseException:
                    connection.close()
                    raise
                self._give_back(connection, response)
                return response
        except TimeoutError:
            kind = MayHaveBeenSentError if has_written else NotSentError
            raise kind(f"no answer within {timeout_seconds} s") from None
        except (OSError, EOFError, _BadAnswerError, asyncio.LimitOverrunError) as error:
            if isinstance(error, NotSentError):
                raise
            kind = MayHaveBeenSentError if has_written else NotSentError
            raise kind(f"{type(error).__name__}: {error}"[:200]) from None

    def _message(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        length = (
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body or method == "POST" else ""
        )
        start = f"{method} {self._prefix}{path} HTTP/1.1\r\n"
        return (start + self._common + lines + length + "\r\n").encode("latin-1") + body

    def _write(self, connection: _Connection, message: bytes, before_write: BeforeWrite | None) -> None:
        refusal = before_write() if before_write is not None else None
        if refusal is not None:
            raise WriteRefusedError(refusal)
        connection.writer.write(message)

    async def _take(self) -> _Connection:
        """The connection used last, if it still stands: it is the least likely to have been given up by the server."""
        oldest_use = asyncio.get_running_loop().time() - self._idle_seconds
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable() and connection.idle_since_seconds >= oldest_use:
                return connection
            connection.close()
        return await self._open()

    async def _open(self) -> _Connection:
        if self._is_closed:
            raise NotSentError("the client is closed")
        try:
            reader, writer = await asyncio.open_connection(
                self._host, self._port, ssl=self._tls, limit=MAX_HEADER_BYTES
            )
        except OSError as error:
            raise NotSentError(f"cannot connect to {self._host}:{self._port}: {error.strerror or error}") from None
        return _Connection(reader, writer, asyncio.get_running_loop().time())

    def _give_back(self, connection: _Connection, response: Response) -> None:
        keeps_open = response.headers.get("connection", "").lower() != "close"
        if self._is_closed or not keeps_open or not connection.is_usable():
            connection.close()
            return
        connection.idle_since_seconds = asyncio.get_running_loop().time()
        self._idle.append(connection)


async def _read_response(reader: asyncio.StreamReader) -> Response:
    status, headers = await _read_head(reader)
    while 100 <= status < 200:
        status, headers = await _read_head(reader)
    return Response(status, headers, await _read_body(reader, status, headers))


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(_HEADERS_END)).decode("latin-1").split("\r\n")
    parts = first.split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not _STATUS.fullmatch(parts[1]):
        raise _BadAnswerError(f"not an HTTP/1.1 answer: {first[:60]!r}")
    pairs = (line.partition(":") for line in lines if line)
    return int(parts[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _read_body(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]) -> bytes:
    if status in _NO_BODY:
        return b""
    if headers.get("transfer-encoding", "").lower().endswith("chunked"):
        return await _read_chunks(reader)
    length = headers.get("content-length")
    if length is None:
        raise _BadAnswerError("an answer of unknown length")
    return await reader.readexactly(_checked_length(length, 10))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks: list[bytes] = []
    total = 0
    while size := _checked_length((await reader.readuntil(b"\r\n")).split(b";")[0].decode("latin-1").strip(), 16):
        total = _within_limit(total + size)
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        continue  # trailers say nothing we need
    return b"".join(chunks)


def _checked_length(text: str, base: int) -> int:
    try:
        length = int(text, base)
    except ValueError:
        raise _BadAnswerError(f"{text[:20]!r} is no length") from None
    return _within_limit(length)


def _within_limit(length: int) -> int:
    if not 0 <= length <= MAX_BODY_BYTES:
        raise _BadAnswerError(f"an answer of {length} bytes, at most {MAX_BODY_BYTES}")
    return length
