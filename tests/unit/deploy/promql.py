"""Which metrics a PromQL expression names."""

import re

WORDS = frozenset(
    {"by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "and", "or", "unless", "le"}
)
HISTOGRAM_PARTS = ("_bucket", "_sum", "_count")


def metrics_in(expression: str) -> set[str]:
    """Names of metrics: neither functions, nor labels, nor words of the language; histograms without their suffix."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    names = re.findall(r"(?<![\w.])[a-zA-Z_:][\w:]*(?!\s*\(|\w)", bare)
    return {_base(name) for name in names if name not in WORDS}


def _base(name: str) -> str:
    for part in HISTOGRAM_PARTS:
        if name.endswith("_seconds" + part):
            return name.removesuffix(part)
    return name
