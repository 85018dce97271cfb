"""Who we are, proven; and never printed."""

import json
from pathlib import Path

import pytest

from shared.venue.auth import Credentials, CredentialsError, L2Signer
from tests.fixtures.venue import ADDRESS

ZEROS = "A" * 43 + "="  # 32 zero bytes, a test vector
CREDENTIALS = Credentials(ADDRESS, "key", ZEROS, "pass")


def test_the_hmac_is_that_of_the_test_vectors() -> None:
    signer = L2Signer(CREDENTIALS)
    assert signer.signature(1000000, "GET", "/data/orders") == "9-I3DmVY9ObJ6EVf_KvrHpUWMOQJXiAjR5z7fO8qnPw="
    body = b'{"orderID":"0xabc"}'
    assert signer.signature(1000000, "DELETE", "/order", body) == "uDik2sJCld_MdoWGqIQRFT0bSHuSAKTNTd3PXcRDnws="


def test_the_headers_are_the_five_the_venue_wants() -> None:
    headers = L2Signer(CREDENTIALS).headers(1000000, "GET", "/data/orders")
    assert headers == {
        "POLY_ADDRESS": ADDRESS,
        "POLY_API_KEY": "key",
        "POLY_PASSPHRASE": "pass",
        "POLY_TIMESTAMP": "1000000",
        "POLY_SIGNATURE": "9-I3DmVY9ObJ6EVf_KvrHpUWMOQJXiAjR5z7fO8qnPw=",
    }


def test_nothing_secret_is_printed() -> None:
    shown = repr(CREDENTIALS) + repr(L2Signer(CREDENTIALS))
    assert ADDRESS in shown
    assert not any(secret in shown for secret in ("key", "pass", ZEROS))


def written(folder: Path, content: object) -> Path:
    path = folder / "credentials.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


GOOD = {"address": ADDRESS, "apiKey": "key", "secret": ZEROS, "passphrase": "pass"}


def test_credentials_are_read_from_their_file(tmp_path: Path) -> None:
    assert Credentials.load(written(tmp_path, GOOD)) == CREDENTIALS


def test_a_secret_without_its_padding_is_the_same_secret(tmp_path: Path) -> None:
    loaded = Credentials.load(written(tmp_path, {**GOOD, "secret": ZEROS.rstrip("=")}))
    assert L2Signer(loaded).signature(1, "GET", "/") == L2Signer(CREDENTIALS).signature(1, "GET", "/")


BAD = {
    "no JSON": "hunter2",
    "a field missing": {"address": ADDRESS, "apiKey": "key", "secret": "hunter2"},
    "an empty key": {**GOOD, "apiKey": ""},
    "a secret that is no base64": {**GOOD, "secret": "hunter2!"},
    "an address that is none": {**GOOD, "address": "0x1", "passphrase": "hunter2"},
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_a_file_that_will_not_do_is_named_and_its_content_is_not(tmp_path: Path, content: object) -> None:
    path = written(tmp_path, content)
    with pytest.raises(CredentialsError) as refusal:
        Credentials.load(path)
    assert str(path) in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"nowhere\.json"):
        Credentials.load(tmp_path / "nowhere.json")
