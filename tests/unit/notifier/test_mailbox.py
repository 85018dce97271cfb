"""A Telegram that is slow, dead or back again."""

from collections.abc import Iterator

import pytest
import stamina

from services.notifier.adapters.mailbox import BoundedMailbox
from shared.runtime.metrics import Metrics
from tests.unit.notifier.fakes import FakeTelegram


@pytest.fixture(autouse=True)
def _without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


def scraped(metrics: Metrics, sample: str) -> float:
    lines = metrics.exposition().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(sample))


async def test_texts_that_wait_together_travel_as_one_message_in_order() -> None:
    telegram, metrics = FakeTelegram(), Metrics("notifier")
    mailbox = BoundedMailbox(telegram, metrics, pause_seconds=0)
    for text in ("one", "two", "three"):
        mailbox.offer(text)
    await mailbox.flush()
    assert telegram.delivered == ["one\n\ntwo\n\nthree"]
    assert scraped(metrics, 'tdmaker_notifications_total{ended="sent"}') == 3


async def test_a_text_too_long_for_one_message_waits_for_the_next() -> None:
    telegram = FakeTelegram()
    mailbox = BoundedMailbox(telegram, Metrics("notifier"), pause_seconds=0)
    mailbox.offer("a" * 3000)
    mailbox.offer("b" * 3000)
    mailbox.offer("c" * 9000)
    await mailbox.flush()
    assert [len(message) for message in telegram.delivered] == [3000, 3000, 3500]


async def test_a_failure_is_tried_again() -> None:
    telegram, metrics = FakeTelegram(failures=2), Metrics("notifier")
    mailbox = BoundedMailbox(telegram, metrics, pause_seconds=0)
    mailbox.offer("one")
    await mailbox.flush()
    assert telegram.delivered == ["one"]
    assert scraped(metrics, "tdmaker_telegram_reachable") == 1


async def test_a_dead_telegram_is_counted_and_visible_and_does_not_stop_the_next_text() -> None:
    telegram, metrics = FakeTelegram(failures=3), Metrics("notifier")
    mailbox = BoundedMailbox(telegram, metrics, pause_seconds=0)
    mailbox.offer("lost")
    await mailbox.flush()
    assert telegram.attempts == 3
    assert scraped(metrics, 'tdmaker_notifications_total{ended="failed"}') == 1
    assert scraped(metrics, "tdmaker_telegram_reachable") == 0
    mailbox.offer("heard")
    await mailbox.flush()
    assert telegram.delivered == ["heard"]


async def test_a_full_mailbox_lets_the_oldest_text_go_and_counts_it() -> None:
    telegram, metrics = FakeTelegram(), Metrics("notifier")
    mailbox = BoundedMailbox(telegram, metrics, waiting_max=2, pause_seconds=0)
    for text in ("one", "two", "three"):
        mailbox.offer(text)
    assert scraped(metrics, 'tdmaker_notifications_total{ended="dropped"}') == 1
    await mailbox.flush()
    assert telegram.delivered == ["two\n\nthree"]
