"""Which streams reach the notifier."""

from services.notifier.handlers import Notifier
from shared.bus.facts import Facts

STREAMS = ("fills", "settlements", "trading_state")


def subscribe(facts: Facts, notifier: Notifier) -> None:
    for stream in STREAMS:
        facts.subscribe(stream, notifier.on_fact)
