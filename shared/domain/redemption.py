"""How tokens become cash at the venue."""

from enum import StrEnum


class Action(StrEnum):
    """Redeem all that is held of a resolved market; merge pairs of both outcomes of one that is not resolved."""

    REDEEM = "redeem"
    MERGE = "merge"
