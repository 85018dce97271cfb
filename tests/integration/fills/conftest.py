"""Fills lives beside a real executor: the same desk."""

from tests.integration.executor.conftest import live, venue

__all__ = ["live", "venue"]
