"""Fills lives beside a real executor: the same desk."""

from tests.integration.executor.conftest import live, paper_floor, venue

__all__ = ["live", "paper_floor", "venue"]
