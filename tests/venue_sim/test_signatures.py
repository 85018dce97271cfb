"""Order ids, request signatures and logins, held against vectors computed by the venue's official clients."""

import pytest

from tests.venue_sim.pen import Pen
from tests.venue_sim.stand import SLOT_START, Stand
from venue_sim import credentials, eip712
from venue_sim.eip712 import DOMAIN_2, DOMAIN_2_NEG_RISK, DOMAIN_3, OrderStruct, order_digest
from venue_sim.errors import VenueError

EOA = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
OWN_KEY = int("11" * 32, 16)
WALLET = "0x" + "2" * 40
POSITION = 663574927012476832975694178961957910328055987427402067619466963999000625152
SECRET = "A" * 43 + "="


def order(maker: str, token_id: int, signature_type: int) -> OrderStruct:
    return OrderStruct(
        12345, maker, maker, token_id, 5_000_000, 10_000_000, 0, signature_type, 1_700_000_000_000, bytes(32), bytes(32)
    )


@pytest.mark.parametrize(
    ("struct", "domain", "digest"),
    [
        pytest.param(
            order(EOA, 1234, 0),
            DOMAIN_2,
            "008af9e02d14ca85fa0b8fcc69b944c90817f465d5ab470dd2b151ddbe1f8de0",
            id="standard exchange, own key",
        ),
        pytest.param(
            order(WALLET, 1234, 3),
            DOMAIN_2,
            "d6b4ee5444f5f94d44e2d17bfc00fe0c95a4c364d3816cfb48f6c2dbd798def1",
            id="standard exchange, contract wallet",
        ),
        pytest.param(
            order(EOA, 1234, 0),
            DOMAIN_2_NEG_RISK,
            "7eaf2d32960381952270d376273f28280a30cfb91918ad8a3f7eeeba587e62a3",
            id="neg-risk exchange",
        ),
        pytest.param(
            order(EOA, POSITION, 0),
            DOMAIN_3,
            "adb767915d2dedb9cf6924b507c9efda3ab8b06b9a9d31017178de2d45405d17",
            id="protocol v2",
        ),
    ],
)
def test_an_order_id_is_its_digest(struct: OrderStruct, domain: bytes, digest: str) -> None:
    assert order_digest(struct, domain).hex() == digest


@pytest.mark.parametrize(
    ("method", "path", "body", "signature"),
    [
        ("GET", "/data/orders", b"", "9-I3DmVY9ObJ6EVf_KvrHpUWMOQJXiAjR5z7fO8qnPw="),
        ("DELETE", "/order", b'{"orderID":"0xabc"}', "uDik2sJCld_MdoWGqIQRFT0bSHuSAKTNTd3PXcRDnws="),
    ],
)
def test_a_request_signature_covers_time_method_path_and_body(
    method: str, path: str, body: bytes, signature: str
) -> None:
    assert credentials.request_signature(SECRET, "1000000", method, path, body) == signature


def test_the_signer_of_an_order_is_recovered() -> None:
    struct = order(EOA, 1234, 0)
    signature = Pen(OWN_KEY).sign(order_digest(struct, DOMAIN_2))

    assert eip712.order_signer(struct, DOMAIN_2, signature) == EOA


@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(65), b"\xff" * 65, bytes(64) + b"\x63"])
def test_a_malformed_signature_has_no_signer(signature: bytes) -> None:
    assert eip712.order_signer(order(EOA, 1234, 0), DOMAIN_2, signature) is None


def test_a_mirrored_signature_is_no_signature() -> None:
    digest = order_digest(order(EOA, 1234, 0), DOMAIN_2)
    signature = Pen(OWN_KEY).sign(digest)
    curve_order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    mirrored = (curve_order - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")

    assert eip712.recover(digest, signature[:32] + mirrored + bytes([55 - signature[64]])) is None


def signed_login(stand: Stand, *, seconds_off: int = 0, nonce: int = 0) -> dict[str, str]:
    trader = stand.trader(7)
    timestamp = str(SLOT_START + seconds_off)
    digest = eip712.auth_digest(trader.address, timestamp, nonce)
    return {
        "poly_address": trader.address,
        "poly_timestamp": timestamp,
        "poly_nonce": str(nonce),
        "poly_signature": trader.pen.sign_hex(digest),
    }


def test_a_login_names_address_and_nonce() -> None:
    stand = Stand()

    assert credentials.login(signed_login(stand, nonce=3), SLOT_START) == (stand.trader(7).address, 3)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"poly_nonce": "1"}, id="another nonce than signed"),
        pytest.param({"poly_address": EOA}, id="another address than the signer's"),
        pytest.param({"poly_timestamp": str(SLOT_START + 1)}, id="another time than signed"),
        pytest.param({"poly_signature": "0x1234"}, id="no signature"),
        pytest.param({"poly_signature": "hello"}, id="not even hex"),
        pytest.param({"poly_address": "0x12"}, id="no address"),
        pytest.param({"poly_nonce": str(1 << 300)}, id="a nonce beyond 256 bits"),
    ],
)
def test_a_login_that_was_not_signed_as_sent_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(VenueError, match="Invalid L1 Request headers") as refusal:
        credentials.login(signed_login(Stand()) | change, SLOT_START)
    assert refusal.value.status == 401


def test_a_stale_login_is_refused() -> None:
    with pytest.raises(VenueError, match="Invalid L1 Request headers"):
        credentials.login(signed_login(Stand(), seconds_off=-400), SLOT_START)


def test_keys_are_issued_once_and_derived_ever_after() -> None:
    stand = Stand()
    state, address = stand.exchange.state, EOA

    with pytest.raises(VenueError, match="Could not derive api key!"):
        credentials.derive(state, address, 0)
    key = credentials.issue(state, address, 0, deposit=5)
    stand.exchange.record(key)

    assert credentials.derive(state, address, 0) == key
    assert state.ledger.cash[address] == 5
    with pytest.raises(VenueError, match="Could not create api key"):
        credentials.issue(state, address, 0, deposit=5)
    assert credentials.issue(state, address, 1, deposit=5).deposit == 0


def l2_headers(stand: Stand, path: str = "/data/orders", seconds_off: int = 0) -> dict[str, str]:
    key = stand.trader(7).key
    timestamp = str(SLOT_START + seconds_off)
    return {
        "poly_address": key.address,
        "poly_api_key": key.api_key,
        "poly_passphrase": key.passphrase,
        "poly_timestamp": timestamp,
        "poly_signature": credentials.request_signature(key.secret, timestamp, "GET", path, b""),
    }


def test_a_signed_request_is_its_keys() -> None:
    stand = Stand()
    key = credentials.authenticate(
        stand.exchange.state, l2_headers(stand), method="GET", path="/data/orders", body=b"", wall_s=SLOT_START
    )

    assert key == stand.trader(7).key


@pytest.mark.parametrize(
    ("headers", "path", "body"),
    [
        pytest.param({"poly_api_key": "unknown"}, "/data/orders", b"", id="unknown key"),
        pytest.param({"poly_passphrase": "wrong"}, "/data/orders", b"", id="wrong passphrase"),
        pytest.param({"poly_signature": "wrong"}, "/data/orders", b"", id="wrong signature"),
        pytest.param({"poly_address": EOA}, "/data/orders", b"", id="someone else's address"),
        pytest.param({"poly_timestamp": "soon"}, "/data/orders", b"", id="no timestamp"),
        pytest.param({}, "/data/trades", b"", id="signed for another path"),
        pytest.param({}, "/data/orders", b"{}", id="signed for another body"),
    ],
)
def test_a_request_that_was_not_signed_as_sent_is_refused(headers: dict[str, str], path: str, body: bytes) -> None:
    stand = Stand()
    with pytest.raises(VenueError, match="Unauthorized/Invalid api key") as refusal:
        credentials.authenticate(
            stand.exchange.state,
            l2_headers(stand) | headers,
            method="GET",
            path=path,
            body=body,
            wall_s=SLOT_START,
        )
    assert refusal.value.status == 401
