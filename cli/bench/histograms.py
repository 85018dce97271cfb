"""Means out of a Prometheus scrape."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families


def mean_milliseconds(scrape: str, histogram: str) -> float | None:
    """Over all labels; None when nothing was observed."""
    total = count = 0.0
    for family in text_string_to_metric_families(scrape):
        for sample in family.samples:
            if sample.name == f"{histogram}_sum":
                total += sample.value
            elif sample.name == f"{histogram}_count":
                count += sample.value
    return round(total / count * 1000, 3) if count else None
