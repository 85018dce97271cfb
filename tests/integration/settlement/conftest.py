"""An account on a real Postgres."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.integration.settlement.account import TradingAccount


@pytest.fixture
def trading(postgres_database: str) -> Iterator[TradingAccount]:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        yield TradingAccount(connection).open()
