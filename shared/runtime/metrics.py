"""Prometheus metrics of one process: names use the glossary and start with `tdmaker_`."""

from collections.abc import Sequence

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

PREFIX = "tdmaker_"
# From a NATS hop to a venue timeout; the budgets of design section 14 lie on bucket edges.
LATENCY_BUCKETS_SECONDS = (
    *(0.0005, 0.001, 0.0015, 0.0025, 0.0035, 0.005, 0.008, 0.012, 0.02, 0.035, 0.05, 0.1),
    *(0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)

disable_created_metrics()
"""When a counter was made is of no use here, and would double the number of series."""


class Metrics:
    """Makes metrics in a registry of its own; a name is given without the prefix."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        up = self.gauge("service_info", "One for each running process", ("service",))
        up.labels(service).set(1)
        self.ready = self.gauge("service_ready", "1 when recovered and connected, else 0")

    def counter(self, name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(PREFIX + name, help_text, labels, registry=self.registry)

    def gauge(self, name: str, help_text: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(PREFIX + name, help_text, labels, registry=self.registry)

    def latency(self, name: str, help_text: str, labels: Sequence[str] = ()) -> Histogram:
        """A histogram of wall seconds; the name ends in `_seconds`."""
        if not name.endswith("_seconds"):
            raise ValueError(f"{name}: a latency is named in seconds")
        return Histogram(PREFIX + name, help_text, labels, registry=self.registry, buckets=LATENCY_BUCKETS_SECONDS)

    def exposition(self) -> bytes:
        """The scrape in Prometheus text format: these, and what modules keep in the default registry."""
        return generate_latest(self.registry) + generate_latest(REGISTRY)
