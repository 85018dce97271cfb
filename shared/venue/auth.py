"""Headers that prove who asks: L1 by a signature of the key, L2 by a shared secret. Protocol sheet, section 2.4."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from shared.venue.eip712 import address_bytes

Headers = dict[str, str]


class CredentialsError(ValueError):
    """The credentials file cannot be used. Its content is never part of the message."""


class _File(msgspec.Struct):
    address: str
    apiKey: str  # noqa: N815
    secret: str
    passphrase: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """L2 credentials: they read, cancel and beat; they cannot place. `address` is the owner of the API key."""

    address: str
    api_key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> Credentials:
        """From JSON {"address","apiKey","secret","passphrase"}. Raises CredentialsError naming file and field."""
        try:
            raw = msgspec.json.decode(path.read_bytes(), type=_File)
        except OSError as error:
            raise CredentialsError(f"cannot read the credentials file {path}: {error.strerror}") from None
        except msgspec.MsgspecError as error:
            said = str(error) if isinstance(error, msgspec.ValidationError) else "not JSON"
            raise CredentialsError(f"the credentials file {path} is not usable: {said}") from None
        return cls(raw.address, raw.apiKey, raw.secret, raw.passphrase).checked(path)

    def save(self, path: Path) -> None:
        """To the same form, readable by its owner alone; the file appears whole or not at all."""
        content = _File(self.address, self.api_key, self.secret, self.passphrase)
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        part.write_bytes(msgspec.json.encode(content))
        part.replace(path)

    def checked(self, path: Path) -> Credentials:
        """Itself. Raises CredentialsError."""
        try:
            address_bytes(self.address)
            _secret_bytes(self.secret)
        except ValueError:
            raise CredentialsError(f"the credentials file {path} has no usable address or secret") from None
        if not self.api_key or not self.passphrase:
            raise CredentialsError(f"the credentials file {path} has an empty apiKey or passphrase")
        return self


def _secret_bytes(secret: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.b64decode(secret + "=" * (-len(secret) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeError) as error:
        raise ValueError("the secret is not url-safe base64") from error


class L2Signer:
    """Makes the five L2 headers. The key's hash state is made once and copied per request."""

    def __init__(self, credentials: Credentials) -> None:
        self._address = credentials.address
        self._api_key = credentials.api_key
        self._passphrase = credentials.passphrase
        self._mac = hmac.new(_secret_bytes(credentials.secret), digestmod=hashlib.sha256)

    def __repr__(self) -> str:
        return f"L2Signer({self._address})"

    def headers(self, timestamp_seconds: int, method: str, path: str, body: bytes = b"") -> Headers:
        """`path` without its query; `body` the exact bytes sent; `timestamp_seconds` wall time."""
        return {
            "POLY_ADDRESS": self._address,
            "POLY_API_KEY": self._api_key,
            "POLY_PASSPHRASE": self._passphrase,
            "POLY_TIMESTAMP": str(timestamp_seconds),
            "POLY_SIGNATURE": self.signature(timestamp_seconds, method, path, body),
        }

    def signature(self, timestamp_seconds: int, method: str, path: str, body: bytes = b"") -> str:
        mac = self._mac.copy()
        mac.update(f"{timestamp_seconds}{method}{path}".encode() + body)
        return base64.urlsafe_b64encode(mac.digest()).decode("ascii")


def l1_headers(address: str, timestamp_seconds: int, nonce: int, signature: str) -> Headers:
    """`signature` is the key's, over `login_digest`."""
    return {
        "POLY_ADDRESS": address,
        "POLY_SIGNATURE": signature,
        "POLY_TIMESTAMP": str(timestamp_seconds),
        "POLY_NONCE": str(nonce),
    }
