"""Our signed bytes, order ids and headers against both of the venue's own packages, offline."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from eth_account import Account
from eth_account.messages import (
    _hash_eip191_message,  # pyright: ignore[reportPrivateUsage]
    encode_typed_data,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polymarket._internal.actions.orders.context import resolve_order_exchange_address
from polymarket._internal.actions.orders.limit import (
    _compute_limit_order_amounts,  # pyright: ignore[reportPrivateUsage]
)
from polymarket._internal.actions.orders.orders import create_signed_order, create_unsigned_order
from polymarket._internal.actions.orders.post import build_post_order_request
from polymarket._internal.actions.orders.typed_data import build_order_signature, build_order_typed_data
from polymarket._internal.actions.orders.types import OrderDraft, UnsignedOrder
from polymarket._internal.environment import PRODUCTION_CONFIG
from polymarket._internal.hmac import build_hmac_signature as sdk_hmac
from polymarket._internal.l1_auth import sign_api_key_auth
from polymarket._internal.wallet import WalletType
from polymarket.models.types import PositionId
from polymarket.types import EvmAddress, HexString
from py_clob_client_v2.clob_types import CreateOrderOptions, OrderArgsV2
from py_clob_client_v2.order_builder import OrderBuilder
from py_clob_client_v2.order_utils import ExchangeOrderBuilderV2, SignatureTypeV2
from py_clob_client_v2.signer import Signer
from py_clob_client_v2.signing import hmac as v2_hmac
from py_clob_client_v2.signing.eip712 import sign_clob_auth_message

from shared.domain.ids import TokenId
from shared.domain.market import ProtocolVersion
from shared.domain.money import Price, Shares
from shared.domain.order import Side, TimeInForce
from shared.venue.auth import Credentials, L2Signer
from shared.venue.order_terms import OrderTerms, SignedOrder, amounts_of
from shared.venue.trading import (
    DEPOSIT_WALLET,
    EOA,
    EXCHANGE_V3,
    NEG_RISK_EXCHANGE,
    POLYGON,
    PROXY,
    SAFE,
    STANDARD_EXCHANGE,
    OrderSigner,
)
from tests.fixtures.venue import ADDRESS, API_KEY, UP, UP_V2

KEY = "0x" + "11" * 32  # a test key; its address is ADDRESS
WALLET = "0x" + "22" * 20
WALLET_TYPES: dict[int, WalletType] = {
    EOA: "EOA",
    PROXY: "POLY_PROXY",
    SAFE: "GNOSIS_SAFE",
    DEPOSIT_WALLET: "DEPOSIT_WALLET",
}
MARKETS = {
    "standard": (UP, ProtocolVersion.V1, False, STANDARD_EXCHANGE, "2"),
    "neg risk": (UP, ProtocolVersion.V1, True, NEG_RISK_EXCHANGE, "2"),
    "protocol v2": (UP_V2, ProtocolVersion.V2, False, EXCHANGE_V3, "3"),
}
signature_types = pytest.mark.parametrize("signature_type", [EOA, PROXY, SAFE, DEPOSIT_WALLET])
markets = pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS.keys())
sides = pytest.mark.parametrize("side", list(Side))


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_text(KEY)
    return path


def signer_of(key_file: Path, signature_type: int) -> OrderSigner:
    return OrderSigner(key_file, POLYGON, ADDRESS if signature_type == EOA else WALLET, signature_type, API_KEY)


def terms_of(market: tuple[str, ProtocolVersion, bool, str, str], side: Side, **changes: object) -> OrderTerms:
    fields: dict[str, Any] = {
        "token": TokenId(market[0]),
        "side": side,
        "price": Price.of("0.79"),
        "shares": Shares.of("12.34"),
        "tick": Decimal("0.01"),
        "version": market[1],
        "neg_risk": market[2],
        **changes,
    }
    return OrderTerms(**fields)


def sdk_order(terms: OrderTerms, signature_type: int) -> UnsignedOrder:
    offered, requested = _compute_limit_order_amounts(
        price=terms.price.value, size=terms.shares.value, side=terms.side.value, tick_size=terms.tick
    )
    wallet = EvmAddress(ADDRESS if signature_type == EOA else WALLET)
    draft = OrderDraft(
        chain_id=POLYGON,
        exchange_address=resolve_order_exchange_address(
            PRODUCTION_CONFIG, asset_id=terms.token, neg_risk=terms.neg_risk
        ),
        expiration=terms.expiration_seconds,
        funder_address=wallet,
        offered_amount=offered,
        order_type="GTD" if terms.expiration_seconds else "GTC",
        side=terms.side.value,
        signer=EvmAddress(ADDRESS),
        requested_amount=requested,
        asset_id=PositionId(terms.token),
    )
    return create_unsigned_order(draft, wallet=wallet, wallet_type=WALLET_TYPES[signature_type])


def sdk_body(order: UnsignedOrder, *, post_only: bool) -> dict[str, Any]:
    typed = build_order_typed_data(order)
    inner = Account.from_key(KEY).sign_typed_data(full_message=typed)
    signature = build_order_signature(order, HexString("0x" + inner.signature.hex()))
    signed = create_signed_order(order, signature, post_only=post_only)
    return build_post_order_request(signed, owner_api_key=API_KEY)[1]


def plain_digest(order: UnsignedOrder) -> str:
    """The package gives no id: the plain order's digest is it, for every signature type."""
    typed = build_order_typed_data(order)
    message: dict[str, Any] = typed["message"]
    plain = {**typed, "primaryType": "Order", "message": message.get("contents", message)}
    plain["types"] = {name: fields for name, fields in typed["types"].items() if name != "TypedDataSign"}
    return "0x" + _hash_eip191_message(encode_typed_data(full_message=plain)).hex()


@signature_types
@markets
@sides
def test_the_maintained_client_sends_the_same_bytes(
    key_file: Path, signature_type: int, market: tuple[str, ProtocolVersion, bool, str, str], side: Side
) -> None:
    terms = terms_of(market, side)
    theirs = sdk_order(terms, signature_type)
    ours = signer_of(key_file, signature_type).sign(terms, theirs.timestamp, theirs.salt)
    assert json.loads(ours.body) == sdk_body(theirs, post_only=True)
    assert ours.venue_order_id == plain_digest(theirs)


@pytest.mark.parametrize("post_only", [True, False])
def test_the_unsigned_fields_are_the_same_too(key_file: Path, post_only: bool) -> None:
    terms = terms_of(
        MARKETS["standard"],
        Side.BUY,
        post_only=post_only,
        time_in_force=TimeInForce.GTD,
        expiration_seconds=1_999_999_999,
    )
    theirs = sdk_order(terms, EOA)
    ours = signer_of(key_file, EOA).sign(terms, theirs.timestamp, theirs.salt)
    assert json.loads(ours.body) == sdk_body(theirs, post_only=post_only)


def v2_signed(terms: OrderTerms, signature_type: int) -> Any:
    builder = OrderBuilder(
        Signer(KEY, POLYGON),
        SignatureTypeV2(signature_type),
        ADDRESS if signature_type == EOA else WALLET,
    )
    is_v2 = terms.version is ProtocolVersion.V2
    arguments = OrderArgsV2(
        token_id=None if is_v2 else terms.token,
        position_id=terms.token if is_v2 else None,
        price=float(terms.price.value),
        size=float(terms.shares.value),
        side=terms.side.value,
    )
    options: Any = CreateOrderOptions(tick_size=str(terms.tick), neg_risk=terms.neg_risk)  # pyright: ignore[reportArgumentType]
    return builder.build_order(arguments, options, version=2)


def compare_with_v2(ours: SignedOrder, theirs: Any, contract: str, version: str) -> None:
    order: dict[str, Any] = json.loads(ours.body)["order"]
    fields: dict[str, Any] = dataclasses.asdict(theirs)
    assert {name: str(value) for name, value in order.items() if name not in {"salt", "side"}} == {
        name: str(int(value) if name == "signatureType" else value)
        for name, value in fields.items()
        if name not in {"salt", "side"}
    }
    builder = ExchangeOrderBuilderV2(contract, POLYGON, Signer(KEY, POLYGON), domain_version=version)
    assert ours.venue_order_id == builder.build_order_hash(builder.build_order_typed_data(theirs))


@signature_types
@markets
@sides
def test_the_older_client_signs_the_same_order(
    key_file: Path, signature_type: int, market: tuple[str, ProtocolVersion, bool, str, str], side: Side
) -> None:
    terms = terms_of(market, side)
    theirs = v2_signed(terms, signature_type)
    ours = signer_of(key_file, signature_type).sign(terms, int(theirs.timestamp), int(theirs.salt))
    compare_with_v2(ours, theirs, market[3], market[4])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tick=st.sampled_from(["0.1", "0.01", "0.005", "0.0025", "0.001", "0.0001"]),
    step=st.integers(1, 9999),
    hundredths=st.integers(100, 10**7),
    side=st.sampled_from(list(Side)),
)
def test_amounts_are_the_maintained_clients_at_every_tick(tick: str, step: int, hundredths: int, side: Side) -> None:
    price = min(step * Decimal(tick), 1 - Decimal(tick))
    shares = Decimal(hundredths) / 100
    terms = terms_of(MARKETS["standard"], side, tick=Decimal(tick), price=Price(price), shares=Shares(shares))
    amounts = amounts_of(terms)
    theirs = _compute_limit_order_amounts(price=price, size=shares, side=side.value, tick_size=Decimal(tick))
    assert (amounts.maker, amounts.taker) == theirs


def test_the_login_is_signed_as_both_clients_sign_it(key_file: Path) -> None:
    headers = signer_of(key_file, EOA).login_headers(1_775_029_500, 2)
    sdk = sign_api_key_auth(Account.from_key(KEY), chain_id=POLYGON, timestamp=1_775_029_500, nonce=2)
    older = sign_clob_auth_message(Signer(KEY, POLYGON), 1_775_029_500, 2)
    assert headers["POLY_SIGNATURE"] == sdk.signature == older


def test_the_hmac_is_that_of_both_clients() -> None:
    v2_signature = cast("Any", v2_hmac).build_hmac_signature
    secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LQ=="
    body = '{"orderID":"0xabc"}'
    ours = L2Signer(Credentials(ADDRESS, "k", secret, "p")).signature(1_775_029_500, "DELETE", "/order", body.encode())
    assert ours == sdk_hmac(secret=secret, timestamp=1_775_029_500, method="DELETE", path="/order", body=body)
    assert ours == v2_signature(secret, "1775029500", "DELETE", "/order", body)
