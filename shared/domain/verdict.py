"""What one filter looked at, what it held it against, and whether that passed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Text made for people and for the decision log: a decision is explained by the very values that made it.

    `value` and `limit` carry their unit where they have one ("0.31 %", "4.2 min"); `limit` is "off" where a setting of
    0 switches the filter off, and `value` is "unknown" where its data is missing.
    """

    name: str
    value: str
    limit: str
    passed: bool
