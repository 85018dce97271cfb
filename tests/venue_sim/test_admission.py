"""What the venue refuses, with which words, and what it lets in."""

import msgspec
import pytest

from tests.venue_sim.stand import SLOT_START, Stand
from venue_sim.errors import VenueError
from venue_sim.intake import WireRequest
from venue_sim.markets import FINE_TICK
from venue_sim.units import UNIT


def refused(stand: Stand, request: WireRequest, status: int = 400) -> str:
    with pytest.raises(VenueError) as refusal:
        stand.exchange.admit(request, stand.trader(1).key)
    assert refusal.value.status == status
    return refusal.value.message


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_an_order_rests_under_the_digest_of_its_market_s_domain(version: str) -> None:
    stand = Stand(version="v2" if version == "v2" else "v1")
    order = stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10")

    assert order.status == "LIVE"
    assert stand.audience.of("order") == [(order.id, "PLACEMENT", "LIVE", 0)]


def test_an_order_signed_for_the_other_exchange_is_refused(stand: Stand) -> None:
    request = stand.trader(1).request(stand.market, "BUY", 0, "0.78", "10", version="v2")

    assert refused(stand, request) == "invalid signature"


@pytest.mark.parametrize(
    "change",
    [
        {"makerAmount": "7900000"},
        {"takerAmount": "9000000"},
        {"side": "SELL"},
        {"salt": 1},
        {"timestamp": "1"},
        {"metadata": "0x" + "11" * 32},
        {"builder": "0x" + "11" * 32},
        {"signature": "0x" + "11" * 65},
        {"signature": "0x1"},
        {"signatureType": 1},
    ],
    ids=str,
)
def test_any_signed_field_changed_afterwards_voids_the_signature(stand: Stand, change: dict[str, object]) -> None:
    request = stand.trader(1).request(stand.market, "BUY", 0, "0.78", "10")
    changed = msgspec.structs.replace(request, order=msgspec.structs.replace(request.order, **change))

    assert refused(stand, changed) == "invalid signature"


def test_another_key_s_order_is_refused(stand: Stand) -> None:
    request = stand.trader(2).request(stand.market, "BUY", 0, "0.78", "10", owner=stand.trader(1).key.api_key)

    assert refused(stand, request) == "the order signer address has to be the address of the API KEY"


def test_an_order_owned_by_another_key_is_refused(stand: Stand) -> None:
    request = stand.trader(1).request(stand.market, "BUY", 0, "0.78", "10", owner="someone")

    assert refused(stand, request) == "the order owner has to be the owner of the API KEY"


def test_a_wallet_belongs_to_the_key_that_used_it_first(stand: Stand) -> None:
    wallet = "0x" + "4" * 40
    first = stand.trader(1).place(stand.market, "BUY", 0, "0.50", "10", maker=wallet)
    request = stand.trader(2).request(stand.market, "BUY", 0, "0.50", "10", maker=wallet)

    assert first.status == "LIVE"
    with pytest.raises(VenueError, match="maker address not allowed, please use the deposit wallet flow"):
        stand.exchange.admit(request, stand.trader(2).key)


def test_the_same_bytes_twice_are_a_duplicate_even_when_cancelled(stand: Stand) -> None:
    trader = stand.trader(1)
    request = trader.request(stand.market, "BUY", 0, "0.78", "10")
    order = stand.exchange.admit(request, trader.key)

    assert refused(stand, request) == f"order {order.id} is invalid. Duplicated."
    stand.exchange.cancel([order.id], trader.key.api_key)
    assert refused(stand, request) == f"order {order.id} is invalid. Duplicated."
    assert (stand.exchange.orders_received, stand.exchange.duplicates_refused) == (3, 2)


def test_a_refused_order_may_come_again(stand: Stand) -> None:
    trader = stand.trader(1)
    request = trader.request(stand.market, "BUY", 0, "0.60", "10", post_only=True)
    stand.flow({"0.50": "10"}, {"0.55": "10"})
    assert refused(stand, request) == "invalid post-only order: order crosses book"

    stand.flow({"0.50": "10"}, {"0.65": "10"})
    assert stand.exchange.admit(request, trader.key).status == "LIVE"


@pytest.mark.parametrize(
    ("amounts", "shown"),
    [((7_850_000, 10_000_000), "0.785"), ((50_000, 10_000_000), "0.005"), ((9_960_000, 10_000_000), "0.996")],
)
def test_a_price_off_the_tick_is_refused(stand: Stand, amounts: tuple[int, int], shown: str) -> None:
    request = stand.trader(1).sign(stand.market, "BUY", 0, amounts)

    assert refused(stand, request).endswith(f"is invalid. Price ({shown}) breaks minimum tick size rule: 0.01")


def test_a_finer_tick_lets_finer_prices_in(stand: Stand) -> None:
    stand.exchange.set_tick(stand.market, FINE_TICK)

    assert stand.trader(1).place(stand.market, "BUY", 0, "0.785", "10").status == "LIVE"


def test_less_than_the_minimum_size_is_refused(stand: Stand) -> None:
    request = stand.trader(1).request(stand.market, "BUY", 0, "0.78", "4.99")

    assert refused(stand, request).endswith("is invalid. Size (4.99) lower than the minimum: 5")


def test_sizes_finer_than_a_hundredth_are_refused(stand: Stand) -> None:
    request = stand.trader(1).sign(stand.market, "BUY", 0, (3_900_390, 7_800_780))

    assert refused(stand, request) == (
        "invalid amounts, the buy orders maker amount supports a max accuracy of 4 decimals, "
        "taker amount a max of 2 decimals"
    )


def test_a_market_buy_states_its_cash_in_cents(stand: Stand) -> None:
    stand.flow({"0.50": "100"}, {"0.78": "100"})
    request = stand.trader(1).request(stand.market, "BUY", 0, "0.78", "7.77", order_type="FOK")

    assert refused(stand, request) == (
        "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals, "
        "taker amount a max of 4 decimals"
    )


def test_more_than_the_balance_is_refused_in_base_units(stand: Stand) -> None:
    request = stand.trader(1, dollars=5).request(stand.market, "BUY", 0, "0.78", "10")

    assert refused(stand, request) == (
        "not enough balance / allowance: the balance is not enough -> balance: 5000000, order amount: 7800000"
    )


def test_open_orders_keep_their_cash_aside(stand: Stand) -> None:
    trader = stand.trader(1, dollars=10)
    first = trader.place(stand.market, "BUY", 0, "0.78", "10")
    second = trader.request(stand.market, "BUY", 1, "0.30", "10")

    assert "balance: 10000000, sum of active orders: 7800000" in refused(stand, second)
    stand.exchange.cancel([first.id], trader.key.api_key)
    assert stand.exchange.admit(second, trader.key).status == "LIVE"


def test_nobody_sells_what_they_do_not_hold(stand: Stand) -> None:
    request = stand.trader(1).request(stand.market, "SELL", 0, "0.78", "10")

    assert "balance: 0, order amount: 10000000" in refused(stand, request)


@pytest.mark.parametrize(
    ("order_type", "expiration"),
    [("GTD", 0), ("GTD", SLOT_START + 179), ("GTC", SLOT_START + 600)],
)
def test_an_expiration_out_of_place_is_refused(stand: Stand, order_type: str, expiration: int) -> None:
    request = stand.trader(1).request(
        stand.market, "BUY", 0, "0.78", "10", order_type="GTD" if order_type == "GTD" else "GTC", expiration=expiration
    )

    assert refused(stand, request) == "invalid expiration"


def test_a_dated_order_dies_a_minute_early(stand: Stand) -> None:
    order = stand.trader(1).place(stand.market, "BUY", 0, "0.78", "10", order_type="GTD", expiration=SLOT_START + 200)
    stand.clock.now_ms += 139_999
    stand.exchange.expire_orders()
    assert order.status == "LIVE"

    stand.clock.now_ms += 1
    stand.exchange.expire_orders()
    assert order.status == "CANCELED_EXPIRED_ORDER"
    assert stand.audience.of("order")[-1] == (order.id, "CANCELLATION", "CANCELED_EXPIRED_ORDER", 0)


def test_an_unknown_token_has_no_orderbook(stand: Stand) -> None:
    request = stand.trader(1).request(stand.market, "BUY", 0, "0.78", "10")
    stranger = msgspec.structs.replace(request, order=msgspec.structs.replace(request.order, tokenId="123"))

    assert refused(stand, stranger, status=404) == "No orderbook exists for the requested token id"


def test_an_ended_market_takes_no_orders_but_still_knows_its_own(stand: Stand) -> None:
    trader = stand.trader(1)
    known = trader.request(stand.market, "BUY", 0, "0.78", "10")
    order = stand.exchange.admit(known, trader.key)
    late = trader.request(stand.market, "BUY", 0, "0.78", "10")
    stand.exchange.end_market(stand.market)

    assert order.status == "CANCELED_MARKET_RESOLVED"
    assert refused(stand, late, status=404) == "No orderbook exists for the requested token id"
    assert refused(stand, known).endswith("Duplicated.")


@pytest.mark.parametrize(
    ("outcome", "price"),
    [pytest.param(0, "0.80", id="bid for Up at the ask"), pytest.param(1, "0.22", id="bid for Down at Up's bid")],
)
def test_post_only_is_checked_across_both_outcomes(stand: Stand, outcome: int, price: str) -> None:
    stand.flow({"0.78": "10"}, {"0.80": "10"})
    request = stand.trader(1).request(stand.market, "BUY", outcome, price, "10", post_only=True)

    assert refused(stand, request) == "invalid post-only order: order crosses book"


def test_post_only_sees_other_accounts_orders_on_the_other_outcome(stand: Stand) -> None:
    stand.trader(2).place(stand.market, "BUY", 1, "0.25", "10")
    request = stand.trader(1).request(stand.market, "BUY", 0, "0.75", "10", post_only=True)

    assert refused(stand, request) == "invalid post-only order: order crosses book"
    assert stand.trader(1).place(stand.market, "BUY", 0, "0.74", "10", post_only=True).status == "LIVE"


def test_only_resting_orders_can_be_post_only(stand: Stand) -> None:
    request = stand.trader(1).request(stand.market, "BUY", 0, "0.50", "10", post_only=True, order_type="FOK")

    assert refused(stand, request).startswith("invalid post-only order")


def test_a_marketable_buy_needs_a_dollar(stand: Stand) -> None:
    stand.flow({}, {"0.10": "100"})
    request = stand.trader(1).request(stand.market, "BUY", 0, "0.10", "9.99")

    assert refused(stand, request) == "invalid amount for a marketable BUY order, min size: $1"


def test_cancelling_answers_order_by_order(stand: Stand) -> None:
    trader = stand.trader(1)
    order = trader.place(stand.market, "BUY", 0, "0.50", "10")
    foreign = stand.trader(2).place(stand.market, "BUY", 0, "0.50", "10")

    cancelled, not_cancelled = stand.exchange.cancel([order.id, foreign.id, "0xabc"], trader.key.api_key)

    assert cancelled == [order.id]
    assert not_cancelled == dict.fromkeys([foreign.id, "0xabc"], "Order not found or already canceled")
    assert stand.exchange.cancel([order.id], trader.key.api_key)[1] == {order.id: "already canceled or matched"}
    assert trader.cash() == 1000 * UNIT
