"""Typed-data digests of the venue and the recovery of who signed them, from the EIP-712 text itself."""

from dataclasses import dataclass
from functools import lru_cache

from coincurve import PublicKey
from Crypto.Hash import keccak as _keccak

CHAIN_ID = 137
STANDARD_EXCHANGE = "0xE111180000d2663C0091e4f400237545B87B996B"
NEG_RISK_EXCHANGE = "0xe2222d279d744050d28e00520010520000310F59"
EXCHANGE_V3 = "0xe3333700cA9d93003F00f0F71f8515005F6c00Aa"
CONTRACT_WALLET_SIGNATURE = 3

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_SIGNATURE_BYTES = 65


def keccak(data: bytes) -> bytes:
    return _keccak.new(digest_bits=256, data=data).digest()


_ORDER_TYPE = (
    b"Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,"
    b"uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"
)
_ORDER_TYPE_HASH = keccak(_ORDER_TYPE)
_DOMAIN_TYPE_HASH = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_WALLET_TYPE_HASH = keccak(
    b"TypedDataSign(Order contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    + _ORDER_TYPE
)
_AUTH_TYPE_HASH = keccak(b"ClobAuth(address address,string timestamp,uint256 nonce,string message)")
_AUTH_MESSAGE_HASH = keccak(b"This message attests that I control the given wallet")


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _address(text: str) -> bytes:
    return bytes(12) + bytes.fromhex(text[2:])


def _exchange_domain(version: str, contract: str) -> bytes:
    return keccak(
        _DOMAIN_TYPE_HASH
        + keccak(b"Polymarket CTF Exchange")
        + keccak(version.encode())
        + _word(CHAIN_ID)
        + _address(contract)
    )


DOMAIN_2 = _exchange_domain("2", STANDARD_EXCHANGE)
DOMAIN_2_NEG_RISK = _exchange_domain("2", NEG_RISK_EXCHANGE)
DOMAIN_3 = _exchange_domain("3", EXCHANGE_V3)
_AUTH_DOMAIN = keccak(
    keccak(b"EIP712Domain(string name,string version,uint256 chainId)")
    + keccak(b"ClobAuthDomain")
    + keccak(b"1")
    + _word(CHAIN_ID)
)


@dataclass(frozen=True, slots=True)
class OrderStruct:
    """The eleven signed fields of an order. `side` is 0 for BUY, 1 for SELL."""

    salt: int
    maker: str
    signer: str
    token_id: int
    maker_amount: int
    taker_amount: int
    side: int
    signature_type: int
    timestamp_ms: int
    metadata: bytes
    builder: bytes

    def struct_hash(self) -> bytes:
        return keccak(
            b"".join(
                (
                    _ORDER_TYPE_HASH,
                    _word(self.salt),
                    _address(self.maker),
                    _address(self.signer),
                    _word(self.token_id),
                    _word(self.maker_amount),
                    _word(self.taker_amount),
                    _word(self.side),
                    _word(self.signature_type),
                    _word(self.timestamp_ms),
                    self.metadata,
                    self.builder,
                )
            )
        )


def order_digest(order: OrderStruct, domain: bytes) -> bytes:
    """The order id (32 bytes) of `order` in the exchange `domain`, for every signature type."""
    return keccak(b"\x19\x01" + domain + order.struct_hash())


def order_signer(order: OrderStruct, domain: bytes, signature: bytes) -> str | None:
    """The key that signed `order`, or None when the signature is not one."""
    if order.signature_type == CONTRACT_WALLET_SIGNATURE:
        return _wallet_signer(order, domain, signature)
    return recover(order_digest(order, domain), signature)


def _wallet_signer(order: OrderStruct, domain: bytes, signature: bytes) -> str | None:
    """ERC-7739: the owner signs the order nested in its wallet's own domain and appends what was signed."""
    contents = order.struct_hash()
    trailer = domain + contents + _ORDER_TYPE + len(_ORDER_TYPE).to_bytes(2, "big")
    if signature[_SIGNATURE_BYTES:] != trailer:
        return None
    nested = keccak(
        _WALLET_TYPE_HASH
        + contents
        + keccak(b"DepositWallet")
        + keccak(b"1")
        + _word(CHAIN_ID)
        + _address(order.signer)
        + bytes(32)
    )
    return recover(keccak(b"\x19\x01" + domain + nested), signature[:_SIGNATURE_BYTES])


def auth_digest(address: str, timestamp: str, nonce: int) -> bytes:
    """Digest of the L1 login message."""
    struct = keccak(
        _AUTH_TYPE_HASH + _address(address) + keccak(timestamp.encode()) + _word(nonce) + _AUTH_MESSAGE_HASH
    )
    return keccak(b"\x19\x01" + _AUTH_DOMAIN + struct)


def recover(digest: bytes, signature: bytes) -> str | None:
    """Checksummed address that signed `digest`; None for anything malformed or malleable."""
    if len(signature) != _SIGNATURE_BYTES or int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    recovery = signature[64] - 27 if signature[64] >= 27 else signature[64]
    if recovery not in {0, 1}:
        return None
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + bytes([recovery]), digest, hasher=None)
    except ValueError:
        return None
    return checksum_address(keccak(key.format(compressed=False)[1:])[12:])


@lru_cache(maxsize=4096)
def checksum_address(raw: bytes) -> str:
    """EIP-55 spelling of a 20-byte address."""
    text = raw.hex()
    digest = keccak(text.encode()).hex()
    return "0x" + "".join(
        char.upper() if int(nibble, 16) >= 8 else char for char, nibble in zip(text, digest, strict=False)
    )


def parse_address(text: str) -> str:
    """Any spelling of an address to its checksummed one. Raises ValueError."""
    if not text.startswith("0x") or len(text) != 42:
        raise ValueError(text)
    return checksum_address(bytes.fromhex(text[2:]))
