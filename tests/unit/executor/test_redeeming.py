"""Tokens become cash once, whatever is lost on the way."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.executor.domain.gate import Gate
from services.executor.domain.redemption import (
    Held,
    Over,
    Progress,
    Redemption,
    Refused,
    Signed,
    Status,
    SubmitWord,
    Taken,
    Unanswered,
    verdict,
)
from services.executor.handlers.redeem import PACE_SECONDS, TurnToCash
from services.executor.ports import LastLook, UnsignableError, VenueSilentError
from shared.domain.ids import RedemptionId
from shared.domain.market import Market
from shared.domain.money import NO_SHARES, Cash, Shares
from shared.domain.redemption import Action
from shared.messages.settlement import RedeemPositions
from tests.unit.executor.fakes import ACCOUNT, MARKET, NOW, FakeLease, FakeMeter, TurnedClock

VALID = timedelta(seconds=600)


def shares(count: str) -> Shares:
    return Shares.of(count)


@dataclass
class FakeRedemptions:
    rows: dict[RedemptionId, Redemption] = field(default_factory=dict[RedemptionId, Redemption])
    details: list[str] = field(default_factory=list[str])

    def add(self, name: str = "r1", action: Action = Action.REDEEM, cash: str = "10") -> RedemptionId:
        redemption = RedemptionId(name)
        self.rows[redemption] = Redemption(redemption, MARKET, action, Cash.of(cash), Status.REQUESTED, None, None)
        return redemption

    async def oldest_under_way(self) -> Redemption | None:
        under_way = [row for row in self.rows.values() if row.status in {Status.REQUESTED, Status.SUBMITTED}]
        return min(under_way, key=lambda row: row.signed is None, default=None)

    async def sign(self, redemption: RedemptionId, signed: Signed) -> bool:
        is_first = self.rows[redemption].signed is None
        if is_first:
            self.rows[redemption] = replace(self.rows[redemption], signed=signed)
        return is_first

    async def submitted(self, redemption: RedemptionId, transaction: str) -> None:
        self.rows[redemption] = replace(self.rows[redemption], status=Status.SUBMITTED, transaction=transaction)

    async def end(self, redemption: RedemptionId, over: Over) -> None:
        self.rows[redemption] = replace(self.rows[redemption], status=over.status)
        self.details.append(over.detail)


@dataclass
class FakeChain:
    """A wallet, a relayer and the chain: the same bytes act once. `answers` are given instead of an id; bytes are taken
    all the same unless `loses`."""

    clock: TurnedClock
    held_now: Held = (shares("10"), NO_SHARES)
    cash: Cash = field(default_factory=lambda: Cash.of("100"))
    answers: deque[SubmitWord] = field(default_factory=deque[SubmitWord])
    loses: bool = False
    is_silent: bool = False
    objection: str = ""
    fate: Progress = Progress.CONFIRMED
    mempool: list[bytes] = field(default_factory=list[bytes])
    executed: list[bytes] = field(default_factory=list[bytes])
    sent: list[bytes] = field(default_factory=list[bytes])

    async def held(self, market: Market) -> Held:
        self._answer()
        return self.held_now

    async def sign_redemption(self, market: Market, held: Held) -> Signed:
        return self._signed(f"redeem {held[0]} {held[1]}", NO_SHARES)

    async def sign_merge(self, market: Market, held: Held, pairs: Shares) -> Signed:
        return self._signed(f"merge {pairs}", min(held) - pairs)

    async def submit(self, signed: Signed, last_look: LastLook) -> SubmitWord:
        if (reason := last_look()) is not None:
            return Unanswered(reason)
        self.sent.append(signed.body)
        if not self.loses and signed.body not in [*self.mempool, *self.executed]:
            self.mempool.append(signed.body)
        return self.answers.popleft() if self.answers else Taken("t1")

    async def progress(self, transaction: str) -> Progress:
        self._answer()
        return Progress.UNDER_WAY if self.mempool else self.fate

    async def spendable(self) -> Cash:
        return self.cash

    def mine(self) -> None:
        """A block: all that waits is executed, or fails."""
        waiting, self.mempool = self.mempool, []
        for body in waiting if self.fate is Progress.CONFIRMED else ():
            self.executed.append(body)
            kind, *parts = body.decode().split()
            pairs = Decimal(parts[0]) if kind == "merge" else None
            self.held_now = (
                (NO_SHARES, NO_SHARES)
                if pairs is None
                else (self.held_now[0] - Shares(pairs), self.held_now[1] - Shares(pairs))
            )
            self.cash += Cash.of(parts[0])

    def _signed(self, text: str, leaves: Shares) -> Signed:
        self._answer()
        if self.objection:
            raise UnsignableError(self.objection)
        return Signed(text.encode(), self.clock.wall() + VALID, leaves)

    def _answer(self) -> None:
        if self.is_silent:
            raise VenueSilentError("no answer")


class Counter:
    """An executor's cash desk, active and with a fresh lease; `restart` is a successor on the same table and chain."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.table = FakeRedemptions()
        self.chain = FakeChain(self.clock)
        self.gate = Gate()
        self.gate.hear("active", 0, cancels=False)
        self.lease = FakeLease()
        self.meter = FakeMeter()
        self.restart()

    def restart(self) -> None:
        self.desk = TurnToCash(ACCOUNT, self.table, self.chain, self.gate, self.lease, self.clock, self.meter)

    async def round(self, times: int = 1) -> None:
        for _ in range(times):
            self.clock.turn(PACE_SECONDS)
            await self.desk.round()

    def status(self, redemption: RedemptionId) -> Status:
        return self.table.rows[redemption].status


@pytest.fixture
def counter() -> Counter:
    return Counter()


async def test_a_redemption_is_proven_by_the_balances_and_then_the_cash_is_read(counter: Counter) -> None:
    redemption = counter.table.add()
    await counter.round()
    assert counter.status(redemption) is Status.SUBMITTED
    await counter.round()
    assert counter.status(redemption) is Status.SUBMITTED
    counter.chain.mine()
    await counter.round()
    assert counter.status(redemption) is Status.PROVEN
    assert counter.meter.spendables == [Cash.of("110")]
    assert counter.meter.redemptions == [(Action.REDEEM, Status.PROVEN)]


async def test_a_merge_takes_whole_pairs_no_more_than_asked_for(counter: Counter) -> None:
    counter.chain.held_now = (shares("12.5"), shares("11.75"))
    redemption = counter.table.add(action=Action.MERGE, cash="10")
    await counter.round()
    counter.chain.mine()
    await counter.round()
    assert (counter.chain.sent, counter.status(redemption)) == ([b"merge 10"], Status.PROVEN)
    assert counter.chain.held_now == (shares("2.5"), shares("1.75"))


async def test_a_merge_takes_no_more_pairs_than_the_venue_has(counter: Counter) -> None:
    counter.chain.held_now = (shares("3.5"), shares("11"))
    counter.table.add(action=Action.MERGE, cash="10")
    await counter.round()
    assert counter.chain.sent == [b"merge 3"]


async def test_the_same_command_twice_and_none_at_all_come_to_the_same(counter: Counter) -> None:
    redemption = counter.table.add()
    command = RedeemPositions(
        redemption_id=redemption, account=ACCOUNT, market=MARKET.market, cash=Cash.of("10"), attempt=0, decided_at=NOW
    )
    await counter.desk.asked(command)
    await counter.desk.asked(command)
    counter.chain.mine()
    await counter.round()
    await counter.desk.asked(command)
    await counter.round(2)
    assert (len(counter.chain.sent), counter.chain.cash) == (1, Cash.of("110"))


async def test_another_accounts_command_wakes_nobody(counter: Counter) -> None:
    redemption = counter.table.add()
    await counter.desk.asked(
        RedeemPositions(
            redemption_id=redemption, account="other", market=MARKET.market, cash=Cash.of("10"), attempt=0,  # pyright: ignore[reportArgumentType]
            decided_at=NOW,
        )
    )  # fmt: skip
    assert counter.chain.sent == []


async def test_a_lost_answer_is_resolved_by_the_balances_before_anything_is_sent_again(counter: Counter) -> None:
    redemption = counter.table.add()
    counter.chain.answers.append(Unanswered("no answer within 5 s"))
    await counter.round()
    counter.chain.mine()
    counter.restart()
    await counter.round()
    assert (counter.status(redemption), len(counter.chain.sent)) == (Status.PROVEN, 1)


async def test_bytes_that_never_arrived_are_sent_again_as_they_were(counter: Counter) -> None:
    redemption = counter.table.add()
    counter.chain.loses = True
    counter.chain.answers.append(Unanswered("connection reset"))
    await counter.round()
    counter.restart()
    counter.chain.loses = False
    await counter.round()
    counter.chain.mine()
    await counter.round()
    assert counter.chain.sent == [b"redeem 10 0"] * 2
    assert (counter.status(redemption), counter.chain.cash) == (Status.PROVEN, Cash.of("110"))


async def test_bytes_that_may_be_under_way_are_sent_again_and_act_once(counter: Counter) -> None:
    counter.table.add()
    counter.chain.answers.extend([Unanswered("no answer"), Unanswered("wallet has in-flight action")])
    await counter.round(2)
    counter.chain.mine()
    await counter.round()
    assert (len(counter.chain.sent), counter.chain.cash) == (2, Cash.of("110"))


async def test_the_refusal_of_a_copy_proves_nothing_of_the_first_one(counter: Counter) -> None:
    redemption = counter.table.add()
    counter.chain.answers.extend([Unanswered("no answer"), Refused("execution reverted: insufficient balance")])
    await counter.round(2)
    assert counter.status(redemption) is Status.REQUESTED
    counter.chain.mine()
    await counter.round()
    assert (counter.status(redemption), counter.chain.cash) == (Status.PROVEN, Cash.of("110"))


async def test_a_refusal_and_a_failed_transaction_end_the_try(counter: Counter) -> None:
    refused = counter.table.add("r1")
    counter.chain.answers.append(Refused("invalid signature"))
    counter.chain.loses = True
    await counter.round()
    assert counter.status(refused) is Status.FAILED
    failed = counter.table.add("r2")
    counter.chain.loses, counter.chain.fate = False, Progress.FAILED
    await counter.round()
    counter.chain.mine()
    await counter.round()
    assert counter.status(failed) is Status.FAILED
    assert counter.table.details == ["invalid signature", "the transaction failed"]
    assert counter.meter.spendables == []


async def test_what_cannot_be_signed_fails(counter: Counter) -> None:
    counter.chain.objection = "0xab is no condition of a v1 market"
    redemption = counter.table.add()
    await counter.round()
    assert (counter.status(redemption), counter.chain.sent) == (Status.FAILED, [])


async def test_tokens_that_are_gone_are_proven_without_a_transaction(counter: Counter) -> None:
    counter.chain.held_now = (NO_SHARES, NO_SHARES)
    redemption = counter.table.add()
    await counter.round()
    assert (counter.status(redemption), counter.chain.sent) == (Status.PROVEN, [])


async def test_a_merge_without_a_pair_at_the_venue_fails(counter: Counter) -> None:
    redemption = counter.table.add(action=Action.MERGE)
    await counter.round()
    assert (counter.status(redemption), counter.table.details) == (
        Status.FAILED, ["no pair at the venue: it holds 10 and 0"]
    )  # fmt: skip


async def test_nothing_is_sent_again_after_the_deadline_and_the_try_fails_a_minute_later(counter: Counter) -> None:
    redemption = counter.table.add()
    counter.chain.loses = True
    counter.chain.answers.append(Unanswered("no answer"))
    await counter.round()
    counter.clock.turn(600)
    await counter.round()
    assert (counter.status(redemption), len(counter.chain.sent)) == (Status.REQUESTED, 1)
    counter.clock.turn(60)
    await counter.round()
    assert counter.status(redemption) is Status.FAILED


async def test_a_silent_venue_is_asked_again(counter: Counter) -> None:
    redemption = counter.table.add()
    counter.chain.is_silent = True
    await counter.round()
    assert counter.status(redemption) is Status.REQUESTED
    counter.chain.is_silent = False
    await counter.round()
    assert counter.status(redemption) is Status.SUBMITTED


async def test_nothing_is_begun_or_sent_in_halted_and_by_an_old_holder(counter: Counter) -> None:
    counter.table.add()
    counter.gate.hear("halted", 1, cancels=True)
    await counter.round()
    counter.gate.hear("reducing", 2, cancels=False)
    counter.lease.age()
    await counter.round()
    assert counter.chain.sent == []
    counter.lease.is_fresh = True
    await counter.round()
    assert counter.chain.sent == [b"redeem 10 0"]


async def test_the_wallet_does_one_thing_at_a_time(counter: Counter) -> None:
    first, second = counter.table.add("r1"), counter.table.add("r2")
    await counter.round(3)
    assert (counter.status(first), counter.status(second)) == (Status.SUBMITTED, Status.REQUESTED)
    counter.chain.mine()
    await counter.round(2)
    assert (counter.status(first), counter.status(second)) == (Status.PROVEN, Status.PROVEN)


async def test_looks_keep_their_pace_however_many_commands_come(counter: Counter) -> None:
    counter.table.add()
    counter.chain.answers.extend([Unanswered("busy")] * 5)
    await counter.round()
    await counter.desk.round()
    assert len(counter.chain.sent) == 1


@pytest.mark.parametrize("progress", list(Progress))
def test_the_balances_have_the_last_word(progress: Progress) -> None:
    signed = Signed(b"", NOW + VALID, NO_SHARES)
    redemption = Redemption(RedemptionId("r"), MARKET, Action.REDEEM, Cash.of("10"), Status.SUBMITTED, signed, "t")
    gone, there = (NO_SHARES, NO_SHARES), (NO_SHARES, shares("0.01"))
    late = signed.valid_until + timedelta(minutes=2)
    is_mined_only = verdict(redemption, signed, gone, progress, NOW) is None
    assert is_mined_only == (progress is Progress.UNDER_WAY)
    assert verdict(redemption, signed, gone, progress, late) == Over(Status.PROVEN, "the venue holds 0 and 0")
    now = verdict(redemption, signed, there, progress, NOW)
    assert (now is None) == (progress is not Progress.FAILED)
    assert (verdict(redemption, signed, there, progress, late) or now) is not None
