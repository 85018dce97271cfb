"""What a deposit wallet is told to do for its owner: the calls that turn tokens into cash, and the batch he signs.

Protocol sheet, sections 1.4 and 6, for what is called where; the form is that of the official client, to which a
contract test holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.market import Market, ProtocolVersion
from shared.venue.eip712 import address_word, keccak256, order_digest, word

COLLATERAL = "0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB"
ADAPTER = "0xAdA100Db00Ca00073811820692005400218FcE1f"
NEG_RISK_ADAPTER = "0xadA2005600Dec949baf300f4C6120000bDB6eAab"
ROUTER = "0x12121212006e4CD160D18e3f00711DA5c3372600"
CONDITION_BYTES = 32
"""On the wire; a v2 condition has 31 of its own and a zero."""

_CALL_TYPE = b"Call(address target,uint256 value,bytes data)"
_BATCH_TYPE = b"Batch(address wallet,uint256 nonce,uint256 deadline,Call[] calls)" + _CALL_TYPE
_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_CALL_TYPE_HASH, _BATCH_TYPE_HASH = keccak256(_CALL_TYPE), keccak256(_BATCH_TYPE)
_DOMAIN_PREFIX = keccak256(_DOMAIN_TYPE) + keccak256(b"DepositWallet") + keccak256(b"1")
_BOTH_OUTCOMES = word(2) + word(1) + word(2)
"""The array of the two index sets."""


@dataclass(frozen=True, slots=True)
class Call:
    """One contract call without money; `data` is its ABI encoding."""

    target: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """All or nothing, once: the wallet counts `nonce` up. Void after `deadline_seconds` (Unix wall time)."""

    wallet: str
    nonce: int
    deadline_seconds: int
    calls: tuple[Call, ...]


def redeem_calls(market: Market, held: Sequence[int]) -> tuple[Call, ...]:
    """Everything held of a resolved market, base units in the order of its outcomes. A v1 market takes one call for
    both outcomes, a v2 market one for each that is held. Raises ValueError for a market whose id is no condition."""
    condition = _condition(market)
    if market.version is ProtocolVersion.V2:
        selector = _selector("redeem(bytes31,uint256,uint256)")
        return tuple(
            Call(ROUTER, selector + condition + word(outcome) + word(units))
            for outcome, units in enumerate(held)
            if units
        )
    selector = _selector("redeemPositions(address,bytes32,bytes32,uint256[])")
    return (Call(_adapter(market), selector + _position_of(condition) + word(4 * 32) + _BOTH_OUTCOMES),)


def merge_call(market: Market, units: int) -> Call:
    """So many of each outcome against as much cash. Raises ValueError as `redeem_calls`."""
    condition = _condition(market)
    if market.version is ProtocolVersion.V2:
        return Call(ROUTER, _selector("merge(bytes31,uint256)") + condition + word(units))
    selector = _selector("mergePositions(address,bytes32,bytes32,uint256[],uint256)")
    return Call(_adapter(market), selector + _position_of(condition) + word(5 * 32) + word(units) + _BOTH_OUTCOMES)


def batch_digest(batch: Batch, chain_id: int) -> bytes:
    """What the wallet's owner signs."""
    domain = keccak256(_DOMAIN_PREFIX + word(chain_id) + address_word(batch.wallet))
    calls = b"".join(
        keccak256(_CALL_TYPE_HASH + address_word(call.target) + word(0) + keccak256(call.data)) for call in batch.calls
    )
    struct = keccak256(
        _BATCH_TYPE_HASH
        + address_word(batch.wallet)
        + word(batch.nonce)
        + word(batch.deadline_seconds)
        + keccak256(calls)
    )
    return order_digest(domain, struct)


def _position_of(condition: bytes) -> bytes:
    """Collateral, no parent collection, condition."""
    return address_word(COLLATERAL) + bytes(32) + condition


def _condition(market: Market) -> bytes:
    raw = bytes.fromhex(market.market.removeprefix("0x"))
    is_short = market.version is ProtocolVersion.V2
    if len(raw) != CONDITION_BYTES or (is_short and raw[-1]):
        raise ValueError(f"{market.market} is no condition of a {market.version} market")
    return raw


def _adapter(market: Market) -> str:
    return NEG_RISK_ADAPTER if market.neg_risk else ADAPTER


def _selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]
