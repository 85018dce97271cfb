"""The figures of fills for Prometheus."""

from __future__ import annotations

from shared.runtime.metrics import Metrics


class PrometheusMeter:
    def __init__(self, metrics: Metrics) -> None:
        self._fills = metrics.counter("fills_total", "Fills booked, by who saw them first", ["source"])
        self._reports = metrics.counter("fill_reports_total", "Fills heard of, by what became of them", ["result"])
        self._booking = metrics.latency("fill_to_booked_seconds", "Fill heard to booking committed")
        self._parked = metrics.counter("fills_parked_total", "Fills kept for inspection, by reason", ["reason"])
        self._sweeps = metrics.counter("sweeps_total", "Readings of the venue's record", ["complete"])
        self._sweeping = metrics.latency("sweep_seconds", "Wall seconds of a reading of the venue's record")
        self._foreign = metrics.counter("foreign_orders_total", "Sightings of orders that are not ours")
        self._frames = metrics.counter("user_frames_malformed_total", "User frames that could not be read")
        self._connected = metrics.gauge("user_socket_connected", "1 while the user socket is open")

    def booked(self, result: str, source: str, seconds: float) -> None:
        self._reports.labels(result).inc()
        if result == "booked":
            self._fills.labels(source).inc()
        if result in {"booked", "confirmed", "reversed"}:
            self._booking.observe(seconds)

    def parked(self, reason: str) -> None:
        self._parked.labels(reason).inc()

    def swept(self, *, is_complete: bool, seconds: float) -> None:
        self._sweeps.labels("yes" if is_complete else "no").inc()
        self._sweeping.observe(seconds)

    def foreign_order(self) -> None:
        self._foreign.inc()

    def malformed_frame(self) -> None:
        self._frames.inc()

    def connected(self, *, is_connected: bool) -> None:
        self._connected.set(int(is_connected))
