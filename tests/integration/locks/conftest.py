from collections.abc import Iterator

import pytest

from tests.integration.db.desk import Desk


@pytest.fixture
def desk(postgres_database: str) -> Iterator[Desk]:
    opened = Desk.opened(postgres_database, limit="20")
    yield opened
    differences = opened.differences()
    opened.close()
    assert differences == []
