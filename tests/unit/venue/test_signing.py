"""Signed orders: their ids, their keys, and what is never shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from coincurve import PublicKey

from shared.domain.ids import TokenId
from shared.domain.market import ProtocolVersion
from shared.venue.eip712 import (
    OrderStruct,
    address_bytes,
    checksum_address,
    exchange,
    keccak256,
    login_digest,
    order_digest,
    order_struct_hash,
)
from shared.venue.order_terms import UnsignableOrderError
from shared.venue.trading import (
    DEPOSIT_WALLET,
    EOA,
    EXCHANGE_V3,
    NEG_RISK_EXCHANGE,
    POLYGON,
    PROXY,
    STANDARD_EXCHANGE,
    OrderSigner,
    SigningKeyError,
    new_salt,
)
from tests.fixtures.venue import ADDRESS, API_KEY, UP_V2
from tests.unit.venue.test_order_terms import terms

KEY = "11" * 32  # a test key; its address is ADDRESS
WALLET = "0x" + "22" * 20
V2_TOKEN = 663574927012476832975694178961957910328055987427402067619466963999000625152
VECTORS = {
    "standard": (
        (STANDARD_EXCHANGE, "2", 1234, EOA, ADDRESS),
        "0x008af9e02d14ca85fa0b8fcc69b944c90817f465d5ab470dd2b151ddbe1f8de0",
    ),
    "deposit wallet": (
        (STANDARD_EXCHANGE, "2", 1234, DEPOSIT_WALLET, WALLET),
        "0xd6b4ee5444f5f94d44e2d17bfc00fe0c95a4c364d3816cfb48f6c2dbd798def1",
    ),
    "neg risk": (
        (NEG_RISK_EXCHANGE, "2", 1234, EOA, ADDRESS),
        "0x7eaf2d32960381952270d376273f28280a30cfb91918ad8a3f7eeeba587e62a3",
    ),
    "protocol v2": (
        (EXCHANGE_V3, "3", V2_TOKEN, EOA, ADDRESS),
        "0xadb767915d2dedb9cf6924b507c9efda3ab8b06b9a9d31017178de2d45405d17",
    ),
}


@pytest.mark.parametrize(("given", "order_id"), VECTORS.values(), ids=VECTORS.keys())
def test_an_order_id_is_that_of_the_test_vectors(given: tuple[str, str, int, int, str], order_id: str) -> None:
    contract, version, token, signature_type, maker = given
    order = OrderStruct(12345, maker, maker, token, 5_000_000, 10_000_000, 0, signature_type, 1_700_000_000_000)
    separator = exchange(contract, version, POLYGON).separator
    assert "0x" + order_digest(separator, order_struct_hash(order)).hex() == order_id


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("0x" + KEY + "\n")
    return path


def recovered(digest: bytes, signature: bytes) -> str:
    compact = signature[:64] + bytes((signature[64] - 27,))
    public = PublicKey.from_signature_and_message(compact, digest, hasher=None)
    return checksum_address(keccak256(public.format(compressed=False)[1:])[12:])


def order_of(body: bytes) -> dict[str, Any]:
    return json.loads(body)["order"]


def test_the_signature_is_the_keys_over_the_order_id(key_file: Path) -> None:
    signed = OrderSigner(key_file, POLYGON, "", EOA, API_KEY).sign(terms(), 1_775_029_500_000, 7)
    signature = bytes.fromhex(order_of(signed.body)["signature"][2:])
    assert recovered(bytes.fromhex(signed.venue_order_id[2:]), signature) == ADDRESS


def test_the_body_says_what_was_signed_and_what_is_not_signed(key_file: Path) -> None:
    signed = OrderSigner(key_file, POLYGON, "", EOA, API_KEY).sign(terms(), 1_775_029_500_000, 7)
    body: dict[str, Any] = json.loads(signed.body)
    assert {name: body[name] for name in ("owner", "orderType", "postOnly", "deferExec")} == {
        "owner": API_KEY,
        "orderType": "GTC",
        "postOnly": True,
        "deferExec": False,
    }
    assert (body["order"]["salt"], body["order"]["timestamp"], body["order"]["side"]) == (7, "1775029500000", "BUY")


def test_the_same_order_is_signed_to_the_same_bytes(key_file: Path) -> None:
    signer = OrderSigner(key_file, POLYGON, "", EOA, API_KEY)
    assert signer.sign(terms(), 1, 7) == signer.sign(terms(), 1, 7)
    assert signer.sign(terms(), 1, 7).venue_order_id != signer.sign(terms(), 1, 8).venue_order_id


def test_a_proxy_holds_the_funds_and_the_key_signs(key_file: Path) -> None:
    order = order_of(OrderSigner(key_file, POLYGON, WALLET, PROXY, API_KEY).sign(terms(), 1, 7).body)
    assert (order["maker"], order["signer"], order["signatureType"]) == (WALLET, ADDRESS, PROXY)


def test_a_deposit_wallet_is_maker_and_signer_and_its_signature_is_wrapped(key_file: Path) -> None:
    order = order_of(OrderSigner(key_file, POLYGON, WALLET, DEPOSIT_WALLET, API_KEY).sign(terms(), 1, 7).body)
    assert (order["maker"], order["signer"]) == (WALLET, WALLET)
    assert len(bytes.fromhex(order["signature"][2:])) == 317


def test_a_v2_market_is_signed_for_its_own_exchange(key_file: Path) -> None:
    signer = OrderSigner(key_file, POLYGON, "", EOA, API_KEY)
    v2 = terms(token=TokenId(UP_V2), version=ProtocolVersion.V2)
    assert signer.sign(v2, 1, 7).venue_order_id != signer.sign(terms(), 1, 7).venue_order_id


def test_terms_that_break_a_rule_are_not_signed(key_file: Path) -> None:
    signer = OrderSigner(key_file, POLYGON, "", EOA, API_KEY)
    with pytest.raises(UnsignableOrderError):
        signer.sign(terms(expiration_seconds=1), 1, 7)
    with pytest.raises(UnsignableOrderError, match="salt"):
        signer.sign(terms(), 1, 1 << 53)


def test_a_wiped_signer_signs_nothing(key_file: Path) -> None:
    signer = OrderSigner(key_file, POLYGON, "", EOA, API_KEY)
    signer.wipe()
    with pytest.raises(UnsignableOrderError, match="wiped"):
        signer.sign(terms(), 1, 7)


def test_the_key_is_never_shown(key_file: Path) -> None:
    assert KEY not in repr(OrderSigner(key_file, POLYGON, "", EOA, API_KEY))


def test_the_login_is_signed_by_the_key(key_file: Path) -> None:
    headers = OrderSigner(key_file, POLYGON, "", EOA, API_KEY).login_headers(1_775_029_500, 3)
    digest = login_digest(ADDRESS, 1_775_029_500, 3, POLYGON)
    assert recovered(digest, bytes.fromhex(headers["POLY_SIGNATURE"][2:])) == ADDRESS
    assert (headers["POLY_ADDRESS"], headers["POLY_TIMESTAMP"], headers["POLY_NONCE"]) == (ADDRESS, "1775029500", "3")


BAD_KEYS = {
    "too short": "11" * 31,
    "not hex": "zz" * 32,
    "zero": "00" * 32,
    "beyond the curve": "ff" * 32,
    "empty": "",
    "not text": "\u00e9" * 64,
}


@pytest.mark.parametrize("content", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_a_key_file_that_will_not_do_is_named_and_its_content_is_not(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SigningKeyError) as refusal:
        OrderSigner(path, POLYGON, "", EOA, API_KEY)
    assert str(path) in str(refusal.value)
    assert not content or content not in str(refusal.value)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="cannot read"):
        OrderSigner(tmp_path / "nowhere", POLYGON, "", EOA, API_KEY)


@pytest.mark.parametrize(("maker", "signature_type"), [(WALLET, EOA), ("0x12", PROXY), ("", 4)])
def test_a_wallet_that_does_not_go_with_the_key_is_refused(key_file: Path, maker: str, signature_type: int) -> None:
    with pytest.raises(SigningKeyError):
        OrderSigner(key_file, POLYGON, maker, signature_type, API_KEY)


def test_addresses_are_spelled_with_their_checksum() -> None:
    assert checksum_address(address_bytes(ADDRESS.lower())) == ADDRESS


def test_salts_fit_a_json_number_and_differ() -> None:
    salts = {new_salt() for _ in range(100)}
    assert len(salts) == 100
    assert max(salts) < 2**53
