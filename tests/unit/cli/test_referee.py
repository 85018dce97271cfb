"""Whatever our record and the venue's disagree on is a difference; nothing else is."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from cli.referee import OwnRecord, live_differences, paper_differences

OWN = OwnRecord(
    orders={"0x1": ("filled", Decimal("6.25")), "0x2": ("rejected", Decimal(0))},
    fills={("t1", "0x1"): Decimal("6.25")},
    positions={"77": Decimal("6.25")},
    cash_moved=Decimal("-5"),
    settled=(),
    ledger_agrees=True,
)


def referee(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "orders": [{"order_id": "0x1", "address": "0xAB", "size_matched": "6.25", "status": "MATCHED"}],
        "trades": [
            {
                "id": "t1",
                "status": "CONFIRMED",
                "size": "6.25",
                "taker_order_id": "flow",
                "maker_orders": [{"order_id": "0x1", "matched_amount": "6.25"}],
            }
        ],
        "balances": {"0xAB": {"collateral": "995000000", "tokens": {"77": "6250000"}}},
        "markets": [{"condition_id": "m", "winning_asset_id": "77"}],
    }
    return base | changes


def differences(own: OwnRecord, **changes: Any) -> list[str]:
    return live_differences(own, referee(**changes), "0xab", Decimal(1000))


def test_two_records_of_one_trade_agree() -> None:
    assert differences(OWN) == []


def test_an_order_the_venue_alone_knows_is_a_difference() -> None:
    forgotten = {"order_id": "0x9", "address": "0xAB", "size_matched": "0", "status": "LIVE"}
    assert differences(OWN, orders=[*referee()["orders"], forgotten]) == [
        "order 0x9 is at the venue and not in our table"
    ]


def test_an_order_we_alone_believe_live_is_a_difference() -> None:
    ghost = replace(OWN, orders={**OWN.orders, "0x3": ("live", Decimal(0))})
    assert differences(ghost) == ["order 0x3 is live in our table and unknown to the venue"]


def test_a_lost_fill_shows_in_order_fill_position_and_cash() -> None:
    blind = replace(OWN, orders={"0x1": ("live", Decimal(0))}, fills={}, positions={}, cash_moved=Decimal(0))
    assert len(differences(blind)) == 4


def test_a_dollar_that_went_missing_is_a_difference() -> None:
    assert differences(replace(OWN, cash_moved=Decimal("-4.999999"))) == [
        "collateral: 995.000001 dollars here, 995 there"
    ]


def test_other_peoples_orders_are_not_ours() -> None:
    foreign = {"order_id": "0x8", "address": "0xCD", "size_matched": "1", "status": "LIVE"}
    assert differences(OWN, orders=[*referee()["orders"], foreign]) == []


def test_a_settlement_against_the_resolution_is_a_difference_in_paper_too() -> None:
    paid = replace(OWN, settled=(("m", "78", Decimal(1)),))
    assert len(paper_differences(paid, referee())) == 1
    assert paper_differences(replace(OWN, settled=(("m", "78", Decimal(0)),)), referee()) == []


def test_a_ledger_at_odds_with_itself_is_a_difference() -> None:
    assert len(paper_differences(replace(OWN, ledger_agrees=False), referee())) == 1
