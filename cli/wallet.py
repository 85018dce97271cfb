"""The throwaway wallet with which an `up` trades at the simulator, and its L2 credentials."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from coincurve import PrivateKey

from cli.errors import EXIT_USAGE, CommandError
from cli.home import write_private
from shared.domain.clock import Clock
from shared.runtime.secrets import read_secret_file
from shared.venue.auth import Headers, l1_headers
from shared.venue.eip712 import checksum_address, keccak256, login_digest
from shared.venue.errors import MayHaveBeenSentError, NotSentError
from shared.venue.http import HttpClient

NONCE = 0


@dataclass(frozen=True, slots=True)
class Wallet:
    """A signing key that is used here for the L1 login alone."""

    key: PrivateKey

    @property
    def address(self) -> str:
        return checksum_address(keccak256(self.key.public_key.format(compressed=False)[1:])[12:])

    def login_headers(self, timestamp_seconds: int, chain_id: int) -> Headers:
        digest = login_digest(self.address, timestamp_seconds, NONCE, chain_id)
        signed = self.key.sign_recoverable(digest, hasher=None)
        signature = signed[:64] + bytes((signed[64] + 27,))
        return l1_headers(self.address, timestamp_seconds, NONCE, "0x" + signature.hex())


def make_key(path: Path) -> None:
    """Writes a new random key, unless there is one."""
    if not path.exists():
        write_private(path, "0x" + secrets.token_hex(32))


def read_wallet(path: Path) -> Wallet:
    """Raises CommandError or SettingsError."""
    text = read_secret_file("private_key_file", path).removeprefix("0x")
    try:
        return Wallet(PrivateKey(bytes.fromhex(text)))
    except ValueError:
        raise CommandError(
            f"private_key_file={path}: is no key; put 64 hex digits in it, or name another file", EXIT_USAGE
        ) from None


async def log_in(wallet: Wallet, clob_url: str, chain_id: int, clock: Clock) -> dict[str, str]:
    """The wallet's L2 credentials: those it has, or new ones. Raises CommandError."""
    client = HttpClient(clob_url)
    try:
        headers = wallet.login_headers(int(clock.wall().timestamp()), chain_id)
        answer = await client.request("GET", "/auth/derive-api-key", headers=headers)
        if answer.status == 400:
            answer = await client.request("POST", "/auth/api-key", headers=headers)
    except (NotSentError, MayHaveBeenSentError) as error:
        raise CommandError(f"no login at {clob_url}: {error}; is the venue reachable?") from None
    finally:
        await client.close()
    if answer.status != 200:
        said = answer.body[:200].decode(errors="replace")
        raise CommandError(f"{clob_url} refused the login of {wallet.address} ({answer.status}): {said}")
    return {"address": wallet.address, **_three(answer.body, clob_url)}


def write_credentials(path: Path, credentials: dict[str, str]) -> None:
    write_private(path, json.dumps(credentials))


def _three(body: bytes, clob_url: str) -> dict[str, str]:
    try:
        found = cast("dict[str, object]", json.loads(body))
        return {name: str(found[name]) for name in ("apiKey", "secret", "passphrase")}
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{clob_url} answered the login with something else than credentials") from None
