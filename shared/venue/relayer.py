"""The venue's relayer: it sends a wallet's signed calls to the chain and pays for them. Protocol sheet, section 6.

The sheet says that it is asynchronous, wants a key of its own and takes 25 submissions a minute; paths, bodies, states
and refusals are read from the official client.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path

import msgspec

from shared.venue.eip712 import address_bytes
from shared.venue.errors import MayHaveBeenSentError, NotSentError, VenueFrameError, VenueUnreachableError
from shared.venue.http import BeforeWrite, HttpClient, Response
from shared.venue.rejections import read_error
from shared.venue.wallet_calls import Batch
from shared.venue.wire import decode, json_text

WALLET_FACTORY = "0x00000000000Fb5C9ADea0298D729A0CB3823Cc07"
_SPENT = re.compile(r"batch nonce (\d+) does not match on-chain nonce (\d+)", re.IGNORECASE)
_NONCE = re.compile(r"[0-9]{1,78}")
_BUSY = re.compile(r"wallet busy.*active action|wallet has in-flight action", re.IGNORECASE)


class RelayerKeyError(ValueError):
    """The key file cannot be used. Its content is never part of the message."""


class _File(msgspec.Struct):
    key: str
    address: str


@dataclass(frozen=True, slots=True)
class RelayerKey:
    """Lets a transaction be relayed; it moves nothing without the owner's signature. `address` is whose it is."""

    key: str = field(repr=False)
    address: str

    @classmethod
    def load(cls, path: Path) -> RelayerKey:
        """From JSON {"key","address"}. Raises RelayerKeyError naming the file."""
        try:
            raw = msgspec.json.decode(path.read_bytes(), type=_File)
            address_bytes(raw.address)
        except OSError as error:
            raise RelayerKeyError(f"cannot read the relayer key file {path}: {error.strerror}") from None
        except (msgspec.MsgspecError, ValueError):
            raise RelayerKeyError(f"the relayer key file {path} is not JSON with key and address") from None
        if not raw.key:
            raise RelayerKeyError(f"the relayer key file {path} has an empty key")
        return cls(raw.key, raw.address)


class TransactionState(StrEnum):
    """Under way, done, or never to be done: executed, mined and new are all under way, only confirmed is final."""

    UNDER_WAY = "under_way"
    CONFIRMED = "confirmed"
    FAILED = "failed"


_STATES: Mapping[str, TransactionState] = {
    "STATE_NEW": TransactionState.UNDER_WAY,
    "STATE_EXECUTED": TransactionState.UNDER_WAY,
    "STATE_MINED": TransactionState.UNDER_WAY,
    "STATE_CONFIRMED": TransactionState.CONFIRMED,
    "STATE_FAILED": TransactionState.FAILED,
    "STATE_INVALID": TransactionState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Transaction:
    """`reason` is the relayer's, of a failed one."""

    state: TransactionState
    reason: str


@dataclass(frozen=True, slots=True)
class Submitted:
    transaction: str


@dataclass(frozen=True, slots=True)
class Busy:
    """Not now: the wallet has another action under way, or too many were sent."""

    text: str


@dataclass(frozen=True, slots=True)
class NonceSpent:
    """The wallet has used this batch's nonce: these bytes, or others, were executed."""

    text: str


@dataclass(frozen=True, slots=True)
class SubmissionRefused:
    """A final 4xx to these bytes."""

    text: str


@dataclass(frozen=True, slots=True)
class SubmissionUnknown:
    """Nobody knows whether the relayer has it. `was_sent` False: not one byte left."""

    text: str
    was_sent: bool


SubmitAnswer = Submitted | Busy | NonceSpent | SubmissionRefused | SubmissionUnknown


class _Params(msgspec.Struct):
    nonce: str


class _Submitted(msgspec.Struct):
    transaction: str = msgspec.field(name="transactionID")


class _Transaction(msgspec.Struct):
    state: str
    error_msg: str | None = None


class RelayerClient:
    """Reads raise VenueUnreachableError or VenueFrameError; submitting never raises."""

    def __init__(self, http: HttpClient, key: RelayerKey, timeout_seconds: float = 5.0) -> None:
        self._http = http
        self._headers = {"RELAYER_API_KEY": key.key, "RELAYER_API_KEY_ADDRESS": key.address}
        self._timeout_seconds = timeout_seconds

    async def close(self) -> None:
        await self._http.close()

    async def nonce(self, owner: str) -> int:
        """The one that the next batch of the owner's deposit wallet has to carry."""
        body = await self._read(f"/v1/account/transactions/params?address={owner}&type=WALLET")
        nonce = decode(body, _Params).nonce
        if not _NONCE.fullmatch(nonce):
            raise VenueFrameError("nonce", "not a whole number", body)
        return int(nonce)

    async def submit(self, body: bytes, before_write: BeforeWrite | None = None) -> SubmitAnswer:
        """Sends signed bytes as they are."""
        try:
            response = await self._request("POST", "/submit", body, before_write)
        except NotSentError as error:
            return SubmissionUnknown(error.reason, was_sent=False)
        except MayHaveBeenSentError as error:
            return SubmissionUnknown(error.reason, was_sent=True)
        return read_submitted(response)

    async def transaction(self, transaction: str) -> Transaction:
        body = await self._read(f"/v1/account/transactions/{transaction}")
        found = decode(body, _Transaction)
        if found.state not in _STATES:
            raise VenueFrameError("state", "unknown", body)
        return Transaction(_STATES[found.state], found.error_msg or "")

    async def _read(self, path: str) -> bytes:
        response = await self._request("GET", path)
        if response.status != HTTPStatus.OK:
            raise VenueUnreachableError(f"HTTP {response.status}: {_text(response)}", http_status=response.status)
        return response.body

    async def _request(
        self, method: str, path: str, body: bytes = b"", before_write: BeforeWrite | None = None
    ) -> Response:
        return await self._http.request(
            method,
            path,
            headers=self._headers,
            body=body,
            timeout_seconds=self._timeout_seconds,
            before_write=before_write,
        )


def batch_body(owner: str, batch: Batch, signature: str, metadata: str) -> bytes:
    """A submission: `signature` is the owner's over `batch_digest`, `metadata` a line for humans."""
    calls = [{"target": call.target, "value": "0", "data": "0x" + call.data.hex()} for call in batch.calls]
    return json_text(
        {
            "type": "WALLET",
            "from": owner,
            "to": WALLET_FACTORY,
            "nonce": str(batch.nonce),
            "signature": signature,
            "metadata": metadata,
            "depositWalletParams": {
                "depositWallet": batch.wallet,
                "deadline": str(batch.deadline_seconds),
                "calls": calls,
            },
        }
    )


def read_submitted(response: Response) -> SubmitAnswer:
    """A 2xx that cannot be read is unknown: the relayer may have it."""
    text = _text(response)
    if response.status < HTTPStatus.BAD_REQUEST:
        try:
            return Submitted(decode(response.body, _Submitted).transaction)
        except VenueFrameError as error:
            return SubmissionUnknown(str(error), was_sent=True)
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status == HTTPStatus.REQUEST_TIMEOUT:
        return SubmissionUnknown(f"HTTP {response.status}: {text}", was_sent=True)
    if response.status == HTTPStatus.TOO_MANY_REQUESTS or _BUSY.search(text):
        return Busy(text)
    spent = _SPENT.search(text)
    if spent and int(spent[1]) < int(spent[2]):
        return NonceSpent(text)
    return SubmissionRefused(text)


def _text(response: Response) -> str:
    return read_error(response.status, response.body).text[:160]
