"""The bidder from levels and facts to intents."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from services.bidder.domain.market_state import Flags
from services.bidder.domain.rules import Rules
from services.bidder.handlers import Bidder
from services.bidder.ports import Tables
from shared.domain.ids import AccountId, OrderId, TradeId
from shared.domain.market import Outcome
from shared.domain.money import Cash, Shares
from shared.domain.order import Order, OrderStatus, Side, TimeInForce
from shared.messages.bidder import CancelEntry, PlaceEntry
from shared.messages.discovery import BookLevel, ListedOutcome, MarketListed, TopChanged
from shared.messages.envelope import Envelope, Message, command, open_envelope
from shared.messages.executor import EntriesClosed, OrderChanged
from shared.messages.fills import FillBooked, PositionChanged
from shared.messages.risk import TradingStateChanged
from tests.unit.bidder.cases import DOWN, MARKET, NOW, RULES, UP, judge, level, order

ACCOUNT = AccountId("sim:paper:paper")


@dataclass
class Desk:
    """A bidder, the clock it reads and the intents it sent."""

    at: datetime = NOW
    rules: Rules = RULES
    sent: list[Envelope] = field(default_factory=list[Envelope])
    subjects: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.bidder = Bidder(judge(self.rules), ACCOUNT, self, self)

    def now(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    def monotonic_seconds(self) -> float:
        return 0.0

    def send(self, subject: str, envelope: Envelope) -> None:
        self.subjects.append(subject)
        self.sent.append(envelope)

    @property
    def places(self) -> list[PlaceEntry]:
        return [open_envelope(PlaceEntry, each) for each in self.sent if each.schema == PlaceEntry.SCHEMA]

    @property
    def cancels(self) -> list[CancelEntry]:
        return [open_envelope(CancelEntry, each) for each in self.sent if each.schema == CancelEntry.SCHEMA]


def trading(*orders: Order, rules: Rules = RULES) -> Desk:
    """Open, active, with the market and its orders read from the tables."""
    desk = Desk(rules=rules)
    desk.bidder.on_account("active", Cash.of(100), 1)
    desk.bidder.restore(Tables([MARKET], orders, [], [], []))
    desk.bidder.open()
    return desk


def top(bid: str = "0.80", *, outcome: Outcome = UP, known: bool = True, seen_at: datetime = NOW) -> TopChanged:
    one = level(bid)
    bids = (BookLevel(price=one.price, shares=one.shares),)
    return TopChanged(
        market=MARKET.market, token=outcome.token, bids=bids, asks=(), known=known, seen_at=seen_at, sequence=1
    )


def fact(message: Message, version: int = 1) -> Envelope:
    made = command(message, message_id="m", producer="test", key=MARKET.market, occurred_at=NOW, recorded_at=NOW)
    return msgspec.structs.replace(made, key_sequence=version)


def order_changed(of: Order, account: AccountId = ACCOUNT) -> Envelope:
    changed = OrderChanged(
        order_id=of.order_id,
        account=account,
        strategy_tag="tag",
        market=of.market,
        token=of.token,
        outcome=of.outcome,
        side=of.side,
        purpose="entry" if of.side is Side.BUY else "exit",
        rung=of.rung,
        attempt=of.attempt,
        price=of.price,
        shares=of.shares,
        filled=of.filled,
        status=of.status,
        reason="",
        venue_order_id=of.venue_order_id,
        placed_at=NOW,
        version=of.version,
    )
    return fact(changed, of.version)


def listed(**changes: object) -> MarketListed:
    listing = MarketListed(
        market=MARKET.market,
        slug=MARKET.slug,
        coin=MARKET.coin,
        start=MARKET.start,
        end=MARKET.end,
        outcomes=(ListedOutcome(name="Up", token=UP.token), ListedOutcome(name="Down", token=DOWN.token)),
        tick=MARKET.tick,
        min_shares=MARKET.min_shares,
        taker_fee_rate=MARKET.taker_fee_rate,
        protocol_version="v1",
        neg_risk=False,
        accepting_orders=True,
    )
    return msgspec.structs.replace(listing, **changes)


def fill(order_id: OrderId, shares: str, fill_id: int = 1) -> FillBooked:
    return FillBooked(
        account=ACCOUNT,
        fill_id=fill_id,
        trade=TradeId("t"),
        order_id=order_id,
        market=MARKET.market,
        token=UP.token,
        outcome="Up",
        side=Side.BUY,
        price=order().price,
        shares=Shares.of(shares),
        fee=Cash.of(0),
        liquidity="maker",
        status="provisional",
        source="test",
        version=1,
    )


def position(outcome: Outcome, shares: str, version: int = 1) -> PositionChanged:
    return PositionChanged(
        account=ACCOUNT,
        market=MARKET.market,
        token=outcome.token,
        outcome=outcome.name,
        shares=Shares.of(shares),
        confirmed_shares=Shares.of(0),
        cost=Cash.of(8),
        realised=Cash.of(0),
        filled_at=NOW,
        version=version,
    )


def test_a_top_in_the_range_becomes_an_intent() -> None:
    desk = trading()
    desk.bidder.on_top(top())
    (place,) = desk.places
    assert (str(place.price), str(place.shares), place.attempt, place.post_only) == ("0.80", "10.00", 0, True)
    assert place.order_id == f"tag/{MARKET.market}/Up/0/0"
    assert place.valid_until - NOW == timedelta(seconds=2)
    assert desk.subjects == [f"pm.v1.bidder.place_entry.{MARKET.market}"]


def test_nothing_is_planned_before_the_clock_runs() -> None:
    desk = Desk()
    desk.bidder.on_account("active", Cash.of(100), 1)
    desk.bidder.restore(Tables([MARKET], [], [], [], []))
    desk.bidder.on_top(top())
    assert desk.sent == []
    desk.bidder.open()
    desk.bidder.look()
    assert len(desk.places) == 1


def test_an_intent_is_not_repeated_while_it_is_outstanding() -> None:
    desk = trading()
    desk.bidder.on_top(top("0.80"))
    desk.bidder.on_top(top("0.81"))
    desk.at = NOW + timedelta(milliseconds=1999)
    desk.bidder.look()
    assert len(desk.places) == 1


def test_an_intent_that_nobody_answered_is_sent_again_under_another_message_id() -> None:
    desk = trading()
    desk.bidder.on_top(top())
    desk.at = NOW + timedelta(seconds=2)
    desk.bidder.look()
    assert [place.order_id for place in desk.places] == [desk.places[0].order_id] * 2
    assert len({envelope.message_id for envelope in desk.sent}) == 2


def test_two_bidders_in_one_window_say_the_same_so_the_stream_keeps_one() -> None:
    first, second = trading(), trading()
    first.bidder.on_top(top())
    second.bidder.on_top(top())
    assert first.sent[0].message_id == second.sent[0].message_id


async def test_an_order_answers_its_intent_and_holds_its_place() -> None:
    desk = trading()
    desk.bidder.on_top(top())
    await desk.bidder.on_order(order_changed(order()))
    desk.at = NOW + timedelta(seconds=5)
    desk.bidder.look()
    assert len(desk.places) == 1


async def test_a_rejected_order_is_followed_by_the_next_attempt() -> None:
    desk = trading()
    desk.bidder.on_top(top())
    await desk.bidder.on_order(order_changed(order(status="rejected")))
    assert [place.attempt for place in desk.places] == [0, 1]


async def test_a_bid_that_leaves_the_range_cancels_once_and_again_only_when_unanswered() -> None:
    desk = trading(order())
    desk.bidder.on_top(top("0.70"))
    desk.bidder.on_top(top("0.69"))
    assert [(cancel.order_id, cancel.reason) for cancel in desk.cancels] == [(order().order_id, "BID_OUT_OF_RANGE")]
    desk.at = NOW + timedelta(seconds=2)
    desk.bidder.look()
    assert len(desk.cancels) == 2
    await desk.bidder.on_order(order_changed(order(status="cancelling", version=2)))
    desk.at = NOW + timedelta(seconds=9)
    desk.bidder.look()
    assert len(desk.cancels) == 2


async def test_a_new_order_waits_for_the_cancels_last_word() -> None:
    desk = trading(order())
    desk.bidder.on_top(top("0.70"))
    desk.bidder.on_top(top("0.80"))
    assert desk.places == []
    await desk.bidder.on_order(order_changed(order(status="cancelled", version=2)))
    assert [place.attempt for place in desk.places] == [1]


async def test_facts_of_another_account_change_nothing() -> None:
    desk = trading()
    await desk.bidder.on_order(order_changed(order(), AccountId("sim:live:0x1")))
    desk.bidder.on_top(top())
    assert len(desk.places) == 1


async def test_that_a_markets_entries_are_closed_is_for_others_to_hear() -> None:
    desk = trading()
    await desk.bidder.on_order(fact(EntriesClosed(account=ACCOUNT, market=MARKET.market), 1))
    desk.bidder.on_top(top())
    assert len(desk.places) == 1


async def test_a_halt_stops_entries_at_once_and_an_older_state_does_not_bring_them_back() -> None:
    desk = trading()
    halted = TradingStateChanged(account=ACCOUNT, state="halted", cancels=True, causes=(), version=5)
    await desk.bidder.on_trading_state(fact(halted))
    desk.bidder.on_account("active", Cash.of(100), 4)
    desk.bidder.on_top(top())
    assert desk.places == []
    desk.bidder.on_account("active", Cash.of(100), 6)
    desk.bidder.look()
    assert len(desk.places) == 1


async def test_a_held_side_closes_the_other() -> None:
    desk = trading()
    await desk.bidder.on_fill(fact(position(DOWN, "10")))
    desk.bidder.on_top(top())
    assert desk.places == []


async def test_a_fill_beyond_its_order_is_kept_and_closes_the_market() -> None:
    desk = trading(order(status="cancelled"))
    await desk.bidder.on_fill(fact(fill(order().order_id, "11")))
    assert desk.bidder.oversize_fills == 1
    desk.bidder.on_top(top())
    assert desk.places == []


async def test_a_fill_told_twice_counts_once() -> None:
    desk = trading(order())
    for _ in range(2):
        await desk.bidder.on_fill(fact(fill(order().order_id, "6")))
    assert desk.bidder.oversize_fills == 0


async def test_a_top_that_came_before_its_listing_is_not_lost() -> None:
    desk = Desk()
    desk.bidder.on_account("active", Cash.of(100), 1)
    desk.bidder.open()
    desk.bidder.on_top(top())
    await desk.bidder.on_market(fact(listed()))
    assert len(desk.places) == 1


async def test_an_older_listing_changes_nothing() -> None:
    desk = trading()
    await desk.bidder.on_market(fact(listed(accepting_orders=False), version=3))
    await desk.bidder.on_market(fact(listed(), version=2))
    desk.bidder.on_top(top())
    assert desk.places == []


async def test_a_market_that_is_over_is_not_taken_up() -> None:
    desk = Desk(at=MARKET.end)
    await desk.bidder.on_market(fact(listed()))
    assert desk.bidder.watched == 0


def test_a_remembered_top_never_undoes_a_heard_one() -> None:
    desk = trading()
    desk.bidder.on_top(top("0.70"))
    desk.bidder.on_remembered_top(top("0.80"))
    assert desk.places == []
    desk.bidder.on_remembered_top(top("0.80", outcome=DOWN))
    assert [place.outcome for place in desk.places] == ["Down"]


def test_tables_read_again_bring_what_was_missed_and_forget_what_is_settled() -> None:
    desk = trading()
    desk.bidder.restore(Tables([MARKET], [], [], [], [(MARKET.market, Flags(exited=True))]))
    desk.bidder.on_top(top())
    assert desk.places == []
    desk.at = MARKET.end
    desk.bidder.restore(Tables([], [], [], [], []))
    assert desk.bidder.watched == 0


def test_the_same_plan_follows_a_restart() -> None:
    live = order()
    before, after = trading(live), trading(live)
    before.bidder.on_top(top("0.70"))
    after.bidder.on_top(top("0.70"))
    assert before.cancels == after.cancels


def test_every_answer_is_remembered_once_with_its_repeats() -> None:
    desk = trading()
    desk.bidder.on_top(top("0.70"))
    desk.bidder.on_top(top("0.71"))
    answers = {(each.outcome, each.reason): each for each in desk.bidder.decisions.take()}
    refused = answers["Up", "BID_OUT_OF_RANGE"]
    assert (refused.repeats, str(refused.price)) == (2, "0.71")
    assert desk.bidder.decisions.take() == ()


def told(desk: Desk) -> list[tuple[str, str, int]]:
    """Verdict, reason and repeats of each episode of Up, in their order."""
    return [(each.verdict, each.reason, each.repeats) for each in desk.bidder.decisions.take() if each.outcome == "Up"]


def test_episodes_that_could_not_be_written_are_added_to_later_ones() -> None:
    desk = trading()
    desk.bidder.on_top(top("0.70"))
    taken = desk.bidder.decisions.take()
    desk.bidder.on_top(top("0.71"))
    desk.bidder.decisions.put_back(taken)
    assert told(desk) == [("refused", "BID_OUT_OF_RANGE", 2)]


def test_a_decision_that_changes_back_and_forth_is_told_as_a_sequence_with_its_times() -> None:
    desk = trading()
    desk.bidder.on_account("halted", Cash.of(100), 2)
    seconds = (0, 1, 2, 3)
    for second, version, state in zip(seconds, (3, 4, 5, 6), ("active", "halted", "halted", "active"), strict=True):
        desk.at = NOW + timedelta(seconds=second)
        desk.bidder.on_account(state, Cash.of(100), version)
        desk.bidder.on_top(top("0.70"))
    episodes = [each for each in desk.bidder.decisions.take() if each.outcome == "Up"]
    assert [(each.reason, each.repeats) for each in episodes] == [
        ("BID_OUT_OF_RANGE", 1),
        ("HALTED", 2),
        ("BID_OUT_OF_RANGE", 1),
    ]
    assert [(each.first_at - NOW).seconds for each in episodes] == [0, 1, 3]
    assert (episodes[1].last_at - NOW).seconds == 2


def test_an_episode_that_goes_on_comes_again_with_its_later_repeats_alone() -> None:
    desk = trading()
    desk.bidder.on_top(top("0.70"))
    (first,) = [each for each in desk.bidder.decisions.take() if each.outcome == "Up"]
    desk.at = NOW + timedelta(seconds=1)
    desk.bidder.on_top(top("0.71"))
    (later,) = [each for each in desk.bidder.decisions.take() if each.outcome == "Up"]
    assert later.key == first.key
    assert (later.repeats, later.last_at, str(later.price)) == (1, desk.at, "0.71")
    assert told(desk) == []


def test_an_episode_knows_what_it_was_decided_from() -> None:
    desk = trading()
    desk.bidder.on_top(msgspec.structs.replace(top("0.70"), sequence=41))
    desk.bidder.on_top(msgspec.structs.replace(top("0.71"), sequence=42))
    (episode,) = [each for each in desk.bidder.decisions.take() if each.outcome == "Up"]
    assert episode.first is not None
    assert episode.last is not None
    assert (episode.first.inputs.tops, episode.last.inputs.tops) == (((UP.token, 41),), ((UP.token, 42),))
    assert (episode.first.verdicts[-1].value, episode.last.verdicts[-1].value) == ("0.70", "0.71")


def test_a_taker_sends_a_fill_or_kill_that_is_not_post_only() -> None:
    desk = trading(rules=replace(RULES, taker=True))
    ask = level("0.83")
    desk.bidder.on_top(msgspec.structs.replace(top("0.80"), asks=(BookLevel(price=ask.price, shares=ask.shares),)))
    (place,) = desk.places
    assert (place.time_in_force, place.post_only, str(place.price)) == (TimeInForce.FOK, False, "0.83")


async def test_a_filled_order_ends_the_market_for_a_single_order() -> None:
    desk = trading()
    desk.bidder.on_top(top())
    await desk.bidder.on_order(order_changed(replace(order(), status=OrderStatus.FILLED, filled=Shares.of(10))))
    desk.bidder.look()
    assert len(desk.places) == 1
