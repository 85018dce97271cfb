"""A replay: events in, in their order; what would have been decided and booked comes out as records.

Within one instant the order is: stale cancels, exits, breaker, paper fills, reconciliation (here: results), bids.
Between two events time moves to every instant at which it alone changes something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from lab.replay.exits import Exits
from lab.replay.feed import Feed
from lab.replay.frames import Event, PriceSeen, TickChanged, TopSeen
from lab.replay.instants import FOREVER_MS, instant, milliseconds
from lab.replay.ledger import Ledger
from lab.replay.models import Models
from lab.replay.occupancy import Occupancy
from lab.replay.prices import CoinPrices, Settlement
from lab.replay.recorder import Recorder
from lab.replay.slots import Playable
from lab.replay.tally import Tally
from lab.replay.trader import Terms, Trader
from lab.replay.watched import Standing, TokenBook, Watched, price_of, watch
from services.bidder.domain.market_state import listed
from services.bidder.domain.outlook import FairOutlook
from services.risk.domain.staleness import Limits, Measure, stale_cause
from services.risk.domain.stop_loss import ExitRules
from services.settlement.domain.case import Case, Kind
from services.settlement.domain.resolution import Resolved, Settle, Silent, Word, decide
from shared.domain.ids import Coin
from shared.domain.money import Cash, Price
from shared.domain.reference import Spot

RESOLVED_AFTER_SECONDS = 60
"""Domain time from a slot's end to the venue's word: half of 100 recorded slots were resolved within 55 s."""
SEEN_TO_END_MS = 60_000
HOUR_MS = 3_600_000
STALE_BOOKS = "stale_books"
IDLE = frozenset({Standing.NO_BID, Standing.OUT_OF_RANGE})


@dataclass(frozen=True, slots=True)
class Setup:
    """Seconds are domain time; `settlement` is the rule of the recording's strikes."""

    terms: Terms
    exits: ExitRules
    staleness: Limits
    max_exposure: Cash
    maker_interval_seconds: float
    settlement_grace_seconds: float
    settlement: Settlement
    outlook: FairOutlook
    models: Models


@dataclass(slots=True)
class Oddities:
    """What in the frames was refused as evidence."""

    unplayed_books: int = 0
    crossed_books: int = 0
    impossible_prices: int = 0


class World:
    def __init__(self, setup: Setup, slots: Sequence[Playable]) -> None:
        self.tell = Recorder()
        self.ledger = Ledger(setup.max_exposure)
        self.trader = Trader(setup.terms, self.ledger, self.tell)
        self.occupancy = Occupancy()
        self.oddities = Oddities()
        self.markets = [self._watched(each, setup) for each in slots]
        self._setup = setup
        self._rules = setup.terms.judge.rules
        self._models = setup.models
        self._exits = Exits(self.trader, setup.terms, setup.exits, setup.models)
        self._feed = Feed(setup.staleness)
        self._prices: dict[str, CoinPrices] = {}
        self._by_token = {token: market for market in self.markets for token in market.books}
        self._waiting = sorted(self.markets, key=lambda market: -market.start_ms)
        self._active: list[Watched] = []
        self._due_ms = min((market.start_ms for market in self.markets), default=FOREVER_MS)
        self._standings: dict[tuple[str, str | None], Standing] = {}
        self._interval_ms = max(1, int(setup.maker_interval_seconds * 1000))
        self._stale_ms = int(self._rules.stale_seconds * 1000) + 1
        self._asks_prices = bool(self._rules.min_move_pct or self._rules.max_move_pct or self._rules.entry_fair_margin)

    def _watched(self, slot: Playable, setup: Setup) -> Watched:
        state = listed(slot.market, setup.terms.judge.rules)
        return watch(slot.market, slot.winner, state, Tally(slot.market.slug, self.tell.records.decisions))

    # events

    def hear(self, event: Event) -> None:
        if self._due_ms <= event.t:
            self._advance(event.t)
        if type(event) is TopSeen:
            self._top(event)
        elif type(event) is PriceSeen:
            self._price(event)
        elif type(event) is TickChanged:
            self._tick(event)

    def finish(self) -> None:
        """Time goes on until every slot is settled or nothing more can tell its result."""
        last_ms = max((market.end_ms for market in self.markets), default=0)
        until_ms = last_ms + int(max(self._setup.settlement_grace_seconds, RESOLVED_AFTER_SECONDS) * 1000) + 1
        self._advance(until_ms)
        now = instant(until_ms)
        for market in self._active:
            self.trader.leave_unresolved(market, now)
        for market in self.markets:
            market.tally.close()
            self.occupancy.mark(market, until_ms, is_busy=False)

    def _top(self, seen: TopSeen) -> None:
        market = self._by_token.get(seen.token)
        if market is None:
            self.oddities.unplayed_books += 1
            return
        is_news = self._show(market, market.books[seen.token], seen)
        market.seen_ms = seen.t
        if not market.contains(seen.t):
            return
        if seen.bid is not None or seen.ask is not None:
            self._feed.sign_of_life(seen.t)
        if is_news or not market.looked_fresh or self._feed.measure:
            self._act(market, seen.t)
        else:
            market.tally.again(seen.t)

    def _show(self, market: Watched, book: TokenBook, seen: TopSeen) -> bool:
        """Whether the new top can change anything. Where no entry can come and nothing of ours depends on the book, it
        cannot until the bid comes into range, or comes back, or goes. Sizes alone matter to one filter."""
        before, standing = book.standing, self._standing(seen)
        is_same = standing is before and self._are_prices_same(book, seen)
        book.show(seen.bid, seen.ask, standing)
        if self._models:
            self._models.see(market, seen.t)
            if self._asks_a_model(market):
                return True
        if is_same and not self._rules.min_book_depth:
            return False
        is_idle = standing is before and (standing in IDLE or book.outcome.token in market.complete)
        return not is_idle or bool(market.papers) or self._may_leave(market, book)

    def _asks_a_model(self, market: Watched) -> bool:
        """Its answer moves with the instant, with sizes and with either book."""
        is_held = self._models.exit is not None and market.exposed is not None
        return is_held or (self._models.entry is not None and self._may_change(market))

    @staticmethod
    def _are_prices_same(book: TokenBook, seen: TopSeen) -> bool:
        bid, ask = book.bid, book.ask
        if bid == seen.bid and ask == seen.ask:
            return True
        return (None if bid is None else bid.price) == (None if seen.bid is None else seen.bid.price) and (
            None if ask is None else ask.price
        ) == (None if seen.ask is None else seen.ask.price)

    def _may_leave(self, market: Watched, book: TokenBook) -> bool:
        held = market.exposed
        return held is not None and held.token == book.outcome.token and not self._exits.are_off

    def _standing(self, seen: TopSeen) -> Standing:
        """Remembered by the prices as they are spelled: there are few, and comparing them is dear."""
        if seen.bid is None:
            return Standing.NO_BID
        spelled = seen.bid.price, None if seen.ask is None else seen.ask.price
        standing = self._standings.get(spelled)
        if standing is None:
            standing = self._standings[spelled] = self._judged(*spelled)
        if standing is Standing.CROSSED:
            self.oddities.crossed_books += 1
        return standing

    def _judged(self, bid: str, ask: str | None) -> Standing:
        if ask is not None and price_of(bid) > price_of(ask):
            return Standing.CROSSED
        is_in_range = self._rules.target_bid <= price_of(bid) <= self._rules.max_bid
        return Standing.IN_RANGE if is_in_range else Standing.OUT_OF_RANGE

    def _tick(self, change: TickChanged) -> None:
        market = self._by_token.get(change.token)
        if market is not None and 0 < change.tick < 1:
            market.set_tick(change.tick)

    def _price(self, seen: PriceSeen) -> None:
        price, second = seen.price, seen.at // 1000
        if price <= 0:
            self.oddities.impossible_prices += 1
        prices = self._prices.get(seen.coin)
        if prices is None:
            prices = self._prices[seen.coin] = CoinPrices()
        if seen.is_average:
            prices.average(second, price)
        else:
            prices.spot(second, price)
            self._spot(Coin(seen.coin), Spot(price, instant(seen.at)), seen.t)
        for market in self._active:
            if market.strike is None and market.market.coin == seen.coin and market.start_ms <= seen.at:
                market.strike = prices.strike(market.start_ms // 1000, second, self._setup.settlement)

    def _spot(self, coin: Coin, spot: Spot, t: int) -> None:
        self._setup.outlook.hear(coin, spot)
        for market in tuple(self._active):
            if market.market.coin != coin:
                continue
            market.spot = spot
            is_asked = market.is_selling or self._asks_a_model(market)
            if market.contains(t) and (is_asked or (self._asks_prices and self._may_change(market))):
                self._act(market, t)

    def _may_change(self, market: Watched) -> bool:
        return bool(market.papers) or market.is_in_range

    # time

    def _advance(self, until_ms: int) -> None:
        while (due_ms := self._due_ms) <= until_ms:
            self._open_slots(due_ms)
            if self._look_at_feed(due_ms):
                continue
            for market in [each for each in self._active if each.due_ms <= due_ms]:
                self._act_if_still_due(market, due_ms)
            self._set_due(due_ms)

    def _act_if_still_due(self, market: Watched, ms: int) -> None:
        """A book that was seen since has put its staleness off."""
        market.due_ms = self._next_due(market, ms - 1)
        if market.due_ms <= ms:
            self._act(market, ms)

    def _open_slots(self, ms: int) -> None:
        while self._waiting and self._waiting[-1].start_ms <= ms:
            self._active.append(self._waiting.pop())

    def _look_at_feed(self, ms: int) -> bool:
        """Whether a new measure was taken; every market was looked at then."""
        if not self._feed.look(ms, is_watched=any(each.contains(ms) for each in self._active)):
            return False
        if stale_cause(self._feed.measure, 0.0) is None:
            self.ledger.causes.pop(STALE_BOOKS, None)
        else:
            self.ledger.causes[STALE_BOOKS] = "reducing"
        self._act_everywhere(ms)
        return True

    def _act_everywhere(self, ms: int) -> None:
        for market in tuple(self._active):
            self._act(market, ms)

    def _set_due(self, ms: int) -> None:
        starts = self._waiting[-1].start_ms if self._waiting else FOREVER_MS
        dues = min((each.due_ms for each in self._active), default=FOREVER_MS)
        self._due_ms = max(ms + 1, min(starts, dues, self._feed.due_ms(ms)))

    # one market at one instant

    def _act(self, market: Watched, ms: int) -> None:
        if market.is_over:
            return
        if self._feed.measure and self._look_at_feed(ms):
            return
        now, state_before, held_before = instant(ms), self.ledger.trading_state, market.exposed
        market.refresh()
        if self._feed.measure >= Measure.CANCEL:
            self.trader.cancel_entries(market, "TRADING_STATE", now)
        if market.exposed is not None and market.contains(ms):
            self._exits.look(market, now)
        self._mind_breaker(now)
        self.trader.fill_papers(market, now)
        if ms >= market.end_ms:
            self._reconcile(market, now)
        else:
            self.trader.bid(market, now)
        self.occupancy.mark(market, ms, is_busy=bool(market.papers) or market.exposed is not None)
        if held_before is None and market.exposed is not None:
            self._look_again(market, ms)
        market.due_ms = self._next_due(market, ms)
        self._set_due(ms)
        if self.ledger.trading_state != state_before:
            self._act_everywhere(ms)

    def _look_again(self, market: Watched, ms: int) -> None:
        """Exits come before fills, so what was bought in this instant is looked at in the next one."""
        market.looked_fresh = False
        market.again_ms = ms + self._interval_ms

    def _mind_breaker(self, now: datetime) -> None:
        """Tripped, it takes every entry with it, once."""
        if self.trader.tripped_at is not None:
            for each in self._active:
                self.trader.cancel_entries(each, "TRADING_STATE", now)

    def _reconcile(self, market: Watched, now: datetime) -> None:
        """The slot is over: entries go, and the result is booked as soon as it can be told."""
        self.trader.cancel_entries(market, "MARKET_CLOSED", now)
        if market.exposed is None and market.first_fill_at is None:
            self._close(market)
            return
        case, word = self._case(market), self._word(market, now)
        held_bid = self._held_bid(market, case)
        decision = decide(case, word, held_bid, now, timedelta(seconds=self._setup.settlement_grace_seconds))
        if not isinstance(decision, Settle):
            return
        if decision.kind is Kind.FORCED:
            self.trader.leave_unresolved(market, now)
            self._close(market)
        elif self.trader.settle(market, decision.payouts, decision.kind.value, decision.source, now):
            self._close(market)

    @staticmethod
    def _held_bid(market: Watched, case: Case) -> Price | None:
        """The last one of the held outcome, where the recording went on to the end: one of mid-slot tells nothing."""
        is_seen_to_end = market.seen_ms >= market.end_ms - SEEN_TO_END_MS
        return None if case.held is None or not is_seen_to_end else market.books[case.held].last_bid_price

    def _close(self, market: Watched) -> None:
        market.is_over = True
        self._active = [each for each in self._active if each is not market]
        self._models.keep(each for each in self.markets if not each.is_over)
        market.tally.close()

    def _case(self, market: Watched) -> Case:
        held = self.ledger.guard(market.market.market).held
        return Case(
            market=market.market,
            held=held,
            first_fill_at=market.first_fill_at,
            has_unsettled_shares=market.exposed is not None,
            is_guarded=True,
            settled_by=None,
        )

    @staticmethod
    def _word(market: Watched, now: datetime) -> Word:
        if market.winner is None or now < market.market.end + timedelta(seconds=RESOLVED_AFTER_SECONDS):
            return Silent()
        payouts = {each.token: Decimal(each.token == market.winner) for each in market.market.outcomes}
        return Resolved(payouts, "recording")

    def _next_due(self, market: Watched, ms: int) -> int:
        """The next instant at which time alone may change an answer."""
        if market.is_over:
            return FOREVER_MS
        rules, start = self._rules, market.start_ms
        gates = [market.end_ms, market.seen_ms + self._stale_ms, market.again_ms]
        if rules.min_entry_minutes:
            gates.append(start + _ms(rules.min_entry_minutes))
        if rules.max_entry_minutes:
            gates.append(start + _ms(rules.max_entry_minutes) + 1)
        if rules.avoid_hours_utc:
            gates.append(ms - ms % HOUR_MS + HOUR_MS)
        is_asked = self._asks_a_model(market)
        if (self._asks_prices or is_asked) and market.spot is not None:
            gates.append(milliseconds(market.spot.at) + self._stale_ms)
        if market.is_selling or is_asked or (rules.entry_fair_margin and self._may_change(market)):
            gates.append(ms + self._interval_ms)
        gates.extend(self._paper_dues(market))
        if ms >= market.end_ms:
            gates.extend(self._result_dues(market))
        return min((each for each in gates if each > ms), default=FOREVER_MS)

    def _paper_dues(self, market: Watched) -> list[int]:
        patience_ms = int(self._setup.terms.paper_fill_seconds * 1000)
        since = [paper.at_best_since for paper in market.papers.values() if paper.at_best_since is not None]
        return [milliseconds(at) + patience_ms for at in since]

    def _result_dues(self, market: Watched) -> list[int]:
        after_seconds = (RESOLVED_AFTER_SECONDS, self._setup.settlement_grace_seconds)
        dues = [market.end_ms + int(seconds * 1000) + extra for seconds in after_seconds for extra in (0, 1)]
        if market.first_fill_at is not None:
            dues.append(milliseconds(market.first_fill_at) + HOUR_MS)
        return dues


def _ms(minutes: Decimal) -> int:
    """Rounded up: a gate opens when it is reached."""
    return -int(-minutes * 60_000 // 1)
