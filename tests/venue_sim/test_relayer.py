"""The simulator's relayer: a wallet's signed calls move tokens and cash once, in whole units, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.venue_sim.stand import SLOT_START, Stand, Trader
from venue_sim import eip712
from venue_sim.errors import VenueError
from venue_sim.exchange import Settings
from venue_sim.journal import Journal
from venue_sim.markets import Market
from venue_sim.relayer import Relayer, WalletBatch, WalletParams
from venue_sim.state import CHAIN_CONFIRMED, CHAIN_FAILED, Transaction
from venue_sim.units import UNIT
from venue_sim.wallet_calls import ADAPTER, COLLATERAL, ROUTER, WireCall, batch_digest

WALLET = "0x" + "77" * 20
DEADLINE = SLOT_START + 600


def word(number: int) -> str:
    return f"{number:064x}"


def call(target: str, signature: str, *words: str) -> WireCall:
    return WireCall(target, "0", "0x" + eip712.keccak(signature.encode())[:4].hex() + "".join(words))


def merge(market: Market, shares: int) -> WireCall:
    condition = market.condition_id[2:]
    if market.version == "v2":
        return call(ROUTER, "merge(bytes31,uint256)", condition, word(shares))
    return call(
        ADAPTER, "mergePositions(address,bytes32,bytes32,uint256[],uint256)", word(int(COLLATERAL, 16)), word(0),
        condition, word(160), word(shares), word(2), word(1), word(2),
    )  # fmt: skip


def redeem(market: Market, outcome: int, shares: int) -> WireCall:
    condition = market.condition_id[2:]
    if market.version == "v2":
        return call(ROUTER, "redeem(bytes31,uint256,uint256)", condition, word(outcome), word(shares))
    return call(
        ADAPTER, "redeemPositions(address,bytes32,bytes32,uint256[])", word(int(COLLATERAL, 16)), word(0), condition,
        word(128), word(2), word(1), word(2),
    )  # fmt: skip


class Desk:
    """A trader with a deposit wallet who holds both outcomes, ten shares of each."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        stand.exchange.settings = Settings(redeems=False)
        self.relayer = Relayer(stand.exchange, stand.timeline)
        self.trader: Trader = stand.trader(1)
        stand.flow({"0.50": "100"}, {"0.60": "100"})
        stand.trader(1).place(stand.market, "BUY", 0, "0.60", "10", maker=WALLET)
        stand.trader(1).place(stand.market, "BUY", 1, "0.50", "10", maker=WALLET)

    def batch(
        self, *calls: WireCall, nonce: int = 0, deadline: int = DEADLINE, trader: Trader | None = None
    ) -> WalletBatch:
        signer = (trader or self.trader).pen
        signature = signer.sign_hex(batch_digest(WALLET, nonce, deadline, calls))
        params = WalletParams(WALLET, str(deadline), list(calls))
        return WalletBatch("WALLET", signer.address, str(nonce), signature, params)

    def submit(self, *calls: WireCall, nonce: int = 0) -> Transaction:
        return self.relayer.submit(self.batch(*calls, nonce=nonce), self.trader.key)

    def held(self) -> tuple[int, int]:
        return self.trader.shares(self.stand.market, 0), self.trader.shares(self.stand.market, 1)


@pytest.fixture(params=["v1", "v2"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    desk = Desk(Stand(version=request.param))
    yield desk
    assert desk.stand.exchange.state.ledger.total_cash() == desk.stand.exchange.state.ledger.deposited


def test_a_merged_pair_is_a_dollar_before_anybody_knows_who_won(desk: Desk) -> None:
    before = desk.trader.cash()
    sent = desk.submit(merge(desk.stand.market, 4 * UNIT))
    assert (desk.held(), desk.trader.cash()) == ((10 * UNIT, 10 * UNIT), before)
    desk.stand.pass_wall(1000)
    assert sent.state == CHAIN_CONFIRMED
    assert (desk.held(), desk.trader.cash()) == ((6 * UNIT, 6 * UNIT), before + 4 * UNIT)
    desk.stand.assert_nothing_created_or_lost()


def test_winning_tokens_stay_until_they_are_redeemed_and_pay_a_dollar_each(desk: Desk) -> None:
    before = desk.trader.cash()
    desk.stand.exchange.resolve_market(desk.stand.market, 0)
    assert (desk.held(), desk.trader.cash()) == ((10 * UNIT, 10 * UNIT), before)
    desk.submit(redeem(desk.stand.market, 0, 10 * UNIT))
    desk.stand.pass_wall(1000)
    losing = 0 if desk.stand.market.version == "v1" else 10 * UNIT
    assert (desk.held(), desk.trader.cash()) == ((0, losing), before + 10 * UNIT)


def test_losing_tokens_are_redeemed_for_nothing(desk: Desk) -> None:
    before = desk.trader.cash()
    desk.stand.exchange.resolve_market(desk.stand.market, 0)
    desk.submit(redeem(desk.stand.market, 1, 10 * UNIT))
    desk.stand.pass_wall(1000)
    gained = 10 * UNIT if desk.stand.market.version == "v1" else 0
    assert (desk.held()[1], desk.trader.cash()) == (0, before + gained)


def test_wrong_amounts_move_nothing(desk: Desk) -> None:
    market = desk.stand.market
    for calls, reason in (
        ([merge(market, 10 * UNIT + 1)], "insufficient balance"),
        ([merge(market, 6 * UNIT), merge(market, 5 * UNIT)], "insufficient balance"),
        ([merge(market, 0)], "amount is zero"),
        ([redeem(market, 0, 1)], "payouts are not reported"),
    ):
        with pytest.raises(VenueError, match=reason):
            desk.submit(*calls)
    assert desk.held() == (10 * UNIT, 10 * UNIT)


def test_what_cannot_be_done_any_more_when_it_is_mined_fails_and_its_nonce_is_free(desk: Desk) -> None:
    sent = desk.submit(merge(desk.stand.market, 10 * UNIT))
    desk.trader.place(desk.stand.market, "SELL", 0, "0.50", "10", maker=WALLET)
    desk.stand.pass_wall(1000)
    assert (sent.state, sent.reason) == (CHAIN_FAILED, "insufficient balance")
    assert desk.stand.exchange.state.wallet_nonces[desk.trader.address] == 0


def test_the_same_bytes_act_once(desk: Desk) -> None:
    batch = desk.batch(merge(desk.stand.market, UNIT))
    desk.relayer.submit(batch, desk.trader.key)
    with pytest.raises(VenueError, match="in-flight"):
        desk.relayer.submit(batch, desk.trader.key)
    desk.stand.pass_wall(1000)
    with pytest.raises(VenueError, match="batch nonce 0 does not match on-chain nonce 1"):
        desk.relayer.submit(batch, desk.trader.key)
    assert desk.held() == (9 * UNIT, 9 * UNIT)


def test_only_the_owner_signs_for_his_wallet_and_only_in_time(desk: Desk) -> None:
    calls = merge(desk.stand.market, UNIT)
    stranger = desk.stand.trader(2)
    for batch in (desk.batch(calls, trader=stranger), desk.batch(calls, deadline=DEADLINE - 1200)):
        with pytest.raises(VenueError, match=r"invalid signature|deadline has passed"):
            desk.relayer.submit(batch, desk.trader.key)
    with pytest.raises(VenueError, match="invalid signature"):
        desk.relayer.submit(desk.batch(calls, trader=stranger), stranger.key)


def test_calls_of_other_contracts_and_torn_ones_are_refused(desk: Desk) -> None:
    market = desk.stand.market
    for wrong in (
        WireCall(COLLATERAL, "0", merge(market, UNIT).data),
        WireCall(merge(market, UNIT).target, "1", merge(market, UNIT).data),
        WireCall(merge(market, UNIT).target, "0", merge(market, UNIT).data[:-2]),
        WireCall(merge(market, UNIT).target, "0", merge(market, UNIT).data[:-64]),
        WireCall(merge(market, UNIT).target, "0", "0x"),
    ):
        with pytest.raises(VenueError, match=r"cannot be read|not supported"):
            desk.submit(wrong)


def test_more_than_25_submissions_a_minute_are_too_many(desk: Desk) -> None:
    for nonce in range(25):
        with pytest.raises(VenueError, match="does not match"):
            desk.submit(merge(desk.stand.market, UNIT), nonce=nonce + 1)
    with pytest.raises(VenueError, match="Too many"):
        desk.submit(merge(desk.stand.market, UNIT))
    desk.stand.pass_wall(60_000)
    desk.submit(merge(desk.stand.market, UNIT))


def test_what_was_under_way_at_a_kill_is_executed_once_afterwards(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    desk = Desk(Stand(journal=journal))
    desk.submit(merge(desk.stand.market, 10 * UNIT))
    journal.close()

    again = Stand(journal=Journal(tmp_path), clock=desk.stand.clock)
    Relayer(again.exchange, again.timeline)
    again.pass_wall(1000)

    assert again.trader(1).shares(again.market, 0) == 0
    assert again.exchange.state.wallet_nonces[desk.trader.address] == 1
    again.assert_nothing_created_or_lost()
