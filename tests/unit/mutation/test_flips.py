"""What the mutation check tries."""

from tests.mutation.flips import flips


def test_each_comparison_is_flipped_alone() -> None:
    source = "def f(a, b):\n    return a < b <= 3 or a is None\n"
    assert [(flip.line, flip.after) for flip in flips(source)] == [
        (2, "a <= b <= 3"),
        (2, "a < b < 3"),
        (2, "a is not None"),
    ]


def test_a_source_without_comparisons_has_no_flips() -> None:
    assert list(flips("x = 1\n")) == []
