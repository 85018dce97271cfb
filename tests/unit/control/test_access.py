"""Tokens: whose they are, and which files are refused."""

import pytest

from services.control.domain.access import Role, TokensError, parse_tokens
from services.control.domain.failed_logins import ADDRESSES_MAX, FAILURES_MAX, WINDOW_SECONDS, FailedLogins
from tests.unit.control.fakes import OPERATOR, TOKENS, VIEWER, tokens_file


def test_a_token_names_its_owner_and_what_they_may() -> None:
    viewer, operator = TOKENS.owner(VIEWER), TOKENS.owner(OPERATOR)
    assert viewer is not None
    assert operator is not None
    assert (viewer.name, viewer.role, viewer.may_act) == ("wall screen", Role.VIEWER, False)
    assert (operator.name, operator.may_act) == ("desk", True)


@pytest.mark.parametrize("token", ["", VIEWER[:-1], VIEWER + " ", "ü" * 30])
def test_any_other_text_is_nobodys_token(token: str) -> None:
    assert TOKENS.owner(token) is None


def test_the_tokens_themselves_are_not_kept() -> None:
    assert VIEWER not in repr(TOKENS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "it is not JSON"),
        ('{"tokens": []}', "it names no token"),
        (tokens_file(("a", "viewer", "short-hush")), "shorter than 24"),
        (tokens_file(("a", "admin", "hush")), "does not fit"),
        (tokens_file(("", "viewer", "h" * 30)), "a name has"),
        (tokens_file(("a", "viewer", "h" * 30), ("b", "viewer", "h" * 30)), "the token of b is somebody else's too"),
    ],
)
def test_a_tokens_file_that_cannot_be_used_says_why_and_shows_no_token(text: str, words: str) -> None:
    with pytest.raises(TokensError, match=words) as caught:
        parse_tokens(text)
    assert "hush" not in str(caught.value)


def test_too_many_wrong_tokens_within_a_minute_are_noticed() -> None:
    failures = FailedLogins()
    assert [failures.record("10.0.0.1", 1.0) for _ in range(FAILURES_MAX + 1)] == [False] * FAILURES_MAX + [True]
    assert not failures.record("10.0.0.2", 1.0)
    assert not failures.record("10.0.0.1", 2.0 + WINDOW_SECONDS)


def test_a_right_token_wipes_the_slate() -> None:
    failures = FailedLogins()
    for _ in range(FAILURES_MAX):
        failures.record("10.0.0.1", 1.0)
    failures.forget("10.0.0.1")
    assert not failures.record("10.0.0.1", 1.0)


def test_no_flood_of_addresses_makes_it_grow_without_bound() -> None:
    failures = FailedLogins()
    for number in range(ADDRESSES_MAX + 10):
        failures.record(str(number), 1.0)
    for _ in range(FAILURES_MAX):
        assert not failures.record("0", 1.0)
