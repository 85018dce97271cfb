"""Who is calling: the L1 login signature and the L2 request signature, both really verified."""

import base64
import binascii
import hmac
import secrets
import uuid
from collections.abc import Mapping

from venue_sim.eip712 import auth_digest, parse_address, recover
from venue_sim.errors import VenueError, bad_request, unauthorized
from venue_sim.facts import KeyIssued
from venue_sim.state import State

MAXIMUM_SKEW_SECONDS = 300


def login(headers: Mapping[str, str], wall_s: int) -> tuple[str, int]:
    """(address, nonce) of a signed L1 login. Raises VenueError 401."""
    try:
        address = parse_address(headers["poly_address"])
        timestamp, nonce = headers["poly_timestamp"], int(headers.get("poly_nonce", "0"))
        signature = bytes.fromhex(headers["poly_signature"].removeprefix("0x"))
        fresh = abs(int(timestamp) - wall_s) <= MAXIMUM_SKEW_SECONDS
        signer = recover(auth_digest(address, timestamp, nonce), signature) if fresh else None
    except (KeyError, ValueError, OverflowError) as error:
        raise _bad_login() from error
    if signer != address:
        raise _bad_login()
    return address, nonce


def issue(state: State, address: str, nonce: int, deposit: int) -> KeyIssued:
    """New credentials; the first key of an address comes with a deposit. Raises VenueError when it has one."""
    if state.key_of(address, nonce) is not None:
        raise bad_request("Could not create api key")
    known = address.lower() in state.wallets
    secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return KeyIssued(address, nonce, str(uuid.uuid4()), secret, secrets.token_hex(32), 0 if known else deposit)


def derive(state: State, address: str, nonce: int) -> KeyIssued:
    """The credentials an address already has. Raises VenueError 400 when it has none."""
    key = state.key_of(address, nonce)
    if key is None:
        raise bad_request("Could not derive api key!")
    return key


def authenticate(
    state: State, headers: Mapping[str, str], *, method: str, path: str, body: bytes, wall_s: int
) -> KeyIssued:
    """The key that signed this request. `path` is without its query. Raises VenueError 401."""
    key = state.keys.get(headers.get("poly_api_key", ""))
    if key is None or not hmac.compare_digest(headers.get("poly_passphrase", "").encode(), key.passphrase.encode()):
        raise unauthorized()
    timestamp = headers.get("poly_timestamp", "")
    if not timestamp.isdecimal() or abs(int(timestamp) - wall_s) > MAXIMUM_SKEW_SECONDS:
        raise unauthorized()
    expected = request_signature(key.secret, timestamp, method, path, body)
    if not hmac.compare_digest(headers.get("poly_signature", "").encode(), expected.encode()):
        raise unauthorized()
    if headers.get("poly_address", "").lower() != key.address.lower():
        raise unauthorized()
    return key


def authenticate_socket(state: State, auth: Mapping[str, object]) -> KeyIssued | None:
    """The key of a socket's `auth` object: sockets send the secret itself."""
    key = state.keys.get(str(auth.get("apiKey", "")))
    if key is None or auth.get("secret") != key.secret or auth.get("passphrase") != key.passphrase:
        return None
    return key


def request_signature(secret: str, timestamp: str, method: str, path: str, body: bytes) -> str:
    """urlsafe-base64(HMAC-SHA256(decoded secret, timestamp + method + path + body)). Raises ValueError."""
    try:
        key = base64.urlsafe_b64decode(secret)
    except binascii.Error as error:
        raise ValueError(secret) from error
    message = f"{timestamp}{method}{path}".encode() + body
    return base64.urlsafe_b64encode(hmac.digest(key, message, "sha256")).decode()


def _bad_login() -> VenueError:
    return VenueError(401, "Invalid L1 Request headers")
