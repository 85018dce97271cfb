"""Names of things. Each is text with a type of its own, so that one cannot be passed for another."""

from typing import NewType

AccountId = NewType("AccountId", str)
"""venue:mode:wallet; paper and live never share one."""
MarketId = NewType("MarketId", str)
"""The venue's condition id, 0x and 62 or 64 hex digits."""
TokenId = NewType("TokenId", str)
"""The traded asset: a decimal number as text (`clobTokenIds` or `positionIds`, by protocol version)."""
OrderId = NewType("OrderId", str)
"""Our name for an order; for entries derived from (tag, market, outcome, rung, attempt)."""
VenueOrderId = NewType("VenueOrderId", str)
"""Theirs: the order's EIP-712 digest, known before it is sent."""
RedemptionId = NewType("RedemptionId", str)
"""account/market/action/attempt."""
TradeId = NewType("TradeId", str)
Coin = NewType("Coin", str)
"""Lower case: btc, eth, sol, xrp."""


def entry_order_id(tag: str, market: MarketId, outcome: str, rung: int, attempt: int) -> OrderId:
    """The id of an entry: the same plan makes the same id, so a repeated intent cannot become a second order."""
    return OrderId(f"{tag}/{market}/{outcome}/{rung}/{attempt}")


def exit_order_id(tag: str, market: MarketId, outcome: str, attempt: int) -> OrderId:
    """The id of a sale; `attempt` counts those before it."""
    return OrderId(f"{tag}/{market}/{outcome}/exit/{attempt}")
