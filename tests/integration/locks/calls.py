"""Every function that changes a table, and which rows it locks, in which order: what the lock suite holds it to.

Almost all of them lock the account's row before they look at anything else, then the market's, then the order's. Those
that do not say why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString

from tests.integration.db.desk import DURING, END, START, Desk, order_name, token_of
from tests.integration.locks.rivals import FOR_UPDATE, KEY_SHARE, OWN_WRITE

ORDER = order_name("m1", "Up", 0, 0)
SALE = order_name("m1", "Up", 0, 0) + "/exit"
LATER = START + timedelta(hours=1)
Act = Callable[[Desk], Any]


@dataclass(frozen=True, slots=True)
class Lock:
    """A row that is locked: `holds` is how another session comes to hold the same one."""

    table: str
    holds: LiteralString
    parameters: tuple[str, ...] = ()
    mode: str = FOR_UPDATE

    def held(self, desk: Desk) -> None:
        assert desk.rows(self.holds, *(each.replace("ACCOUNT", desk.account) for each in self.parameters))


def account(mode: str = FOR_UPDATE) -> Lock:
    return Lock("account", "select 1 from account where account_id = %s for update", ("ACCOUNT",), mode)


def order(name: str = ORDER) -> Lock:
    return Lock("orders", "select 1 from orders where order_id = %s for update", (name,))


def position(mode: str = FOR_UPDATE) -> Lock:
    return Lock("positions", "select 1 from positions where token_id = %s for update", (token_of("m1", "Up"),), mode)


MARKET = Lock(
    "market_guard",
    "select 1 from market_guard where account_id = %s and market_id = %s for update",
    ("ACCOUNT", "m1"),
)

REDEMPTION = Lock("redemption", "select 1 from redemption where market_id = 'm1' for update", mode=OWN_WRITE)


def nothing(desk: Desk) -> None:
    """The desk as it was opened."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one function.

    `before` is what the desk looks like, `first` what another session has done and not committed, `act` the call that
    has to wait for it and `sees` what it says once that is committed, or what `after` then reads. `why` says why it
    does not lock the account before all else."""

    function: str
    locks: Sequence[Lock]
    first: Act
    act: Act
    sees: Any
    before: Act = nothing
    after: Act | None = None
    case: str = ""
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.function} {self.case}".strip()


def selling(desk: Desk) -> None:
    """20 confirmed shares, and a sale of them at the venue."""
    held(desk)
    assert desk.sell("20") is None


def held(desk: Desk) -> None:
    """20 confirmed shares for 16 dollars."""
    desk.placed()
    assert desk.fill(ORDER, status="confirmed") == "booked"


def lost(desk: Desk) -> None:
    desk.settle("Down")


def about_to_lose(desk: Desk) -> None:
    held(desk)
    desk.swept_past_the_end()


def about_to_trip(desk: Desk) -> None:
    about_to_lose(desk)
    limit_losses(desk)


def limit_losses(desk: Desk) -> None:
    desk.one("select set_breaker_limits(%s, 1, null, null, %s, 'risk')", desk.account, DURING)


def guard(desk: Desk, cause: str = "stale", state: str = "reducing") -> str:
    return desk.one("select guard(%s, %s, %s, '', 'risk')::text", desk.account, cause, state)


def operator(desk: Desk, act: str) -> str:
    calls: dict[str, LiteralString] = {
        "halt": "select halt(%s, 'operator', '')::text",
        "resume": "select resume(%s, 'operator', '')::text",
        "pause": "select pause(%s, 'operator', '')::text",
    }
    return desk.one(calls[act], desk.account)


def flag(desk: Desk, name: str) -> None:
    desk.one("select guard_market(%s, 'm1', %s, 'risk')", desk.account, name)


def flags(desk: Desk) -> tuple[bool, ...]:
    return desk.rows("select exited, awaiting_settlement from market_guard")[0]


def known_market(desk: Desk) -> None:
    """Its row of guards is there; the first to trade in it makes it."""
    flag(desk, "trading")


def recovered(desk: Desk) -> None:
    """The executor has dealt with what its start found."""
    known_market(desk)
    guard(desk, "executor_recovery", "halted")
    guard(desk, "executor_recovery", "active")


def adopt(desk: Desk) -> str:
    return desk.one(
        "select adopt_order(%s, '0xabc', 'm1', %s, 'BUY', 0.8, 20, 'GTC', 'cancelling', %s, 'fills')",
        desk.account, token_of("m1", "Up"), DURING,
    )  # fmt: skip


def park(desk: Desk, market: str = "m1") -> None:
    desk.one("select park_fill(%s, %s, 't9/x/', 'no such order', '{}', 'fills')", desk.account, market)


def parked(desk: Desk) -> None:
    known_market(desk)
    park(desk)


def resolve(desk: Desk) -> bool:
    return desk.one("select resolve_unmatched(%s, 't9/x/', 'fills')", desk.account)


def unmatched(desk: Desk) -> int:
    return desk.one("select unmatched_fills from market_guard")


def sweep(desk: Desk, until: datetime) -> None:
    desk.one("select mark_swept(%s, %s)", desk.account, until)


def open_case(desk: Desk) -> bool:
    return desk.one("select open_case(%s, 'order', 'x', 'm1', '{}', '{}', 5, 'fills')", desk.account)


def close_case(desk: Desk) -> bool:
    return desk.one("select close_case(%s, 'order', 'x', 'fills')", desk.account)


def shadow(desk: Desk) -> bool:
    return desk.one(
        "select enter_shadow(%s, 'm1', %s, 'Up', 0.82, 0.01, 16, 19, 'open', %s)",
        desk.account, token_of("m1", "Up"), DURING,
    )  # fmt: skip


def reset(desk: Desk) -> str:
    return desk.one("select breaker_reset(%s, 'operator', true)", desk.account)


def limit(desk: Desk, dollars: str) -> Decimal:
    return desk.one(
        "select reserved from open_account(%s, 'sim', 'paper', 'paper', %s)", desk.account, Decimal(dollars)
    )


def bid(desk: Desk, price: str) -> None:
    desk.one("select raise_highest_bid(%s, 'm1', %s, %s)", desk.account, token_of("m1", "Up"), Decimal(price))


def override(desk: Desk) -> None:
    desk.one("select count_override(%s, 'm1', %s)", desk.account, token_of("m1", "Up"))


def take(desk: Desk, holder: str, seconds: int = 60) -> int | None:
    return desk.one("select take_lease('risk', %s, %s * interval '1 second')", holder, seconds)


def release(desk: Desk, holder: str) -> None:
    desk.one("select release_lease('risk', %s)", holder)


def beat(desk: Desk, instance: str) -> None:
    desk.one("select beat(%s, 'risk', %s)", desk.account, instance)


def alert(desk: Desk) -> None:
    desk.one("select alert(%s, 'words', 'risk')", desk.account)


def deposit(desk: Desk) -> None:
    desk.one("select adjust_cash(%s, 'deposit', 5, 'operator', '')", desk.account)


def state_cash(desk: Desk, entry: int) -> bool:
    return desk.one("select state_cash(%s, 5, %s, 0)", desk.account, entry)


def mark_paid_out(desk: Desk) -> None:
    desk.one("select mark_paid_out(%s, %s)", desk.account, [token_of("m1", "Up")])


def list_market(desk: Desk) -> int | None:
    return desk.one(
        "select list_market('m1', 'sim', 'm1', 'btc', %s, %s, array['Up', 'Down'], array['m1-Up', 'm1-Down'], 0.001, 5,"
        " 0.07, 'v1', false, true, %s)",
        START, END, DURING,
    )  # fmt: skip


def strike(desk: Desk, provenance: str) -> int | None:
    return desk.one("select capture_strike('m1', 60000, 'sim', %s, %s, %s)", provenance, START, DURING)


def refill(desk: Desk, made_at: datetime) -> int:
    return desk.one("select refill_stream('orders', %s, array['pm.v1.*'])", made_at)


def request(desk: Desk) -> str | None:
    return desk.one("select request_redemption(%s, 'm1', 'redeem', 20, %s, 'settlement')", desk.account, END)


def redemption(desk: Desk) -> str:
    return f"{desk.account}/m1/redeem/0"


def sign(desk: Desk) -> bool:
    return desk.one("select sign_redemption(%s, 0, 'signed', %s)", redemption(desk), LATER)


def fail(desk: Desk) -> str:
    return desk.one("select move_redemption(%s, 'failed', null, 'refused', %s)::text", redemption(desk), LATER)


def prove(desk: Desk) -> str:
    return desk.one("select move_redemption(%s, 'proven', 'x', '', %s)::text", redemption(desk), LATER)


def causes_told(desk: Desk) -> int:
    """How many causes the newest fact of the trading state lists."""
    return len(desk.facts("risk.trading_state_changed.v1")[-1]["causes"])


CALLS = [
    Call(
        "reserve", [account(), MARKET],
        before=known_market,
        first=lambda desk: operator(desk, "halt"), act=lambda desk: desk.reserve(), sees="HALTED",
    ),
    Call(
        "reserve", [account(), MARKET],
        case="a sale",
        before=held,
        first=lambda desk: desk.sell("20", attempt=1), act=lambda desk: desk.sell("20"), sees="NOTHING_TO_SELL",
    ),
    Call(
        "apply_order_event", [account(), MARKET, order()],
        before=lambda desk: desk.placed(),
        first=lambda desk: desk.event(ORDER, "cancelled"), act=lambda desk: desk.event(ORDER, "cancel_requested"),
        sees="cancelled",
    ),
    Call(
        "book_fill", [account(), MARKET, order(), position()],
        before=lambda desk: desk.fill(desk.placed(), "t0", "5"),
        first=lambda desk: desk.fill(ORDER, "t1", "15", source="user"),
        act=lambda desk: desk.fill(ORDER, "t1", "15", source="rest"), sees="seen",
    ),
    Call(
        "book_fill", [account(), MARKET, order(SALE), position()],
        case="of a sale",
        before=selling,
        first=lambda desk: desk.event(SALE, "cancelled"),
        act=lambda desk: desk.fill(SALE, "t2", price="0.9", source="paper"), sees="too_late",
    ),
    Call(
        "park_fill", [account(), MARKET],
        before=known_market,
        first=park, act=park, after=unmatched, sees=1,
    ),
    Call(
        "park_fill", [account()],
        case="in a market that nobody knows",
        first=lambda desk: park(desk, "m9"), act=lambda desk: park(desk, "m9"),
        after=lambda desk: desk.one("select count(*) from unmatched_fill"), sees=1,
    ),
    Call("resolve_unmatched", [account(), MARKET], before=parked, first=resolve, act=resolve, sees=False),
    Call(
        "adopt_order", [account(), MARKET],
        before=recovered,
        first=lambda desk: guard(desk, "executor_recovery", "halted"), act=adopt, sees="not_yet",
    ),
    Call(
        "settle", [account(), MARKET],
        before=lambda desk: (desk.placed(), desk.swept_past_the_end()),
        first=lambda desk: desk.fill(ORDER), act=lambda desk: desk.settle("Up"),
        after=lambda desk: desk.profit(), sees=Decimal("4.00"),
    ),
    Call(
        "close_entries", [account(), MARKET],
        before=known_market,
        first=lambda desk: desk.close_entries(), act=lambda desk: desk.close_entries(),
        after=lambda desk: desk.one("select exit_requests from market_guard"), sees=2,
    ),
    Call(
        "entries_closed", [account(), MARKET],
        before=lambda desk: (desk.placed(), desk.close_entries()),
        first=lambda desk: desk.event(ORDER, "cancelled"), act=lambda desk: desk.report_closed(), sees=True,
    ),
    Call(
        "guard_market", [account(), MARKET],
        before=known_market,
        first=lambda desk: flag(desk, "exited"), act=lambda desk: flag(desk, "awaiting_settlement"),
        after=flags, sees=(True, True),
    ),
    Call(
        "mark_swept", [account()],
        before=known_market,
        first=lambda desk: sweep(desk, END), act=lambda desk: sweep(desk, DURING),
        after=lambda desk: desk.one("select swept_until from market_guard"), sees=END,
    ),
    Call(
        "guard", [account()],
        first=lambda desk: operator(desk, "halt"), act=guard, sees="halted",
    ),
    Call(
        "halt", [account()],
        first=guard, act=lambda desk: operator(desk, "halt"), after=causes_told, sees=2,
    ),
    Call(
        "resume", [account()],
        first=lambda desk: operator(desk, "halt"), act=lambda desk: operator(desk, "resume"), sees="active",
    ),
    Call(
        "pause", [account()],
        first=lambda desk: operator(desk, "halt"), act=lambda desk: operator(desk, "pause"), sees="halted",
    ),
    Call(
        "set_breaker_limits", [account()],
        before=about_to_lose,
        first=lost, act=limit_losses, after=lambda desk: desk.causes(), sees={"breaker"},
    ),
    Call("breaker_reset", [account()], before=about_to_trip, first=lost, act=reset, sees="active"),
    Call("open_case", [account()], first=open_case, act=open_case, sees=False),
    Call("close_case", [account()], before=open_case, first=close_case, act=close_case, sees=False),
    Call("enter_shadow", [account()], before=held, first=shadow, act=shadow, sees=False),
    Call(
        "open_account", [account(OWN_WRITE)],
        before=known_market,
        first=lambda desk: desk.reserve(), act=lambda desk: limit(desk, "30"), sees=Decimal("16.00"),
        why="one statement, which locks the account by changing it",
    ),
    Call(
        "alert", [account(KEY_SHARE)],
        first=guard, act=alert, after=lambda desk: desk.one("select count(*) from operator_action"), sees=1,
        why="it only appends; words told twice do no harm",
    ),
    Call(
        "adjust_cash", [account()],
        first=guard, act=deposit, after=lambda desk: desk.one("select count(*) from ledger_entry"), sees=1,
    ),
    Call(
        "state_cash", [account()],
        first=lambda desk: state_cash(desk, 7), act=lambda desk: state_cash(desk, 6), sees=False,
    ),
    Call(
        "mark_paid_out", [account()],
        before=about_to_lose,
        first=lambda desk: desk.settle("Up"), act=mark_paid_out,
        after=lambda desk: desk.one("select paid_out from positions"), sees=Decimal(20),
    ),
    Call(
        "raise_highest_bid", [position(OWN_WRITE)],
        before=held,
        first=lambda desk: bid(desk, "0.95"), act=lambda desk: bid(desk, "0.90"),
        after=lambda desk: desk.one("select highest_bid from positions"), sees=Decimal("0.95"),
        why="one statement on one row, in a column of risk's own: no booking waits for a quote",
    ),
    Call(
        "count_override", [position(OWN_WRITE)],
        before=held,
        first=override, act=override, after=lambda desk: desk.one("select overrides from positions"), sees=2,
        why="one statement on one row, in a column of risk's own",
    ),
    Call(
        "take_lease", [Lock("lease", "select 1 from lease where name = 'risk' for update", mode=OWN_WRITE)],
        before=lambda desk: take(desk, "a", -1),
        first=lambda desk: take(desk, "b"), act=lambda desk: take(desk, "c"), sees=None,
        why="one statement on one row; it must answer while an account is busy",
    ),
    Call(
        "release_lease", [Lock("lease", "select 1 from lease where name = 'risk' for update", mode=OWN_WRITE)],
        before=lambda desk: take(desk, "a", -1),
        first=lambda desk: take(desk, "b"), act=lambda desk: release(desk, "a"),
        after=lambda desk: desk.one("select expires_at > clock_timestamp() from lease where name = 'risk'"), sees=True,
        why="one statement on one row",
    ),
    Call(
        "beat",
        [Lock("liveness", "select 1 from liveness where service = 'risk' for update", mode=OWN_WRITE)],
        first=lambda desk: beat(desk, "there"), act=lambda desk: beat(desk, "here"),
        after=lambda desk: desk.one("select instance from liveness where service = 'risk'"), sees="here",
        why="one statement on one row; a sign of life must not wait for work",
    ),
    Call(
        "list_market", [Lock("market", "select 1 from market where market_id = 'm1' for update", mode=OWN_WRITE)],
        first=list_market, act=list_market, sees=None,
        why="what a market is belongs to no account; one statement on one row, then what follows from it",
    ),
    Call(
        "capture_strike", [Lock("strike", "select 1 from strike where market_id = 'm1' for update", mode=OWN_WRITE)],
        before=lambda desk: strike(desk, "prior"),
        first=lambda desk: strike(desk, "exact"), act=lambda desk: strike(desk, "website"), sees=None,
        why="a strike belongs to no account; one statement on one row",
    ),
    Call(
        "request_redemption", [account(KEY_SHARE)],
        first=request, act=request, sees=None,
        why="it moves no dollar of the ledger; a unique key lets one be under way a market",
    ),
    Call(
        "sign_redemption", [REDEMPTION],
        before=request,
        first=sign, act=sign, sees=False,
        why="one statement on one row: the first word stays",
    ),
    Call(
        "move_redemption", [REDEMPTION],
        before=request,
        first=fail, act=prove, sees="failed",
        why="one statement on one row, which moves forward alone",
    ),
    Call(
        "refill_stream", [Lock("stream", "select 1 from stream where name = 'orders' for update", mode=OWN_WRITE)],
        before=lambda desk: refill(desk, START),
        first=lambda desk: refill(desk, LATER), act=lambda desk: refill(desk, LATER), sees=0,
        why="facts to publish belong to no account",
    ),
]  # fmt: skip
PASSES_OVER = {"prune_outbox": "it takes what nobody else holds and leaves the rest for its next time"}
"""Functions that wait for nobody, by decision."""
