import pytest

from tests.system.run import Ended

pytestmark = pytest.mark.system


def test_it_traded_and_settled_and_agrees_with_the_venue_on_everything(ended: Ended) -> None:
    summary = ended.summary
    assert ended.exit_code == 0, f"{ended.said}\n{ended.error_lines()}"
    assert (summary["mode"], summary["venue"]) == ("live", "sim")
    assert min(summary["orders"], summary["fills"], summary["settled"]) >= 1
    assert (summary["referee_difference"], summary["errors"], summary["restarts"]) == (0, 0, 0), ended.said
