from collections.abc import Iterator

import pytest

from tests.integration.db.desk import Desk
from tests.integration.locks.rivals import Rivals, opened_rivals


@pytest.fixture
def desk(postgres_database: str) -> Iterator[Desk]:
    opened = Desk.opened(postgres_database, limit="20")
    yield opened
    differences = opened.differences()
    opened.close()
    assert differences == []


@pytest.fixture
def rivals(desk: Desk, postgres_database: str) -> Iterator[Rivals]:
    with opened_rivals(desk, postgres_database) as pair:
        yield pair
