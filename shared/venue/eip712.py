"""Digests the venue's contracts check, encoded by hand for the two structs we sign. Protocol sheet, 1.3, 2.4, 2.5, 7.

Type and domain hashes are made once; an order then costs two Keccaks and no typed-data encoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from Crypto.Hash import keccak

ORDER_TYPE = (
    b"Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,"
    b"uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"
)
_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_LOGIN_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId)"
_LOGIN_TYPE = b"ClobAuth(address address,string timestamp,uint256 nonce,string message)"
_LOGIN_MESSAGE = b"This message attests that I control the given wallet"
_WRAPPER_TYPE = (
    b"TypedDataSign(Order contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    + ORDER_TYPE
)
_EXCHANGE_NAME = b"Polymarket CTF Exchange"
_ZERO = bytes(32)


def keccak256(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


def word(number: int) -> bytes:
    """Raises OverflowError below 0 and above 256 bits."""
    return number.to_bytes(32, "big")


def address_bytes(address: str) -> bytes:
    """20 bytes. Raises ValueError unless it is 0x and 40 hex digits."""
    if len(address) != 42 or not address.startswith("0x"):
        raise ValueError(f"{address!r} is not an address: 0x and 40 hex digits")
    return bytes.fromhex(address[2:])


def address_word(address: str) -> bytes:
    """Raises ValueError as `address_bytes`."""
    return bytes(12) + address_bytes(address)


def checksum_address(raw: bytes) -> str:
    """The mixed-case spelling of EIP-55."""
    digits = raw.hex()
    marks = keccak256(digits.encode()).hex()
    return "0x" + "".join(c.upper() if int(mark, 16) >= 8 else c for c, mark in zip(digits, marks, strict=False))


@dataclass(frozen=True, slots=True)
class Exchange:
    """The contract and domain an order is signed for; `separator` is the domain's hash."""

    address: str
    version: str
    chain_id: int
    separator: bytes


@lru_cache(maxsize=64)
def exchange(address: str, version: str, chain_id: int) -> Exchange:
    separator = keccak256(
        keccak256(_DOMAIN_TYPE)
        + keccak256(_EXCHANGE_NAME)
        + keccak256(version.encode())
        + word(chain_id)
        + address_word(address)
    )
    return Exchange(address, version, chain_id, separator)


@dataclass(frozen=True, slots=True)
class OrderStruct:
    """The signed fields. Amounts are base units (6 decimals), `timestamp` wall milliseconds, `side` 0 BUY 1 SELL."""

    salt: int
    maker: str
    signer: str
    token: int
    maker_amount: int
    taker_amount: int
    side: int
    signature_type: int
    timestamp: int


_ORDER_TYPE_HASH = keccak256(ORDER_TYPE)
_WRAPPER_TYPE_HASH = keccak256(_WRAPPER_TYPE)
_WALLET_DOMAIN = keccak256(b"DepositWallet") + keccak256(b"1")


def order_struct_hash(order: OrderStruct) -> bytes:
    return keccak256(
        _ORDER_TYPE_HASH
        + word(order.salt)
        + address_word(order.maker)
        + address_word(order.signer)
        + word(order.token)
        + word(order.maker_amount)
        + word(order.taker_amount)
        + word(order.side)
        + word(order.signature_type)
        + word(order.timestamp)
        + _ZERO
        + _ZERO
    )


def order_digest(separator: bytes, struct_hash: bytes) -> bytes:
    """The order's id at the venue, for every signature type."""
    return keccak256(b"\x19\x01" + separator + struct_hash)


def wallet_digest(target: Exchange, struct_hash: bytes, wallet: str) -> bytes:
    """What the owner of a deposit wallet signs: the order wrapped with the wallet's own domain (ERC-7739)."""
    wrapped = keccak256(
        _WRAPPER_TYPE_HASH + struct_hash + _WALLET_DOMAIN + word(target.chain_id) + address_word(wallet) + _ZERO
    )
    return order_digest(target.separator, wrapped)


def wallet_signature(inner: bytes, target: Exchange, struct_hash: bytes) -> bytes:
    """317 bytes: the inner signature and what the wallet's contract needs to check it."""
    return inner + target.separator + struct_hash + ORDER_TYPE + len(ORDER_TYPE).to_bytes(2, "big")


def login_digest(address: str, timestamp_seconds: int, nonce: int, chain_id: int) -> bytes:
    """ClobAuth, the L1 login. Its domain stays at version 1."""
    domain = keccak256(keccak256(_LOGIN_DOMAIN_TYPE) + keccak256(b"ClobAuthDomain") + keccak256(b"1") + word(chain_id))
    struct = keccak256(
        keccak256(_LOGIN_TYPE)
        + address_word(address)
        + keccak256(str(timestamp_seconds).encode())
        + word(nonce)
        + keccak256(_LOGIN_MESSAGE)
    )
    return order_digest(domain, struct)
