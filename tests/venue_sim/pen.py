"""A private key that signs digests."""

from typing import Any

from coincurve import PrivateKey

from venue_sim import eip712


class Pen:
    """`secret` is the private key as a number; tests only, worth nothing anywhere."""

    def __init__(self, secret: int) -> None:
        self._key: Any = PrivateKey(secret.to_bytes(32, "big"))
        point: bytes = self._key.public_key.format(compressed=False)
        self.address = eip712.checksum_address(eip712.keccak(point[1:])[12:])

    def sign(self, digest: bytes) -> bytes:
        """r, s and v (27 or 28)."""
        raw: bytes = self._key.sign_recoverable(digest, hasher=None)
        return raw[:64] + bytes([raw[64] + 27])

    def sign_hex(self, digest: bytes) -> str:
        return "0x" + self.sign(digest).hex()
