"""Sessions that call whatever functions, on two accounts and three markets, at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from threading import Barrier
from typing import Any

import psycopg

from shared.db.outbox import CLAIM, MARK
from tests.integration.db.desk import DURING, END, Desk
from tests.integration.locks import calls

MARKETS = ("m1", "m2", "m3")
TAGS = {"sim:paper:one": "one", "sim:paper:two": "two"}
EVENTS = ("accepted", "uncertain", "rejected", "cancel_requested", "cancelled", "expired", "matched", "returned")
FILL_STATUSES = ("provisional", "confirmed", "failed")
Act = Callable[[Desk, Random], Any]


def opened_accounts(url: str) -> list[Desk]:
    """Two accounts that trade the same three markets."""
    desks = [Desk(psycopg.connect(url, autocommit=True), account=account) for account in TAGS]
    for desk in desks:
        desk.open_account("60")
    for market in MARKETS:
        desks[0].add_market(market)
    return desks


def work(url: str, desks: Sequence[Desk], seed: int, count: int, start: Barrier) -> int:
    """One session's calls, decided by its seed; how many of them went through. Raises psycopg.Error."""
    random = Random(seed)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set deadlock_timeout = '10ms'")
        mine = [replace(desk, connection=connection) for desk in desks]
        start.wait()
        for _ in range(count):
            random.choice(ACTS)(random.choice(mine), random)
    return count


def reserve(desk: Desk, random: Random) -> None:
    market, outcome, rung = random.choice(MARKETS), random.choice(("Up", "Down")), random.randrange(3)
    tag = TAGS[desk.account]
    attempt = desk.one(
        "select count(*) from orders where account_id = %s and market_id = %s and outcome = %s and rung = %s"
        " and purpose = 'entry'",
        desk.account, market, outcome, rung,
    )  # fmt: skip
    desk.reserve(outcome, rung, attempt, market=market, price="0.15", shares=random.choice(("5", "20")), tag=tag)


def sell(desk: Desk, random: Random) -> None:
    market = random.choice(MARKETS)
    attempt = desk.one(
        "select count(*) from orders where account_id = %s and market_id = %s and purpose = 'exit'",
        desk.account,
        market,
    )
    desk.reserve(
        "Up", 0, attempt, market=market, price="0.10", shares="5", tag=TAGS[desk.account], side="SELL", purpose="exit",
        time_in_force="FAK",
    )  # fmt: skip


def some_order(desk: Desk, random: Random) -> str | None:
    orders = desk.rows("select order_id from orders where account_id = %s order by order_id", desk.account)
    return random.choice(orders)[0] if orders else None


def hear(desk: Desk, random: Random) -> None:
    if order := some_order(desk, random):
        desk.event(order, random.choice(EVENTS), random.choice((None, "0", "5")))


def fill(desk: Desk, random: Random) -> None:
    """Few trades, so that sessions meet over one."""
    if order := some_order(desk, random):
        trade = f"t{random.randrange(4)}"
        desk.fill(
            order, trade, "5", "0.15", status=random.choice(FILL_STATUSES), source=random.choice(("user", "rest"))
        )


def leave(desk: Desk, random: Random) -> None:
    market = random.choice(MARKETS)
    desk.close_entries(market)
    desk.report_closed(market)


def settle(desk: Desk, random: Random) -> None:
    calls.sweep(desk, END)
    desk.settle(random.choice(("Up", "Down")), market=random.choice(MARKETS))


def kill_and_resume(desk: Desk, random: Random) -> None:
    for act in random.choice((("halt", "resume"), ("pause", "resume"), ("resume",))):
        calls.operator(desk, act)
    for cause in ("breaker", "order_returned", "unexplained_fill"):
        calls.guard(desk, cause, "active")


def relay(desk: Desk, random: Random) -> None:
    """As `shared/db/outbox.py` does it: claimed, published, marked, in one transaction."""
    with desk.connection.transaction():
        claimed = [row[0] for row in desk.rows(CLAIM, 20)]
        desk.connection.execute(MARK, (claimed,))


def refill(desk: Desk, random: Random) -> None:
    calls.refill(desk, random.choice((calls.START, calls.LATER)))


def limits(desk: Desk, random: Random) -> None:
    desk.one("select set_breaker_limits(%s, 3, -50, -50, %s, 'risk')", desk.account, DURING)
    calls.reset(desk)


def quote(desk: Desk, random: Random) -> None:
    calls.bid(desk, random.choice(("0.2", "0.3")))
    calls.override(desk)


def riddle(desk: Desk, random: Random) -> None:
    calls.park(desk, random.choice((*MARKETS, "m9")))
    calls.resolve(desk)


def case(desk: Desk, random: Random) -> None:
    calls.open_case(desk)
    calls.close_case(desk)


def list_again(desk: Desk, random: Random) -> None:
    calls.list_market(desk)
    calls.strike(desk, random.choice(("prior", "metadata", "exact")))


def live(desk: Desk, random: Random) -> None:
    calls.beat(desk, str(random.random()))
    calls.take(desk, "here")
    calls.alert(desk)


def flag(desk: Desk, random: Random) -> None:
    calls.flag(desk, random.choice(("awaiting_settlement", "trading")))


def adopt(desk: Desk, random: Random) -> None:
    venue_order = f"0x{TAGS[desk.account]}{random.randrange(3)}"
    desk.one(
        "select adopt_order(%s, %s, 'm3', 'm3-Up', 'BUY', 0.15, 5, 'GTC', 'live', %s, 'fills')",
        desk.account, venue_order, DURING,
    )  # fmt: skip


def shadow(desk: Desk, random: Random) -> None:
    calls.shadow(desk)


ACTS: Sequence[Act] = (
    *[reserve] * 6, *[hear] * 4, *[fill] * 8, *[sell] * 2,
    *[kill_and_resume] * 3, leave, settle, relay, refill, limits, quote, riddle, case, list_again, live, flag, adopt,
    shadow,
)  # fmt: skip
