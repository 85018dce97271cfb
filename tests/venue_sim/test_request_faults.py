"""Faults of requests and answers, at the sockets of a running simulator."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.venue_sim.faulty import MARKET, NEXT_MARKET, SLOT, fault, still_book, switch, switched_on, until
from tests.venue_sim.process import Address, set_clock, simulator
from tests.venue_sim.signing import Account

PATIENCE_SECONDS = 20
LONG_MS = 5_000
SHORT_MS = 700


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    recording = still_book(tmp_path_factory.mktemp("recording"))
    with simulator("--recording", str(recording), "--protocol-version", "v1", "--balance", "100000") as running:
        set_clock(running, speed=1, domain_s=SLOT)
        until(lambda: httpx.get(f"{running.http}/book", params={"token_id": MARKET.tokens[0]}).json()["asks"])
        yield running


@pytest.fixture(scope="module")
def account(address: Address) -> Account:
    return Account(address, 0x51)


@pytest.fixture(scope="module")
def taker(address: Address) -> Account:
    return Account(address, 0x52)


def bid(account: Account, price: str = "0.60") -> dict[str, Any]:
    """The body of a post-only bid that rests below the book."""
    return account.signed(MARKET, outcome=0, price=price, shares="10")


def status(account: Account, order_id: str) -> str:
    return account.get(f"/data/order/{order_id}").get("status", "unknown")


def resting(account: Account, price: str = "0.60") -> str:
    account.send("POST", "/order", bid(account, price)).raise_for_status()
    return account.last_id


def cancel(account: Account, order_id: str, timeout: float = PATIENCE_SECONDS) -> httpx.Response:
    return account.send("DELETE", "/order", {"orderID": order_id}, timeout=timeout)


def filled(account: Account, taker: Account) -> str:
    """A bid for Up at 0.80 that someone who buys Down at 0.20 has filled."""
    order = resting(account, "0.80")
    taker.post(MARKET, outcome=1, price="0.20", shares="10")
    assert status(account, order) == "MATCHED"
    return order


# Placing


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("restarting", 425, "service not ready"),
        ("rate_limited", 429, "Rate limit exceeded"),
        ("order_timed_out", 500, "order timed out"),
        ("unavailable", 503, "service unavailable"),
        ("cancel_only", 503, "trading is disabled"),
        ("version_mismatch", 400, "order_version_mismatch"),
        ("funds_locked", 400, "not enough balance / allowance"),
        ("account_closed", 400, "address in closed only mode"),
        ("wallet_refused", 400, "maker address not allowed"),
        ("key_refused", 401, "Unauthorized/Invalid api key"),
    ],
)
def test_an_order_is_refused_before_it_is_taken(
    address: Address, account: Account, name: str, code: int, text: str
) -> None:
    body = bid(account)
    with fault(address, name):
        for path, payload in (("/order", body), ("/orders", [body])):
            answer = account.send("POST", path, payload)
            assert (answer.status_code, answer.json()["error"][: len(text)]) == (code, text)
    assert status(account, account.last_id) == "unknown"
    assert account.send("POST", "/order", body).json()["status"] == "live"


def test_cancels_work_while_trading_is_disabled(address: Address, account: Account) -> None:
    order = resting(account)
    with switched_on(address, "cancel_only"):
        assert cancel(account, order).json()["canceled"] == [order]


def test_cancels_wait_too_while_matching_restarts(address: Address, account: Account) -> None:
    order = resting(account)
    with fault(address, "restarting"):
        assert cancel(account, order).status_code == 425
    assert status(account, order) == "LIVE"


def test_only_what_rests_is_taken_in_post_only_mode(address: Address, account: Account) -> None:
    with fault(address, "post_only"):
        refused = account.send(
            "POST", "/order", account.signed(MARKET, outcome=0, price="0.60", shares="10", post_only=False)
        )
        assert (refused.status_code, refused.json()["code"]) == (503, "post_only_mode")
        assert account.send("POST", "/order", bid(account)).json()["status"] == "live"


def test_a_request_is_lost_and_the_same_bytes_are_taken(address: Address, account: Account) -> None:
    body = bid(account)
    with fault(address, "request_lost", times=1), pytest.raises(httpx.RemoteProtocolError):
        account.send("POST", "/order", body)
    assert status(account, account.last_id) == "unknown"
    assert account.send("POST", "/order", body).json()["status"] == "live"


def test_an_answer_is_lost_and_the_order_lives(address: Address, account: Account) -> None:
    body = bid(account)
    with fault(address, "answer_lost", times=1), pytest.raises(httpx.RemoteProtocolError):
        account.send("POST", "/order", body)
    assert status(account, account.last_id) == "LIVE"
    again = account.send("POST", "/order", body)
    assert (again.status_code, again.json()["error"]) == (400, f"order {account.last_id} is invalid. Duplicated.")


def test_an_answer_comes_later_than_anyone_waits(address: Address, account: Account) -> None:
    with fault(address, "answer_late", delay_ms=LONG_MS), pytest.raises(httpx.ReadTimeout):
        account.send("POST", "/order", bid(account), timeout=0.5)
    assert status(account, account.last_id) == "LIVE"


def test_a_gateway_fails_after_the_order_was_taken(address: Address, account: Account) -> None:
    with fault(address, "bad_gateway"):
        assert account.send("POST", "/order", bid(account)).status_code == 502
    assert status(account, account.last_id) == "LIVE"


def test_the_first_answer_already_says_duplicated(address: Address, account: Account) -> None:
    with fault(address, "request_repeated"):
        answer = account.send("POST", "/order", bid(account))
    assert "Duplicated" in answer.json()["error"]
    assert status(account, account.last_id) == "LIVE"


def test_a_leg_fails_that_says_success(address: Address, account: Account) -> None:
    with fault(address, "leg_refused", times=1):
        legs = account.send("POST", "/orders", [bid(account), bid(account)]).json()
    assert [(leg["success"], bool(leg["errorMsg"]), leg["status"]) for leg in legs] == [
        (True, True, "delayed"),
        (True, False, "live"),
    ]
    assert [bool(leg["orderID"]) for leg in legs] == [False, True]


def test_an_order_that_rests_is_called_delayed(address: Address, account: Account) -> None:
    with fault(address, "order_delayed"):
        answer = account.send("POST", "/order", bid(account)).json()
    assert (answer["status"], answer["orderID"]) == ("delayed", account.last_id)
    assert status(account, account.last_id) == "LIVE"


def test_an_order_that_takes_is_matched_after_it_was_called_delayed(address: Address, account: Account) -> None:
    with fault(address, "order_delayed", delay_ms=SHORT_MS):
        answer = account.post(MARKET, outcome=0, price="0.90", shares="10")
        assert answer["status"] == "delayed"
        assert status(account, answer["orderID"]) == "unknown"
    until(lambda: status(account, answer["orderID"]) == "MATCHED")


def test_a_taker_is_held_longer(address: Address, account: Account) -> None:
    body = account.signed(MARKET, outcome=0, price="0.90", shares="10", post_only=False)
    with fault(address, "taker_held", delay_ms=SHORT_MS), pytest.raises(httpx.ReadTimeout):
        account.send("POST", "/order", body, timeout=0.3)
    until(lambda: status(account, account.last_id) == "MATCHED")


def test_all_that_rests_is_wiped(address: Address, account: Account) -> None:
    order = resting(account)
    switch(address, "orders_wiped")
    assert status(account, order) == "CANCELED"
    assert account.get("/data/orders")["data"] == []


def test_the_bucket_answers_when_too_many_orders_come(address: Address) -> None:
    hasty = Account(address, 0x53)
    answers = [hasty.send("POST", "/orders", [bid(hasty)] * 15) for _ in range(6)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["Retry-After"]) >= 1
    assert "Poly-RateLimit-Remaining" in refused.headers


# Cancelling


def test_a_cancel_is_lost(address: Address, account: Account) -> None:
    order = resting(account)
    with fault(address, "cancel_lost", times=1), pytest.raises(httpx.RemoteProtocolError):
        cancel(account, order)
    assert status(account, order) == "LIVE"


def test_the_answer_to_a_cancel_is_lost(address: Address, account: Account) -> None:
    order = resting(account)
    with fault(address, "cancel_answer_lost", times=1), pytest.raises(httpx.RemoteProtocolError):
        cancel(account, order)
    assert status(account, order) == "CANCELED"
    assert cancel(account, order).json()["not_canceled"] == {order: "already canceled or matched"}


def test_the_answer_to_a_cancel_is_late(address: Address, account: Account) -> None:
    order = resting(account)
    with fault(address, "cancel_answer_late", delay_ms=LONG_MS), pytest.raises(httpx.ReadTimeout):
        cancel(account, order, timeout=0.5)
    assert status(account, order) == "CANCELED"


def test_a_cancel_is_answered_well_and_the_order_was_filled(address: Address, account: Account) -> None:
    order = resting(account)
    with fault(address, "cancel_overtaken", times=1):
        assert cancel(account, order).json() == {"canceled": [order], "not_canceled": {}}
    assert status(account, order) == "MATCHED"


def test_a_cancel_comes_too_late(address: Address, account: Account) -> None:
    order = resting(account)
    with fault(address, "cancel_too_late", times=1):
        assert cancel(account, order).json()["not_canceled"] == {order: "already canceled or matched"}
    assert status(account, order) == "MATCHED"


def test_half_of_an_order_is_filled_before_its_cancel(address: Address, account: Account) -> None:
    order = resting(account)
    with fault(address, "cancel_part_filled", times=1):
        assert cancel(account, order).json()["canceled"] == [order]
    row = account.get(f"/data/order/{order}")
    assert (row["status"], row["size_matched"]) == ("CANCELED", "5")


def test_an_order_rests_a_little_longer_than_its_cancel_says(address: Address, account: Account) -> None:
    order = resting(account)
    with fault(address, "cancel_slow", delay_ms=SHORT_MS):
        assert cancel(account, order).json()["canceled"] == [order]
        assert status(account, order) == "LIVE"
    until(lambda: status(account, order) == "CANCELED")


# Reading back


def test_a_new_order_is_unknown_for_some_time(address: Address, account: Account) -> None:
    with fault(address, "order_unknown", delay_ms=SHORT_MS):
        order = resting(account)
        assert status(account, order) == "unknown"
        assert order not in {row["id"] for row in account.get("/data/orders")["data"]}
        until(lambda: status(account, order) == "LIVE")


def test_an_order_that_is_over_is_forgotten(address: Address, account: Account) -> None:
    order, living = resting(account), resting(account)
    cancel(account, order)
    with fault(address, "order_forgotten"):
        assert (status(account, order), status(account, living)) == ("unknown", "LIVE")
    assert status(account, order) == "CANCELED"


def test_the_trade_list_lags(address: Address, account: Account, taker: Account) -> None:
    with fault(address, "trades_lag", delay_ms=SHORT_MS):
        order = filled(account, taker)
        assert order not in makers(account)
        until(lambda: order in makers(account))


def makers(account: Account) -> set[str]:
    rows = account.get("/data/trades", market=MARKET.condition_id)["data"]
    return {maker["order_id"] for row in rows for maker in row["maker_orders"]}


def test_a_balance_is_stale_until_it_is_updated(address: Address, account: Account, taker: Account) -> None:
    def balance() -> str:
        return account.get("/balance-allowance", asset_type="COLLATERAL")["balance"]

    with fault(address, "balance_stale", delay_ms=60_000):
        before = balance()
        filled(account, taker)
        assert balance() == before
        account.get("/balance-allowance/update")
        assert balance() == str(int(before) - 8_000_000)


def test_a_balance_is_nothing_until_it_is_updated(address: Address) -> None:
    fresh = Account(address, 0x58)
    with fault(address, "balance_zero"):
        assert fresh.get("/balance-allowance")["balance"] == "0"
        fresh.get("/balance-allowance/update")
        assert fresh.get("/balance-allowance")["balance"] == "100000000000"


@pytest.mark.parametrize("path", ["/data/orders", "/data/trades", "/data/order/0x1", "/balance-allowance"])
def test_reads_fail_and_are_late(address: Address, account: Account, path: str) -> None:
    with fault(address, "reads_fail"):
        assert account.send("GET", path).status_code == 500
    if path != "/data/order/0x1":
        with fault(address, "reads_late", delay_ms=LONG_MS), pytest.raises(httpx.ReadTimeout):
            account.send("GET", path, timeout=0.3)


def test_trade_rows_lack_what_the_venue_leaves_out(address: Address, account: Account, taker: Account) -> None:
    filled(account, taker)

    def row() -> dict[str, Any]:
        return account.get("/data/trades")["data"][0]

    plain = row()
    with fault(address, "bucket_missing"):
        assert "bucket_index" not in row()
    with fault(address, "makers_missing"):
        assert row()["maker_orders"] == []
    with fault(address, "maker_side_missing"):
        assert ["side" in maker for maker in row()["maker_orders"]] == [False]
    with fault(address, "status_prefixed"):
        assert row()["status"].startswith("TRADE_STATUS_")
    assert row().keys() == plain.keys()


def test_a_failed_trade_is_listed_as_failed_and_the_money_is_back(
    address: Address, account: Account, taker: Account
) -> None:
    before = account.get("/balance-allowance")["balance"]
    with fault(address, "trade_fails", delay_ms=10):
        order = filled(account, taker)
        until(lambda: account.get("/data/trades")["data"][0]["status"] == "FAILED")
    assert account.get("/balance-allowance")["balance"] == before
    assert account.get(f"/data/order/{order}")["size_matched"] == "10"
    referee = account.get("/sim/referee")
    (known,) = [row for row in referee["orders"] if row["order_id"] == order]
    assert (known["size_matched"], known["size_failed"]) == ("0", "10")


def test_the_referee_counts_exposure(address: Address) -> None:
    account = Account(address, 0x54)
    order = resting(account)
    resting(account, "0.50")
    cancel(account, order)
    assert account.get("/sim/referee")["exposures"][account.address] == {
        "held": "0",
        "resting": "5000000",
        "now": "5000000",
        "highest": "11000000",
    }


# Heartbeat


def test_a_heartbeat_is_refused(address: Address) -> None:
    account = Account(address, 0x55)
    with fault(address, "heartbeat_refused"):
        assert beat(account, "").status_code == 500
    assert beat(account, "").status_code == 200


def test_the_venue_expects_another_heartbeat(address: Address) -> None:
    account = Account(address, 0x56)
    first = beat(account, "").json()["heartbeat_id"]
    with fault(address, "heartbeat_mismatch"):
        refused = beat(account, first)
    assert (refused.status_code, refused.json()["error_msg"]) == (400, "Invalid Heartbeat ID")
    assert refused.json()["heartbeat_id"] != first
    assert beat(account, refused.json()["heartbeat_id"]).status_code == 200


def test_the_answer_to_a_heartbeat_is_lost(address: Address) -> None:
    account = Account(address, 0x57)
    first = beat(account, "").json()["heartbeat_id"]
    with fault(address, "heartbeat_answer_lost"), pytest.raises(httpx.RemoteProtocolError):
        beat(account, first)
    assert beat(account, first).status_code == 400


def beat(account: Account, heartbeat_id: str) -> httpx.Response:
    return account.send("POST", "/v1/heartbeats", {"heartbeat_id": heartbeat_id})


# Books, markets, time


def test_the_book_is_that_of_a_moment_ago(address: Address, account: Account) -> None:
    def bids() -> list[dict[str, str]]:
        return account.get("/book", token_id=MARKET.tokens[0])["bids"]

    with fault(address, "book_stale", delay_ms=60_000):
        before = bids()
        resting(account, "0.69")
        assert bids() == before
    assert bids() != before


def test_the_order_book_does_not_know_what_gamma_lists(address: Address, account: Account) -> None:
    token = NEXT_MARKET.tokens[0]
    with fault(address, "book_missing"):
        assert account.send("GET", "/book", params={"token_id": token}).status_code == 404
        assert account.send("GET", f"/clob-markets/{NEXT_MARKET.condition_id}").status_code == 404
        assert account.send("GET", f"/gamma/markets/slug/{NEXT_MARKET.slug}").status_code == 200
        assert account.send("POST", "/books", [{"token_id": token}]).json() == []
        order = account.signed(NEXT_MARKET, outcome=0, price="0.40", shares="10")
        assert account.send("POST", "/order", order).status_code == 404
    assert account.send("GET", "/book", params={"token_id": token}).status_code == 200


def test_gamma_lists_a_market_late(address: Address, account: Account) -> None:
    path = f"/gamma/markets/slug/{NEXT_MARKET.slug}"
    with fault(address, "listing_late"):
        assert account.send("GET", path).status_code == 404
        assert NEXT_MARKET.slug not in {row["slug"] for row in account.get("/gamma/markets")}
    assert account.send("GET", path).status_code == 200


def test_gamma_lists_a_market_oddly(address: Address, account: Account) -> None:
    path = f"/gamma/markets/slug/{NEXT_MARKET.slug}"
    plain = account.get(path)
    with fault(address, "listing_odd"):
        odd = account.get(path)
    assert odd["outcomePrices"] is None
    assert (odd["version"], odd["clobTokenIds"]) != (plain["version"], plain["clobTokenIds"])


def test_the_venue_s_clock_is_off(address: Address, account: Account) -> None:
    with fault(address, "clock_skewed", delay_ms=-3_600_000):
        assert time.time() - account.get("/time") > 3_000
    assert abs(time.time() - account.get("/time")) < 60


def test_a_tick_becomes_finer_and_the_list_of_markets_does_not_know(address: Address, account: Account) -> None:
    switch(address, "tick_changed")
    path = f"/markets/{NEXT_MARKET.condition_id}"
    with fault(address, "tick_stale"):
        assert account.get("/tick-size", token_id=NEXT_MARKET.tokens[0]) == {"minimum_tick_size": 0.001}
        assert account.get(path)["minimum_tick_size"] == 0.01
        assert account.get(f"/gamma/markets/slug/{NEXT_MARKET.slug}")["orderPriceMinTickSize"] == 0.01
    assert account.get(path)["minimum_tick_size"] == 0.001


# The switches themselves


def test_faults_are_listed_with_their_terms_and_how_often_they_struck(address: Address, account: Account) -> None:
    with switched_on(address, "reads_fail", chance=0.5):
        rows = {row["name"]: row for row in account.get("/sim/faults")["faults"]}
    assert rows["reads_fail"]["on"] == {"chance": 0.5, "times": None, "seconds": None, "delay_ms": None}
    assert rows["answer_lost"]["on"] is None
    assert rows["answer_lost"]["struck"] >= 1


@pytest.mark.parametrize("body", [{"name": "nonsense"}, {"name": "answer_lost", "terms": {"chance": 2}}, {}])
def test_what_is_no_fault_is_refused(address: Address, body: dict[str, Any]) -> None:
    assert httpx.post(f"{address.http}/sim/faults", json=body).status_code == 400
