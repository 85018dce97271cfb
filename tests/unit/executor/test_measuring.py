"""Where an order's time goes, and what became of orders."""

from __future__ import annotations

import pytest

from services.executor.adapters.meter import PrometheusMeter
from services.executor.domain.entered import REMEMBERED_MAX, Entered
from services.executor.domain.words import NotSent, Uncertain
from services.executor.ports import Stage
from shared.domain.ids import AccountId, OrderId, TokenId
from shared.domain.money import Price, Shares
from shared.domain.order import OrderStatus, Side
from shared.messages.executor import OrderChanged
from shared.runtime.metrics import Metrics
from tests.unit.executor.fakes import ACCOUNT, MARKET, NOW, Engine, intent


def changed(status: str, version: int, order: str = "a", account: AccountId = ACCOUNT) -> OrderChanged:
    return OrderChanged(
        order_id=OrderId(order), account=account, strategy_tag="td", market=MARKET.market, token=TokenId("1"),
        outcome="Up", side=Side.BUY, purpose="entry", rung=0, attempt=0, price=Price.of("0.80"), shares=Shares.of(10),
        filled=Shares.of(0), status=OrderStatus(status), reason="", venue_order_id=None, placed_at=NOW,
        version=version,
    )  # fmt: skip


@pytest.fixture
def engine() -> Engine:
    """Each step of an order takes a different time."""
    engine = Engine()
    engine.signer.before_sign = lambda: engine.clock.turn(0.001)
    engine.table.before_reserve = lambda: engine.clock.turn(0.002)
    engine.venue.before_place = lambda: engine.clock.turn(0.004)
    engine.venue.before_answer = lambda: engine.clock.turn(0.008)
    return engine


async def test_the_time_of_an_order_is_told_by_step(engine: Engine) -> None:
    await engine.place(intent())

    assert engine.meter.spans == [
        (Stage.SIGN, 0.001),
        (Stage.RESERVE, 0.002),
        (Stage.INTENT_TO_WIRE, 0.007),
        (Stage.WIRE_TO_ANSWER, 0.008),
    ]


async def test_bytes_sent_again_are_timed_to_their_answer_only(engine: Engine) -> None:
    engine.venue.answers.append(Uncertain("restarting", retry_after_seconds=0.5))

    await engine.place(intent())

    stages = [stage for stage, _ in engine.meter.spans]
    assert stages.count(Stage.INTENT_TO_WIRE) == 1
    assert engine.meter.spans[-2:] == [(Stage.WIRE_TO_ANSWER, 0.008)] * 2


async def test_an_order_halted_before_its_write_is_a_refusal_and_has_no_time_on_the_wire(engine: Engine) -> None:
    engine.venue.before_place = lambda: engine.gate.hear("halted", 1, cancels=True)

    await engine.place(intent())

    assert engine.meter.refusals == {"HALTED": 1}
    assert [stage for stage, _ in engine.meter.spans] == [Stage.SIGN, Stage.RESERVE]


async def test_a_venue_that_could_not_be_reached_has_no_time_on_the_wire(engine: Engine) -> None:
    engine.venue.answers.append(NotSent("cannot connect"))

    await engine.place(intent())

    assert Stage.WIRE_TO_ANSWER not in [stage for stage, _ in engine.meter.spans]


def test_an_order_is_counted_once_in_each_status_however_its_facts_arrive() -> None:
    metrics = Metrics("executor")
    meter = PrometheusMeter(metrics, lambda: 0.0)
    for status, version in (("submitting", 1), ("filled", 3), ("live", 2), ("filled", 3), ("filled", 4)):
        meter.order_changed(changed(status, version))
    meter.order_changed(changed("live", 1, order="b"))

    shown = metrics.exposition().decode()
    assert 'tdmaker_orders_total{status="submitting"} 1.0' in shown
    assert 'tdmaker_orders_total{status="live"} 2.0' in shown
    assert 'tdmaker_orders_total{status="filled"} 1.0' in shown
    assert 'tdmaker_orders_total{status="rejected"} 0.0' in shown


def test_orders_of_long_ago_are_forgotten() -> None:
    entered = Entered()
    orders = [OrderId(str(number)) for number in range(REMEMBERED_MAX + 1)]
    assert [order for order in orders if not entered.is_new(order, OrderStatus.LIVE)] == []
    assert not entered.is_new(orders[-1], OrderStatus.LIVE)
    assert entered.is_new(orders[0], OrderStatus.LIVE)
