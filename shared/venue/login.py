"""From a signed L1 login to L2 credentials. Protocol sheet, section 2.4."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from shared.venue.auth import Credentials
from shared.venue.errors import VenueUnreachableError
from shared.venue.http import HttpClient, Response
from shared.venue.rejections import read_error
from shared.venue.wire import decode

DERIVE = "/auth/derive-api-key"
CREATE = "/auth/api-key"


class LoginRefusedError(PermissionError):
    """The venue does not take the login: a wrong signature, address or clock."""


class _Key(msgspec.Struct):
    api_key: str = msgspec.field(name="apiKey")
    secret: str
    passphrase: str


async def obtain_credentials(http: HttpClient, headers: Mapping[str, str]) -> Credentials:
    """The credentials the address has, made if there are none. `headers` are those of an `OrderSigner`'s login.

    Raises LoginRefusedError, VenueUnreachableError, VenueFrameError.
    """
    answer = await http.request("GET", DERIVE, headers=headers)
    if answer.status == HTTPStatus.BAD_REQUEST:
        answer = await http.request("POST", CREATE, headers=headers)
    key = decode(_accepted(answer).body, _Key)
    return Credentials(headers["POLY_ADDRESS"], key.api_key, key.secret, key.passphrase)


def _accepted(answer: Response) -> Response:
    if answer.status == HTTPStatus.OK:
        return answer
    text = read_error(answer.status, answer.body).text
    if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise LoginRefusedError(f"the venue refuses the login: {text[:160]}")
    raise VenueUnreachableError(f"HTTP {answer.status}: {text[:160]}", http_status=answer.status)
