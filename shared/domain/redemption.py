"""How tokens become cash at the venue."""

from enum import StrEnum

DEPOSIT_WALLET = 3
"""Signature type of the wallets that redeem through the relayer: all accounts since 2026-05 (protocol sheet, 7)."""


class Action(StrEnum):
    """Redeem all that is held of a resolved market; merge pairs of both outcomes of one that is not resolved."""

    REDEEM = "redeem"
    MERGE = "merge"
