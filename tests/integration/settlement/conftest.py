"""An account, streams and logs for the tests beside this file."""

from tests.integration.settlement.fixtures import jetstream, logging_as_before, trading

__all__ = ["jetstream", "logging_as_before", "trading"]
