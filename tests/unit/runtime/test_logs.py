"""Log lines: one JSON object an action, without secrets."""

import io
import json
import logging
from collections.abc import Iterator
from decimal import Decimal

import pytest

from shared.runtime.clock import RealClock
from shared.runtime.logs import configure_logs, get_log, redacted


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logs("bidder", "run-1", "info", RealClock(), stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_its_action_service_run_and_ids(stream: io.StringIO) -> None:
    get_log(market="btc-updown-15m-1").info("order_placed", order_id="0x1", price=Decimal("0.80"))
    (line,) = lines(stream)
    assert line["action"] == "order_placed"
    assert (line["service"], line["run_id"], line["level"]) == ("bidder", "run-1", "info")
    assert (line["market"], line["order_id"], line["price"]) == ("btc-updown-15m-1", "0x1", "0.80")


def test_secrets_are_hidden_by_name_and_by_shape(stream: io.StringIO) -> None:
    bot = "123456789:" + "A" * 35
    get_log().info(
        "connecting",
        passphrase="hunter2",
        url="postgresql://me:hunter2@db/x",
        headers={"Authorization": "Bearer hunter2"},
        error=RuntimeError(f"https://api.telegram.org/bot{bot}/send hunter"),
        token_id="77",
    )
    text = stream.getvalue()
    assert "hunter2" not in text
    assert bot not in text
    assert lines(stream)[0]["token_id"] == "77"


def test_lines_of_libraries_have_the_same_shape_and_are_cleaned_too(stream: io.StringIO) -> None:
    logging.getLogger("somelib").warning("retrying %s", "redis://:hunter2@cache")
    (line,) = lines(stream)
    assert line["action"] == "retrying redis://(hidden)@cache"
    assert (line["logger"], line["service"]) == ("somelib", "bidder")


def test_an_exception_is_one_line(stream: io.StringIO) -> None:
    try:
        raise ValueError("at postgresql://me:hunter2@db")
    except ValueError:
        get_log().exception("settling_failed")
    (line,) = lines(stream)
    assert "ValueError" in str(line["exception"])
    assert "hunter2" not in stream.getvalue()


def test_text_without_secrets_is_left_alone() -> None:
    assert redacted("0xabc http://127.0.0.1:80/x 12:30") == "0xabc http://127.0.0.1:80/x 12:30"
