"""A wallet's calls, their digest and their submission against the official client, offline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from eth_account import Account
from polymarket._internal.actions.relayer.calls import (
    TransactionCall,
    ctf_merge_positions_call,
    ctf_redeem_positions_call,
    router_merge_call,
    router_redeem_call,
)
from polymarket._internal.actions.relayer.gasless import build_deposit_wallet_payload
from polymarket._internal.actions.relayer.signing.deposit_wallet import sign_deposit_wallet_batch
from polymarket._internal.environment import PRODUCTION_CONFIG
from polymarket.types import EvmAddress

from shared.domain.ids import Coin, MarketId, TokenId
from shared.domain.market import Market, Outcome, ProtocolVersion
from shared.domain.money import Shares
from shared.venue.order_terms import UnsignableOrderError
from shared.venue.relayer import batch_body
from shared.venue.trading import DEPOSIT_WALLET, EOA, POLYGON, OrderSigner
from shared.venue.wallet_calls import Batch, Call, merge_call, redeem_calls
from tests.fixtures.venue import ADDRESS, API_KEY
from tests.unit.settlement.cases import END, START

KEY = "0x" + "11" * 32  # a test key; its address is ADDRESS
WALLET = "0x" + "22" * 20
V1_CONDITION = "0x" + "ab" * 32
V2_CONDITION = "0x01" + "cd" * 30 + "00"
COLLATERAL = cast("EvmAddress", PRODUCTION_CONFIG.collateral_token)
ROUTER = cast("EvmAddress", PRODUCTION_CONFIG.protocol_v2_router)
ADAPTERS = {
    False: cast("EvmAddress", PRODUCTION_CONFIG.collateral_adapter),
    True: cast("EvmAddress", PRODUCTION_CONFIG.neg_risk_collateral_adapter),
}
neg_risks = pytest.mark.parametrize("neg_risk", [False, True], ids=["standard", "neg risk"])


def market(condition: str, version: ProtocolVersion, *, neg_risk: bool = False) -> Market:
    outcomes = (Outcome("Up", TokenId("1")), Outcome("Down", TokenId("2")))
    return Market(
        MarketId(condition), "slug", Coin("btc"), START, END, outcomes, Decimal("0.01"), Shares.of(5),
        Decimal("0.07"), version, neg_risk, accepting_orders=False,
    )  # fmt: skip


def as_theirs(calls: Sequence[Call]) -> list[TransactionCall]:
    return [TransactionCall(to=cast("EvmAddress", call.target), data=f"0x{call.data.hex()}") for call in calls]  # pyright: ignore[reportArgumentType]


@neg_risks
def test_a_v1_redemption_takes_both_outcomes_in_one_call(*, neg_risk: bool) -> None:
    ours = redeem_calls(market(V1_CONDITION, ProtocolVersion.V1, neg_risk=neg_risk), [10, 0])
    theirs = ctf_redeem_positions_call(ctf=ADAPTERS[neg_risk], collateral=COLLATERAL, condition_id=V1_CONDITION)
    assert as_theirs(ours) == [theirs]


@neg_risks
def test_a_v1_merge_names_its_amount(*, neg_risk: bool) -> None:
    ours = merge_call(market(V1_CONDITION, ProtocolVersion.V1, neg_risk=neg_risk), 7_000_000)
    theirs = ctf_merge_positions_call(
        target=ADAPTERS[neg_risk], collateral=COLLATERAL, condition_id=V1_CONDITION, amount=7_000_000
    )
    assert as_theirs([ours]) == [theirs]


def test_a_v2_redemption_takes_a_call_for_each_outcome_held() -> None:
    ours = redeem_calls(market(V2_CONDITION, ProtocolVersion.V2), [3_500_000, 1])
    theirs = [
        router_redeem_call(router=ROUTER, condition_id=V2_CONDITION, outcome_index=outcome, amount=amount)
        for outcome, amount in enumerate((3_500_000, 1))
    ]
    assert as_theirs(ours) == theirs
    assert as_theirs(redeem_calls(market(V2_CONDITION, ProtocolVersion.V2), [0, 5]))[0].data.endswith("5")


def test_a_v2_merge_names_its_amount() -> None:
    ours = merge_call(market(V2_CONDITION, ProtocolVersion.V2), 7_000_000)
    assert as_theirs([ours]) == [router_merge_call(router=ROUTER, condition_id=V2_CONDITION, amount=7_000_000)]


@pytest.mark.parametrize(
    ("condition", "version"),
    [
        pytest.param("0xab", ProtocolVersion.V1, id="too short"),
        pytest.param(V1_CONDITION, ProtocolVersion.V2, id="a hash is no v2 condition"),
    ],
)
def test_what_is_no_condition_is_never_called_for(condition: str, version: ProtocolVersion) -> None:
    with pytest.raises(ValueError, match="is no condition"):
        merge_call(market(condition, version), 1)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEY)
    return path


def test_the_official_client_signs_and_submits_the_same_batch(key_file: Path) -> None:
    calls = redeem_calls(market(V2_CONDITION, ProtocolVersion.V2), [3_500_000, 1])
    signer = OrderSigner(key_file, POLYGON, WALLET, DEPOSIT_WALLET, API_KEY)
    batch = Batch(signer.maker, 4, 1_800_000_600, calls)
    wallet = cast("EvmAddress", WALLET)
    theirs = sign_deposit_wallet_batch(
        Account.from_key(KEY), wallet=wallet, calls=as_theirs(calls), nonce="4", deadline="1800000600", chain_id=POLYGON
    )
    assert signer.sign_batch(batch) == theirs
    assert json.loads(batch_body(signer.address, batch, theirs, "Redeem slug")) == build_deposit_wallet_payload(
        signer_address=ADDRESS,
        deposit_wallet_factory=PRODUCTION_CONFIG.wallet_derivation.deposit_wallet_factory,
        wallet=wallet,
        calls=as_theirs(calls),
        nonce="4",
        deadline="1800000600",
        signature=theirs,
        metadata="Redeem slug",
    )


def test_a_batch_of_another_wallet_is_not_signed(key_file: Path) -> None:
    batch = Batch(WALLET, 0, 0, ())
    with pytest.raises(UnsignableOrderError, match="is not the deposit wallet"):
        OrderSigner(key_file, POLYGON, ADDRESS, EOA, API_KEY).sign_batch(batch)
    with pytest.raises(UnsignableOrderError, match="is not the deposit wallet"):
        OrderSigner(key_file, POLYGON, "0x" + "33" * 20, DEPOSIT_WALLET, API_KEY).sign_batch(batch)
