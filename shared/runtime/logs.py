"""JSON log lines, one an action: a stable `action`, ids as fields, secrets never."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from shared.domain.clock import Clock

HIDDEN = "(hidden)"
SECRET_KEYS = frozenset(
    {"token", "bot_token", "password", "passphrase", "secret", "api_key", "apikey", "private_key", "authorization"}
    | {"signature", "poly_signature", "poly_passphrase", "poly_api_key", "credentials"}
)
# A password inside an address, a bearer token, a Telegram bot token inside its URL.
_SECRET_TEXT = re.compile(r"(?<=://)[^/@\s]*(?=@)|(?<=[Bb]earer )[^\s\"']+|(?<!\d)\d{6,}:[A-Za-z0-9_-]{30,}")
_NOISY = ("httpx", "httpcore", "uvicorn", "faststream", "nats", "aiogram", "asyncio")

Log = FilteringBoundLogger


def configure_logs(service: str, run_id: str, level: str, clock: Clock, stream: TextIO | None = None) -> None:
    """Sends our own and the libraries' log lines to `stream` (stdout) as JSON lines."""
    shared_steps: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _stamp(service, run_id, clock),
        structlog.processors.format_exc_info,
        _redact,
    ]
    renderer = structlog.processors.JSONRenderer(default=str)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared_steps[:3], structlog.stdlib.add_logger_name],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *shared_steps[3:],
            _name_action,
            renderer,
        ],
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared_steps[:3], structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def get_log(**bound: object) -> Log:
    """A logger; call it as `log.info("order_placed", order_id=...)`: the first word is the line's `action`."""
    return cast("Log", structlog.get_logger(**bound))


def redacted(text: str) -> str:
    """The text without passwords, bearer tokens and bot tokens."""
    return _SECRET_TEXT.sub(HIDDEN, text)


def _stamp(service: str, run_id: str, clock: Clock) -> Processor:
    def stamp(_log: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        return {"recorded_at": clock.wall().isoformat(), "service": service, "run_id": run_id} | dict(line)

    return stamp


def _name_action(_log: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    first = {key: line.pop(key, None) for key in ("recorded_at", "level", "service")}
    return first | {"action": line.pop("event", "")} | dict(line)


def _redact(_log: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    return {key: HIDDEN if key.lower() in SECRET_KEYS else _safe(value) for key, value in line.items()}


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, MutableMapping):
        return _redact(None, "", {str(key): item for key, item in cast("MutableMapping[Any, Any]", value).items()})
    if isinstance(value, list | tuple):
        return [_safe(item) for item in cast("list[Any]", value)]
    if isinstance(value, BaseException):
        return redacted(f"{type(value).__name__}: {value}")
    return value
