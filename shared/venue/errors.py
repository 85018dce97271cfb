"""What can be wrong with what the venue sends, and with reaching it."""

from __future__ import annotations

EXCERPT_CHARACTERS = 160


def excerpt_of(text: str | bytes) -> str:
    """The beginning of it, printable, short enough for a log line."""
    shown = text[: EXCERPT_CHARACTERS + 1]
    if isinstance(shown, bytes):
        shown = shown.decode("utf-8", "replace")
    printable = "".join(each if each.isprintable() else " " for each in shown)
    return printable if len(shown) <= EXCERPT_CHARACTERS else printable[:EXCERPT_CHARACTERS] + "..."


class VenueFrameError(ValueError):
    """A frame, body or row is not what the protocol sheet says. The only error any parser raises."""

    def __init__(self, field: str, problem: str, text: str | bytes = "") -> None:
        self.field = field
        self.problem = problem
        self.excerpt = excerpt_of(text)
        super().__init__(f"{field}: {problem}" + (f" in {self.excerpt}" if self.excerpt else ""))


class UnknownVersionError(VenueFrameError):
    """A market whose protocol version we do not speak: signing for the wrong one gets every order refused."""


class UnknownStatusError(VenueFrameError):
    """An order or trade status of which nobody said what it means."""


class VenueUnreachableError(ConnectionError):
    """No usable answer came. `http_status` is None when there was none at all."""

    def __init__(
        self, reason: str, *, http_status: int | None = None, retry_after_seconds: float | None = None
    ) -> None:
        self.reason = reason
        self.http_status = http_status
        self.retry_after_seconds = retry_after_seconds
        super().__init__(reason)


class NotSentError(VenueUnreachableError):
    """Not one byte of the request left: it cannot have had an effect."""


class MayHaveBeenSentError(VenueUnreachableError):
    """The request was written, its answer never came whole: nobody knows."""
