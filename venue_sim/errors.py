"""What the venue answers when it says no."""

from collections.abc import Mapping


class VenueError(Exception):
    """A refusal with the venue's own HTTP status and text."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None, **extra: object) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers
        self.extra = extra

    def body(self) -> dict[str, object]:
        return {"error": self.message, **self.extra}


def bad_request(message: str) -> VenueError:
    return VenueError(400, message)


def unauthorized() -> VenueError:
    return VenueError(401, "Unauthorized/Invalid api key")


def no_orderbook() -> VenueError:
    return VenueError(404, "No orderbook exists for the requested token id")


def market_not_found() -> VenueError:
    return VenueError(404, "market not found")
