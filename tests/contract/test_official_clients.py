"""The venue's own client packages work against the simulator as they are.

`polymarket-client` knows production only; its environment is a frozen record of addresses, so a copy with the
simulator's addresses (contracts and chain unchanged) is all it takes. `py-clob-client-v2` takes a host.
"""

import asyncio
import dataclasses
import importlib
import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from polymarket import PRODUCTION, AsyncSecureClient, environments
from polymarket.errors import OrderHeartbeatMismatchError, RequestRejectedError
from polymarket.models.clob import AcceptedOrder, RejectedOrder
from polymarket.streams import CryptoTwapPriceSpec, MarketSpec, UserSpec

from tests.venue_sim.process import Address, simulator

# py-clob-client-v2 carries no types
v2: Any = importlib.import_module("py_clob_client_v2.client")
types: Any = importlib.import_module("py_clob_client_v2.clob_types")
exceptions: Any = importlib.import_module("py_clob_client_v2.exceptions")

VERSIONS = ["v1", "v2"]


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with simulator("--seed", "7", "--clock-now", "--coins", "btc,eth", "--taker-hold-ms", "20") as running:
        yield running


@pytest.fixture
def wallet() -> LocalAccount:
    return Account.create()


def environment(address: Address) -> environments.Environment:
    production = PRODUCTION._config  # pyright: ignore[reportPrivateUsage]
    return environments._create_environment(  # pyright: ignore[reportPrivateUsage]
        name="simulator",
        config=dataclasses.replace(
            production,
            clob_url=address.http,
            gamma_url=f"{address.http}/gamma",
            data_url=f"{address.http}/data-api",
            relayer_url=f"{address.http}/relayer",
            rpc_url=f"{address.http}/rpc",
            clob_market_ws_url=f"{address.ws}/market",
            clob_user_ws_url=f"{address.ws}/user",
            realtime_ws_url=f"{address.ws}/price",
        ),
    )


@pytest.fixture
async def sdk(address: Address, wallet: LocalAccount) -> AsyncIterator[AsyncSecureClient]:
    client = await AsyncSecureClient.create(
        private_key=wallet.key.hex(), wallet=wallet.address, environment=environment(address)
    )
    async with client:
        yield client


def upcoming(address: Address, version: str) -> dict[str, Any]:
    """A listed market that has not started: its book stands still."""
    listed = httpx.get(f"{address.http}/gamma/markets", params={"limit": "500"}).json()
    newest = sorted(listed, key=lambda row: row["eventStartTime"], reverse=True)
    return next(row for row in newest if row["version"] == version)


def tokens(row: dict[str, Any]) -> list[str]:
    return row["positionIds"] if row["version"] == "v2" else json.loads(row["clobTokenIds"])


class TestPolymarketClient:
    @pytest.mark.parametrize("version", VERSIONS)
    async def test_it_places_reads_and_cancels_an_order(
        self, sdk: AsyncSecureClient, address: Address, version: str
    ) -> None:
        token = tokens(upcoming(address, version))[0]
        signed = await sdk.create_limit_order(asset_id=token, price="0.45", size="10", side="BUY", post_only=True)
        placed = await sdk.post_order(signed)

        assert isinstance(placed, AcceptedOrder)
        order = await sdk.get_order(order_id=placed.order_id)
        assert (order.price, order.original_size, order.status, order.asset_id) == (
            Decimal("0.45"),
            Decimal(10),
            "LIVE",
            token,
        )
        pages = [page async for page in sdk.list_open_orders()]
        assert [item.id for page in pages for item in page.items] == [placed.order_id]
        answer = await sdk.cancel_order(order_id=placed.order_id)
        assert answer.canceled == (placed.order_id,)
        assert (await sdk.get_order(order_id=placed.order_id)).status == "CANCELED"

    async def test_the_same_bytes_twice_are_refused(self, sdk: AsyncSecureClient, address: Address) -> None:
        token = tokens(upcoming(address, "v1"))[0]
        signed = await sdk.create_limit_order(asset_id=token, price="0.45", size="10", side="BUY")
        await sdk.post_order(signed)

        with pytest.raises(RequestRejectedError, match=r"is invalid\. Duplicated\."):
            await sdk.post_order(signed)

    async def test_a_batch_answers_leg_by_leg(self, sdk: AsyncSecureClient, address: Address) -> None:
        token = tokens(upcoming(address, "v2"))[0]
        legs = [
            await sdk.create_limit_order(asset_id=token, price=price, size="10", side="BUY", post_only=True)
            for price in ("0.45", "0.60", "0.44")
        ]
        answers = await sdk.post_orders(legs)

        assert [answer.ok for answer in answers] == [True, False, True]
        assert isinstance(answers[1], RejectedOrder)
        assert answers[1].code == "post_only_would_cross"
        accepted = [answer.order_id for answer in answers if isinstance(answer, AcceptedOrder)]
        assert set((await sdk.cancel_all()).canceled) == set(accepted)

    @pytest.mark.parametrize("version", VERSIONS)
    async def test_it_buys_and_sells_at_market_and_reads_its_trades(
        self, sdk: AsyncSecureClient, address: Address, version: str
    ) -> None:
        token = tokens(upcoming(address, version))[1]
        bought = await sdk.post_order(
            await sdk.create_market_order(asset_id=token, amount="10.00", side="BUY", order_type="FOK")
        )
        assert isinstance(bought, AcceptedOrder)
        assert bought.status == "matched"
        kind = "CONDITIONAL-V2" if version == "v2" else "CONDITIONAL"
        held = await sdk.get_balance_allowance(asset_type=kind, asset_id=token)
        assert held.balance == int(bought.taking_amount * 1_000_000)

        sold = await sdk.post_order(
            await sdk.create_market_order(asset_id=token, shares="5.00", side="SELL", order_type="FAK")
        )
        assert isinstance(sold, AcceptedOrder)
        trades = [trade async for page in sdk.list_account_trades() for trade in page.items]
        assert {trade.side for trade in trades} == {"BUY", "SELL"}
        assert {trade.trader_side for trade in trades} == {"TAKER"}
        assert set(bought.trade_ids) <= {trade.id for trade in trades}

    async def test_it_reads_market_book_and_balance(self, sdk: AsyncSecureClient, address: Address) -> None:
        row = upcoming(address, "v2")
        market = await sdk.get_market(slug=row["slug"])
        book = await sdk.get_order_book(asset_id=tokens(row)[0])
        balance = await sdk.get_balance_allowance(asset_type="COLLATERAL")

        assert market.version == "v2"
        assert (market.outcomes.yes.label, market.outcomes.yes.position_id) == ("Up", tokens(row)[0])
        assert market.state.accepting_orders is True
        assert book.bids[-1].price < book.asks[-1].price
        assert balance.balance == 1_000_000_000

    async def test_it_reads_positions_and_resolutions(self, sdk: AsyncSecureClient, address: Address) -> None:
        row = upcoming(address, "v1")
        await sdk.post_order(
            await sdk.create_market_order(asset_id=tokens(row)[0], amount="10.00", side="BUY", order_type="FOK")
        )
        (position,) = [item async for page in sdk.list_positions() for item in page.items]
        resolutions = await sdk.get_resolutions(condition_ids=[row["conditionId"]])

        assert (position.asset_id, position.outcome, position.status) == (tokens(row)[0], "Up", "OPEN")
        assert position.entry_cost_usdc == pytest.approx(Decimal(10), abs=Decimal("0.01"))
        assert resolutions == ()

    async def test_its_heartbeat_chain_holds_and_a_wrong_id_names_the_right_one(self, sdk: AsyncSecureClient) -> None:
        first = await sdk.send_order_heartbeat()
        second = await sdk.send_order_heartbeat(heartbeat_id=first.heartbeat_id)

        with pytest.raises(OrderHeartbeatMismatchError) as mismatch:
            await sdk.send_order_heartbeat(heartbeat_id=first.heartbeat_id)
        assert mismatch.value.heartbeat_id == second.heartbeat_id

    async def test_its_streams_carry_books_orders_and_prices(self, sdk: AsyncSecureClient, address: Address) -> None:
        token = tokens(upcoming(address, "v1"))[0]
        market = await sdk.subscribe(MarketSpec(asset_ids=[token]))
        user = await sdk.subscribe(UserSpec())
        prices = await sdk.subscribe(CryptoTwapPriceSpec(symbols=["btcusd"]))
        async with asyncio.timeout(20), market, user, prices:
            book = await anext(aiter(market))
            signed = await sdk.create_limit_order(asset_id=token, price="0.45", size="10", side="BUY")
            placed = await sdk.post_order(signed)
            order = await anext(aiter(user))
            snapshot = await anext(aiter(prices))

        assert isinstance(placed, AcceptedOrder)
        assert book.type == "book"
        assert order.type == "order"
        assert order.payload.id == placed.order_id
        assert (snapshot.type, snapshot.payload.symbol) == ("subscribe", "btcusd")


class TestPyClobClientV2:
    @pytest.fixture
    def client(self, address: Address, wallet: LocalAccount) -> Any:
        client = v2.ClobClient(address.http, 137, key=wallet.key.hex())
        client.set_api_creds(client.create_or_derive_api_key())
        return client

    def order(self, client: Any, row: dict[str, Any], price: float) -> Any:
        asset = {"position_id" if row["version"] == "v2" else "token_id": tokens(row)[0]}
        arguments = types.OrderArgsV2(price=price, size=10, side="BUY", **asset)
        return client.create_order(arguments)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_it_places_reads_and_cancels_an_order(self, client: Any, address: Address, version: str) -> None:
        row = upcoming(address, version)
        placed = client.post_order(self.order(client, row, 0.45), types.OrderType.GTC, post_only=True)

        order_id = placed["orderID"]
        assert (placed["success"], placed["status"], placed["errorMsg"]) == (True, "live", "")
        assert client.get_order(order_id)["asset_id"] == tokens(row)[0]
        assert [order["id"] for order in client.get_open_orders()] == [order_id]
        cancelled = client.cancel_order(types.OrderPayload(orderID=order_id))
        assert cancelled == {"canceled": [order_id], "not_canceled": {}}
        assert client.get_open_orders() == []

    @pytest.mark.parametrize("signature_type", [1, 2, 3], ids=["proxy", "safe", "contract wallet"])
    @pytest.mark.parametrize("version", VERSIONS)
    def test_orders_of_every_kind_of_wallet_are_verified(
        self, address: Address, wallet: LocalAccount, signature_type: int, version: str
    ) -> None:
        funder = Account.create().address
        client = v2.ClobClient(address.http, 137, key=wallet.key.hex(), signature_type=signature_type, funder=funder)
        client.set_api_creds(client.create_or_derive_api_key())
        signed = self.order(client, upcoming(address, version), 0.45)
        placed = client.post_order(signed, types.OrderType.GTC, post_only=True)

        assert client.get_order(placed["orderID"])["maker_address"] == funder
        forged = dataclasses.replace(signed, salt=str(int(signed.salt) + 1))
        with pytest.raises(exceptions.PolyApiException, match="invalid signature"):
            client.post_order(forged, types.OrderType.GTC, post_only=True)

    def test_its_refusals_carry_the_venue_s_words(self, client: Any, address: Address) -> None:
        order = self.order(client, upcoming(address, "v1"), 0.60)

        with pytest.raises(exceptions.PolyApiException) as refusal:
            client.post_order(order, types.OrderType.GTC, post_only=True)
        assert refusal.value.status_code == 400
        assert refusal.value.error_msg == {"error": "invalid post-only order: order crosses book"}

    def test_it_posts_batches_and_cancels_by_market(self, client: Any, address: Address) -> None:
        row = upcoming(address, "v1")
        legs = [
            types.PostOrdersV2Args(order=self.order(client, row, price), orderType=types.OrderType.GTC)
            for price in (0.41, 0.42)
        ]
        placed = [leg["orderID"] for leg in client.post_orders(legs)]

        by_market = client.cancel_market_orders(types.OrderMarketCancelParams(market=row["conditionId"]))
        assert set(by_market["canceled"]) == set(placed)

    def test_it_reads_books_terms_and_balances(self, client: Any, address: Address) -> None:
        row = upcoming(address, "v1")
        token = tokens(row)[0]
        book = client.get_order_book(token)

        assert client.get_order_book_hash(dict(book)) == book["hash"]
        assert client.get_clob_market_info(row["conditionId"])["t"][0] == {"t": token, "o": "Up"}
        assert client.get_tick_size(token) == "0.01"
        assert client.get_neg_risk(token) is False
        assert client.get_version() == 2
        balance = client.get_balance_allowance(types.BalanceAllowanceParams(asset_type="COLLATERAL"))
        assert balance["balance"] == "1000000000"
        assert client.post_heartbeat("")["heartbeat_id"]
