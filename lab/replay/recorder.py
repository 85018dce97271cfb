"""Writes down what happens, in the words of the records."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from lab.replay.ledger import Booked, Position
from lab.replay.records import FillRecord, OrderRecord, Records, SettlementRecord, ShadowRecord
from lab.replay.watched import Watched
from services.fills.domain.shadow import Shadow
from shared.domain.money import NO_CASH, NO_SHARES, Cash, Price, Shares
from shared.domain.order import Order, Side

MINUTE_STEP = Decimal("0.0001")
MICROSECONDS_A_MINUTE = Decimal(60_000_000)


class Recorder:
    def __init__(self) -> None:
        self.records = Records()

    def order(self, w: Watched, order: Order, change: str, reason: str, now: datetime) -> None:
        self.records.orders.append(
            OrderRecord(
                at=now,
                market=w.market.slug,
                outcome=order.outcome,
                order_id=order.order_id,
                purpose="exit" if order.side is Side.SELL else "entry",
                side=order.side.value,
                rung=order.rung,
                attempt=order.attempt,
                change=change,
                reason=reason,
                price=order.price,
                shares=order.shares,
                filled=order.filled,
            )
        )

    def fill(
        self,
        w: Watched,
        order: Order,
        price: Price,
        shares: Shares,
        fee: Cash,
        liquidity: str,
        fair_value: Decimal | None,
        now: datetime,
    ) -> None:
        self.records.fills.append(
            FillRecord(
                at=now,
                market=w.market.slug,
                coin=w.market.coin,
                outcome=order.outcome,
                order_id=order.order_id,
                side=order.side.value,
                rung=order.rung,
                liquidity=liquidity,
                price=price,
                shares=shares,
                fee=fee,
                minute=_minute(now - w.market.start),
                fair_value=fair_value,
            )
        )
        self.order(w, order, "filled", "", now)

    def settled(self, w: Watched, booked: Booked, now: datetime) -> None:
        self.records.settlements.append(
            SettlementRecord(
                at=now,
                market=w.market.slug,
                coin=w.market.coin,
                outcome=booked.outcome,
                kind=booked.kind,
                payout=booked.payout,
                shares=booked.shares,
                cost=booked.cost,
                fees=booked.fees,
                profit=booked.profit,
                source=booked.source,
            )
        )

    def unresolved(self, w: Watched, position: Position, now: datetime) -> None:
        self.records.settlements.append(
            SettlementRecord(
                at=now,
                market=w.market.slug,
                coin=w.market.coin,
                outcome=position.outcome,
                kind="unresolved",
                payout=None,
                shares=position.shares,
                cost=position.cost,
                fees=position.fees,
                profit=NO_CASH,
                source="the recording does not tell",
            )
        )

    def shadow(self, w: Watched, shadow: Shadow, profit: Cash | None, now: datetime) -> None:
        """`profit` None: there was no ask to take."""
        bought = shadow.bought
        self.records.shadows.append(
            ShadowRecord(
                at=now,
                market=w.market.slug,
                coin=w.market.coin,
                outcome=shadow.first.outcome,
                price=None if bought is None else bought.ask,
                shares=NO_SHARES if bought is None else bought.shares,
                profit=profit,
            )
        )


def _minute(into: timedelta) -> Decimal:
    return (into // timedelta(microseconds=1) / MICROSECONDS_A_MINUTE).quantize(MINUTE_STEP)
