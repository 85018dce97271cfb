"""The figures of fills for Prometheus."""

from __future__ import annotations

from services.fills.domain.proof import KINDS, UNITS_PER_SHARE
from shared.runtime.metrics import Metrics

SOURCES = ("user", "rest", "paper")
USER_FRAMES = "clob.user"
SHADOWS = ("open", "no_ask", "missed")


class PrometheusMeter:
    def __init__(self, metrics: Metrics) -> None:
        self._fills = metrics.counter("fills_total", "Fills booked, by who told of them first", ["source"])
        self._sightings = metrics.counter(
            "fill_sightings_total", "Fills heard of, each as often as it was", ["result", "source"]
        )
        self._booking = metrics.latency("fill_to_booked_seconds", "A new fill heard to its booking committed")
        self._parked = metrics.counter("fills_parked_total", "Fills kept for inspection, by reason", ["reason"])
        self._sweeps = metrics.counter("sweeps_total", "Readings of the venue's record", ["complete"])
        self._sweeping = metrics.latency("sweep_seconds", "Wall seconds of a reading of the venue's record")
        self._foreign = metrics.counter("foreign_orders_total", "Sightings of orders that are not ours")
        self._frames = metrics.counter("frames_refused_total", "Frames that could not be read", ["source"])
        self._connected = metrics.gauge("user_socket_connected", "1 while the user socket is open")
        self._shadows = metrics.counter("shadow_entries_total", "Shadow takers at a market's first fill", ["result"])
        self._adopted = metrics.counter("orders_adopted_total", "Orders of ours that only the venue knew")
        self._looks = metrics.counter("proof_looks_total", "Comparisons of our tables with the venue", ["complete"])
        for complete in ("yes", "no"):
            self._looks.labels(complete)
        self._unexplained = metrics.gauge(
            "unexplained",
            "Shares, each a dollar at most, by which our tables and the venue differ, two looks in a row; kind dollars:"
            " dollars; kind ledger: shares or dollars by which our tables differ with one another",
            ["kind"],
        )
        for kind in KINDS:
            self._unexplained.labels(kind)
        for result in SHADOWS:
            self._shadows.labels(result)
        for source in SOURCES:
            self._fills.labels(source)
        self._frames.labels(USER_FRAMES)

    def booked(self, result: str, source: str, seconds: float) -> None:
        self._sightings.labels(result, source).inc()
        if result == "booked":
            self._fills.labels(source).inc()
            self._booking.observe(seconds)

    def parked(self, reason: str) -> None:
        self._parked.labels(reason).inc()

    def swept(self, *, is_complete: bool, seconds: float) -> None:
        self._sweeps.labels("yes" if is_complete else "no").inc()
        self._sweeping.observe(seconds)

    def foreign_order(self) -> None:
        self._foreign.inc()

    def shadow(self, result: str) -> None:
        self._shadows.labels(result).inc()

    def adopted(self) -> None:
        self._adopted.inc()

    def looked(self, *, is_complete: bool) -> None:
        self._looks.labels("yes" if is_complete else "no").inc()

    def unexplained(self, kind: str, units: int) -> None:
        self._unexplained.labels(kind).set(units / UNITS_PER_SHARE)

    def frame_refused(self) -> None:
        self._frames.labels(USER_FRAMES).inc()

    def connected(self, *, is_connected: bool) -> None:
        self._connected.set(int(is_connected))
