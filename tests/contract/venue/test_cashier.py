"""One cashier's contract: the fake of the executor's tests and the relayer's client at a simulator keep it alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from cli.wallet import log_in, make_key, read_wallet
from services.executor.adapters.relayer_cashier import RelayerCashier
from services.executor.domain.redemption import Held, Progress, Refused, Signed, Taken, Unanswered
from services.executor.ports import Cashier, VenueSilentError
from shared.domain.ids import Coin
from shared.domain.market import Market
from shared.domain.money import Cash, Price, Shares
from shared.domain.order import Side
from shared.runtime.clock import RealClock
from shared.venue.answers import Accepted
from shared.venue.clob import ClobClient
from shared.venue.gamma import slug_of
from shared.venue.http import HttpClient
from shared.venue.metadata import MetadataClient
from shared.venue.order_terms import OrderTerms
from shared.venue.relayer import RelayerClient, RelayerKey
from shared.venue.trading import OrderSigner, new_salt
from tests.unit.executor.fakes import MARKET, TurnedClock
from tests.unit.executor.test_redeeming import FakeChain
from tests.venue_sim.process import Address, simulator

START = 1_800_000_000
WALLET = "0x" + "77" * 20
PATIENCE_SECONDS = 10


@dataclass
class Counter:
    """`mined` returns once what was submitted has been executed; `spoil` makes the relayer refuse bytes."""

    cashier: Cashier
    market: Market
    mined: Callable[[], Awaitable[None]]
    spoil: Callable[[Signed], Signed]

    async def held(self) -> Held:
        return await self.cashier.held(self.market)

    async def merge(self, pairs: str) -> Signed:
        return await self.cashier.sign_merge(self.market, await self.held(), Shares.of(pairs))


def fake() -> Counter:
    chain = FakeChain(TurnedClock(), held_now=(Shares.of("10"), Shares.of("10")))

    async def mined() -> None:
        chain.mine()

    def spoil(signed: Signed) -> Signed:
        chain.answers.append(Refused("invalid signature"))
        chain.loses = True
        return signed

    return Counter(chain, MARKET, mined, spoil)


async def at_the_simulator(venue: Address, folder: Path, stack: AsyncExitStack) -> Counter:
    clock = RealClock()
    now_ms = int(clock.wall().timestamp() * 1000)
    body = {"origin_wall_ms": now_ms, "origin_domain_ms": (START + 60) * 1000, "speed": 1}
    async with httpx.AsyncClient() as client:
        (await client.post(f"{venue.http}/sim/clock", json=body)).raise_for_status()
    make_key(folder / "key")
    login = await log_in(read_wallet(folder / "key"), venue.http, 137, clock)
    signer = OrderSigner(folder / "key", 137, WALLET, 3, login.api_key)
    clob = ClobClient(HttpClient(venue.http), login, clock, maker=WALLET, signature_type=3)
    relayer = RelayerClient(HttpClient(f"{venue.http}/relayer"), RelayerKey(login.api_key, login.address))
    metadata = MetadataClient(f"{venue.http}/gamma", venue.http)
    for closed in (clob, relayer, metadata):
        stack.push_async_callback(closed.close)
    market = await metadata.market_by_slug(slug_of(Coin("btc"), 15, datetime.fromtimestamp(START, UTC)))
    assert market is not None
    cashier = RelayerCashier(clob, relayer, signer.sign_batch, signer.address, signer.maker, clock)
    for outcome in market.outcomes:
        terms = OrderTerms(
            outcome.token, Side.BUY, Price.of("0.99"), Shares.of("10"), market.tick, market.version, market.neg_risk,
            post_only=False,
        )  # fmt: skip
        signed = signer.sign(terms, int(clock.wall().timestamp() * 1000), new_salt())
        assert isinstance(await clob.post_order(signed.body), Accepted)

    async def mined() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            async with httpx.AsyncClient() as client:
                while any(
                    each["state"] in {"STATE_NEW", "STATE_MINED"}
                    for each in (await client.get(f"{venue.http}/sim/referee")).json()["transactions"]
                ):
                    await asyncio.sleep(0.02)

    def spoil(signed: Signed) -> Signed:
        return replace(signed, body=signed.body.replace(b'"nonce":"0"', b'"nonce":"7"'))

    return Counter(cashier, market, mined, spoil)


@pytest.fixture(params=["fake", "v1", "v2"])
async def counter(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Counter]:
    """A wallet that holds ten of each outcome."""
    if request.param == "fake":
        yield fake()
        return
    options = ("--seed", "7", "--coins", "btc", "--taker-hold-ms", "5", "--redemption", "on-request")
    async with AsyncExitStack() as stack:
        venue = stack.enter_context(simulator(*options, "--protocol-version", request.param))
        yield await at_the_simulator(venue, tmp_path, stack)


def nothing_against_it() -> None:
    return None


async def test_a_merge_leaves_what_it_said_and_brings_a_dollar_a_pair(counter: Counter) -> None:
    before = await counter.cashier.spendable()
    signed = await counter.merge("4")
    taken = await counter.cashier.submit(signed, nothing_against_it)
    assert isinstance(taken, Taken)
    await counter.mined()
    held = await counter.held()
    assert (held, signed.leaves) == ((Shares.of("6"), Shares.of("6")), Shares.of("6"))
    assert await counter.cashier.progress(taken.transaction) is Progress.CONFIRMED
    assert await counter.cashier.spendable() == before + Cash.of("4")


async def test_the_same_bytes_twice_act_once(counter: Counter) -> None:
    signed = await counter.merge("4")
    await counter.cashier.submit(signed, nothing_against_it)
    await counter.cashier.submit(signed, nothing_against_it)
    await counter.mined()
    await counter.cashier.submit(signed, nothing_against_it)
    await counter.mined()
    assert await counter.held() == (Shares.of("6"), Shares.of("6"))


async def test_what_the_last_look_refuses_is_not_sent(counter: Counter) -> None:
    answer = await counter.cashier.submit(await counter.merge("4"), lambda: "HALTED")
    await counter.mined()
    assert (answer, await counter.held()) == (Unanswered("HALTED"), (Shares.of("10"), Shares.of("10")))


async def test_a_final_no_is_a_refusal_and_moves_nothing(counter: Counter) -> None:
    spoilt = counter.spoil(await counter.merge("4"))
    assert isinstance(await counter.cashier.submit(spoilt, nothing_against_it), Refused)
    assert await counter.held() == (Shares.of("10"), Shares.of("10"))


async def test_a_redemption_leaves_nothing_of_a_resolved_market(counter: Counter) -> None:
    assert (await counter.cashier.sign_redemption(counter.market, await counter.held())).leaves == Shares.of("0")


async def test_a_venue_that_is_away_is_silent(tmp_path: Path) -> None:
    clock = RealClock()
    with simulator("--seed", "7", "--coins", "btc") as venue:
        async with AsyncExitStack() as stack:
            counter = await at_the_simulator(venue, tmp_path, stack)
            venue_is_gone = HttpClient("http://127.0.0.1:1")
            away = RelayerCashier(
                ClobClient(venue_is_gone, await log_in(read_wallet(tmp_path / "key"), venue.http, 137, clock), clock),
                RelayerClient(venue_is_gone, RelayerKey("k", WALLET)), lambda _: "0x", WALLET, WALLET, clock,
            )  # fmt: skip
            for question in (away.held(counter.market), away.progress("t"), away.spendable()):
                with pytest.raises(VenueSilentError):
                    await question
            signed = await counter.merge("1")
            assert isinstance(await away.submit(signed, nothing_against_it), Unanswered)
