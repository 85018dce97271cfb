"""Signs orders and calls. The only module that touches the signing key; only the executor's bootstrap may import it."""

from __future__ import annotations

import secrets
from pathlib import Path

from coincurve import PrivateKey

from shared.domain.ids import VenueOrderId
from shared.domain.market import ProtocolVersion
from shared.domain.order import Side
from shared.venue.auth import Headers, l1_headers
from shared.venue.eip712 import (
    Exchange,
    OrderStruct,
    address_bytes,
    checksum_address,
    exchange,
    keccak256,
    login_digest,
    order_digest,
    order_struct_hash,
    wallet_digest,
    wallet_signature,
)
from shared.venue.order_terms import OrderTerms, SignedOrder, UnsignableOrderError, amounts_of, check
from shared.venue.wallet_calls import Batch, batch_digest

POLYGON = 137
STANDARD_EXCHANGE = "0xE111180000d2663C0091e4f400237545B87B996B"
NEG_RISK_EXCHANGE = "0xe2222d279d744050d28e00520010520000310F59"
EXCHANGE_V3 = "0xe3333700cA9d93003F00f0F71f8515005F6c00Aa"
EOA, PROXY, SAFE, DEPOSIT_WALLET = range(4)
SALT_BITS = 53
"""The salt is a JSON number: 53 bits survive every reader."""
_ZERO = "0x" + "00" * 32


class SigningKeyError(ValueError):
    """The key file or the wallet that goes with it cannot be used. The key is never part of the message."""


def new_salt() -> int:
    return secrets.randbits(SALT_BITS)


class OrderSigner:
    """One wallet's signer.

    `maker` holds the funds (empty: the key's own address); `signature_type` is 0 EOA, 1 proxy, 2 safe, 3 deposit
    wallet; `api_key` is the order's owner at the venue. Raises SigningKeyError.
    """

    def __init__(self, private_key_file: Path, chain_id: int, maker: str, signature_type: int, api_key: str) -> None:
        if signature_type not in {EOA, PROXY, SAFE, DEPOSIT_WALLET}:
            raise SigningKeyError(f"signature type {signature_type} is not 0, 1, 2 or 3")
        self._key: PrivateKey | None = _load_key(private_key_file)
        self.address = _address_of(self._key)
        self.maker = _wallet(maker or self.address)
        if signature_type == EOA and self.maker != self.address:
            raise SigningKeyError(f"signature type 0 trades from {self.address} itself, not from {self.maker}")
        self._signer = self.maker if signature_type == DEPOSIT_WALLET else self.address
        self._signature_type = signature_type
        self._chain_id = chain_id
        self._api_key = api_key

    def __repr__(self) -> str:
        return f"OrderSigner({self.address}, maker {self.maker}, type {self._signature_type})"

    def wipe(self) -> None:
        """Nothing can be signed afterwards."""
        self._key = None

    def sign(self, terms: OrderTerms, wall_ms: int, salt: int) -> SignedOrder:
        """The order and the id it will have at the venue. Raises UnsignableOrderError."""
        check(terms)
        if not 0 <= salt < 1 << SALT_BITS:
            raise UnsignableOrderError(f"salt {salt} is not of {SALT_BITS} bits")
        order = self._struct(terms, wall_ms, salt)
        target = self._exchange(terms)
        struct_hash = order_struct_hash(order)
        digest = order_digest(target.separator, struct_hash)
        signature = self._signature(target, struct_hash, digest)
        return SignedOrder(VenueOrderId("0x" + digest.hex()), self._body(terms, order, signature))

    def sign_batch(self, batch: Batch) -> str:
        """The owner's signature over the calls of his deposit wallet. Raises UnsignableOrderError."""
        if self._signature_type != DEPOSIT_WALLET or batch.wallet != self.maker:
            raise UnsignableOrderError(f"{batch.wallet} is not the deposit wallet of this signer")
        return "0x" + self._sign(batch_digest(batch, self._chain_id)).hex()

    def login_headers(self, timestamp_seconds: int, nonce: int = 0) -> Headers:
        """L1 headers of the key's own address, to make or derive L2 credentials."""
        digest = login_digest(self.address, timestamp_seconds, nonce, self._chain_id)
        return l1_headers(self.address, timestamp_seconds, nonce, "0x" + self._sign(digest).hex())

    def _struct(self, terms: OrderTerms, wall_ms: int, salt: int) -> OrderStruct:
        amounts = amounts_of(terms)
        return OrderStruct(
            salt=salt,
            maker=self.maker,
            signer=self._signer,
            token=int(terms.token),
            maker_amount=amounts.maker,
            taker_amount=amounts.taker,
            side=0 if terms.side is Side.BUY else 1,
            signature_type=self._signature_type,
            timestamp=wall_ms,
        )

    def _exchange(self, terms: OrderTerms) -> Exchange:
        if terms.version is ProtocolVersion.V2:
            return exchange(EXCHANGE_V3, "3", self._chain_id)
        return exchange(NEG_RISK_EXCHANGE if terms.neg_risk else STANDARD_EXCHANGE, "2", self._chain_id)

    def _signature(self, target: Exchange, struct_hash: bytes, digest: bytes) -> str:
        if self._signature_type != DEPOSIT_WALLET:
            return "0x" + self._sign(digest).hex()
        inner = self._sign(wallet_digest(target, struct_hash, self.maker))
        return "0x" + wallet_signature(inner, target, struct_hash).hex()

    def _sign(self, digest: bytes) -> bytes:
        """65 bytes, the last one 27 or 28."""
        if self._key is None:
            raise UnsignableOrderError("the signing key was wiped")
        signed = self._key.sign_recoverable(digest, hasher=None)
        return signed[:64] + bytes((signed[64] + 27,))

    def _body(self, terms: OrderTerms, order: OrderStruct, signature: str) -> bytes:
        post_only = ',"postOnly":true' if terms.post_only else ""
        return (
            f'{{"order":{{"salt":{order.salt},"maker":"{order.maker}","signer":"{order.signer}",'
            f'"tokenId":"{order.token}","makerAmount":"{order.maker_amount}","takerAmount":"{order.taker_amount}",'
            f'"side":"{terms.side}","expiration":"{terms.expiration_seconds}","signatureType":{order.signature_type},'
            f'"timestamp":"{order.timestamp}","metadata":"{_ZERO}","builder":"{_ZERO}","signature":"{signature}"}},'
            f'"owner":"{self._api_key}","orderType":"{terms.time_in_force}"{post_only},"deferExec":false}}'
        ).encode()


def _load_key(path: Path) -> PrivateKey:
    try:
        text = path.read_text(encoding="ascii").strip().removeprefix("0x")
    except OSError as error:
        raise SigningKeyError(f"cannot read the signing key file {path}: {error.strerror}") from None
    except UnicodeError:
        raise SigningKeyError(f"the signing key file {path} is not text") from None
    try:
        return PrivateKey(_key_bytes(text))
    except ValueError:
        raise SigningKeyError(f"the signing key file {path} does not hold 64 hex digits of a valid key") from None


def _address_of(key: PrivateKey) -> str:
    return checksum_address(keccak256(key.public_key.format(compressed=False)[1:])[12:])


def _wallet(text: str) -> str:
    try:
        return checksum_address(address_bytes(text))
    except ValueError as error:
        raise SigningKeyError(str(error)) from None


def _key_bytes(text: str) -> bytes:
    """Raises ValueError."""
    if len(text) != 64:
        raise ValueError("not 64 digits")
    return bytes.fromhex(text)
