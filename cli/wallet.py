"""The throwaway wallet with which an `up` trades at the simulator, and its L2 credentials."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from coincurve import PrivateKey

from cli.errors import EXIT_USAGE, CommandError
from cli.home import write_private
from shared.domain.clock import Clock
from shared.runtime.secrets import read_secret_file
from shared.venue.auth import Credentials, Headers, l1_headers
from shared.venue.eip712 import checksum_address, keccak256, login_digest
from shared.venue.errors import VenueFrameError, VenueUnreachableError
from shared.venue.http import HttpClient
from shared.venue.login import LoginRefusedError, obtain_credentials

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


async def log_in(wallet: Wallet, clob_url: str, chain_id: int, clock: Clock) -> Credentials:
    """The wallet's L2 credentials: those it has, or new ones. Raises CommandError."""
    client = HttpClient(clob_url)
    try:
        return await obtain_credentials(client, wallet.login_headers(int(clock.wall().timestamp()), chain_id))
    except (VenueUnreachableError, VenueFrameError, LoginRefusedError) as error:
        raise CommandError(f"no login at {clob_url}: {error}; check the address and the key") from None
    finally:
        await client.close()


def write_credentials(path: Path, credentials: Credentials) -> None:
    """In the form in which `Credentials.load` reads them."""
    content = {
        "address": credentials.address,
        "apiKey": credentials.api_key,
        "secret": credentials.secret,
        "passphrase": credentials.passphrase,
    }
    write_private(path, json.dumps(content))
