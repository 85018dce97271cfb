"""Leaves positions early: each is looked at on every change of its book and every half second at least."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from services.risk.domain import leaving as course
from services.risk.domain.exit_model import ExitModel
from services.risk.domain.leaving import AskToClose, Ground, Leaving, Nothing, Offer, Step
from services.risk.domain.odds import Odds, Struck
from services.risk.domain.resting import Resting
from services.risk.domain.sales import Sales
from services.risk.domain.stop_loss import (
    AwaitSettlement,
    ExitDecision,
    ExitRules,
    Exposed,
    Hold,
    Reason,
    Sight,
    Wait,
    look,
)
from services.risk.handlers.keep import order_of
from services.risk.ports import Commands, ExitReport, Guard, Held, Snapshot
from shared.domain.book import Level, Top, net_of_own
from shared.domain.clock import Clock
from shared.domain.ids import AccountId, MarketId, TokenId, exit_order_id
from shared.domain.market import Market
from shared.domain.money import average_price
from shared.domain.order import OrderStatus
from shared.domain.reference import UP
from shared.messages.discovery import MarketListed, ReferencePrice, StrikeCaptured, TopChanged
from shared.messages.envelope import Envelope, open_envelope
from shared.messages.executor import EntriesClosed, OrderChanged
from shared.messages.fills import PositionChanged
from shared.messages.risk import Sell

NO_ORDER_BOOK = "market_closed"
"""How the executor's reason begins where the venue has no order book any more."""


@dataclass(frozen=True, slots=True)
class Seller:
    account: AccountId
    strategy_tag: str


@dataclass(slots=True)
class _Watch:
    held: Held
    exposed: Exposed
    leaving: Leaving
    decision: ExitDecision
    override_counted: datetime | None = None


class LeaveEarly:
    """With a model its answers decide, without one the rule."""

    def __init__(
        self,
        seller: Seller,
        rules: ExitRules,
        odds: Odds,
        model: ExitModel | None,
        resting: Resting,
        commands: Commands,
        report: ExitReport,
        clock: Clock,
    ) -> None:
        self._seller = seller
        self._rules = rules
        self._odds = odds
        self._model = model
        self._resting = resting
        self._commands = commands
        self._report = report
        self._clock = clock
        self._sales = Sales()
        self._markets: dict[MarketId, Market] = {}
        self._guards: dict[MarketId, Guard] = {}
        self._tops: dict[TokenId, TopChanged] = {}
        self._watches: dict[TokenId, _Watch] = {}
        self._versions: dict[TokenId, int] = {}

    def restore(self, snapshot: Snapshot) -> None:
        """What the tables say; of a position that is known already, only what is newer."""
        self._markets |= {market.market: market for market in snapshot.markets}
        self._guards |= {guard.market: guard for guard in snapshot.guards}
        for order in snapshot.orders:
            self._sales.put(order)
        for held in snapshot.positions:
            self._hold(held)
        for struck in snapshot.strikes:
            self._odds.hear_strike(struck)
        self._forget()

    async def look(self, *, is_halted: bool) -> None:
        for watch in tuple(self._watches.values()):
            await self._look_at(watch, is_halted)

    def on_top(self, top: TopChanged) -> bool:
        """Whether it is of a token that is held: then it is time to look."""
        self._tops[top.token] = top
        self._remember(top.market)
        return top.token in self._watches

    def on_price(self, price: ReferencePrice) -> None:
        self._odds.hear_price(price)

    async def on_market(self, fact: Envelope) -> None:
        if fact.schema == StrikeCaptured.SCHEMA:
            strike = open_envelope(StrikeCaptured, fact)
            self._odds.hear_strike(Struck(strike.market, strike.price))
        elif fact.schema == MarketListed.SCHEMA:
            market = open_envelope(MarketListed, fact).as_market()
            self._markets[market.market] = market

    async def on_order(self, fact: Envelope) -> None:
        if fact.schema == EntriesClosed.SCHEMA:
            self._entries_closed(open_envelope(EntriesClosed, fact).market)
        elif fact.schema == OrderChanged.SCHEMA:
            changed = open_envelope(OrderChanged, fact)
            self._sales.put(order_of(changed))
            await self._sale_told(changed)

    async def on_fill(self, fact: Envelope) -> None:
        if fact.schema != PositionChanged.SCHEMA:
            return
        position = open_envelope(PositionChanged, fact)
        self._hold(
            Held(
                position.market, position.token, position.outcome, position.shares, position.confirmed_shares,
                position.cost, position.filled_at, position.version, None,
            )
        )  # fmt: skip

    def _hold(self, held: Held) -> None:
        if held.version < self._versions.get(held.token, held.version):
            return
        self._versions[held.token] = held.version
        watch = self._watches.get(held.token)
        market = self._markets.get(held.market)
        if not held.shares or market is None:
            self._watches.pop(held.token, None)
        elif watch is None:
            self._watches[held.token] = _Watch(held, _exposed(held, market), Leaving(), Hold(Reason.UNKNOWN_BOOK))
        else:
            watch.held, watch.exposed = held, _joined(watch.exposed, held)

    def _forget(self) -> None:
        """Markets past their end, with all that hangs on them."""
        now = self._clock.now()
        self._markets = {name: market for name, market in self._markets.items() if not market.has_ended(now)}
        tokens = {outcome.token for market in self._markets.values() for outcome in market.outcomes}
        self._guards = {name: guard for name, guard in self._guards.items() if name in self._markets}
        self._tops = {token: top for token, top in self._tops.items() if token in tokens}
        self._watches = {token: watch for token, watch in self._watches.items() if token in tokens}
        self._versions = {token: version for token, version in self._versions.items() if token in tokens}
        self._sales.keep(tokens)
        self._odds.keep(self._markets)
        if self._model is not None:
            self._model.keep(self._markets)

    async def _look_at(self, watch: _Watch, is_halted: bool) -> None:
        sight = self._sight(watch.exposed, is_halted)
        watch.exposed, decision = look(watch.exposed, sight, self._rules)
        if decision != watch.decision:
            await self._decided(watch, decision, sight)
        await self._mark(watch, sight)
        now_seconds = self._clock.monotonic_seconds()
        if course.is_unheard(watch.leaving, now_seconds):
            await self._failed(watch, "UNHEARD")
        leaving, step = course.next_step(watch.leaving, decision, self._ground(watch), now_seconds)
        await self._take(watch, leaving, step)

    async def _decided(self, watch: _Watch, decision: ExitDecision, sight: Sight) -> None:
        """An act that raises is done at the next look."""
        since = watch.exposed.below_exit_since
        if isinstance(decision, Wait) and since != watch.override_counted:
            await self._commands.count_override(watch.exposed.market, watch.exposed.token)
            watch.override_counted = since
        if decision.reason is Reason.MODEL_SILENT:
            await self._alert(watch, "is held: the exit model lacks data")
        self._report.decided(watch.exposed, decision, sight.bid)
        watch.decision = decision

    def _sight(self, exposed: Exposed, is_halted: bool) -> Sight:
        now, market = self._clock.now(), self._markets.get(exposed.market)
        fair = p_win = None
        if market is not None:
            fair = self._odds.p_win(market, exposed.outcome, now)
            p_win = self._answer(exposed, market, now)
        return Sight(self._top(exposed.token), fair, p_win, now, is_halted)

    def _answer(self, exposed: Exposed, market: Market, now: datetime) -> Decimal | None:
        """The model's, or None where it lacks a book, a strike or a price."""
        if self._model is None:
            return None
        tops, move_pct = self._tops_of(market), self._odds.up_move_pct(market, now)
        if tops is None or move_pct is None:
            return None
        return self._model.p_win(exposed, market, *tops, move_pct, now)

    def _remember(self, name: MarketId) -> None:
        """What a model needs of a book's past, held or not."""
        if self._model is None or (market := self._markets.get(name)) is None:
            return
        if (tops := self._tops_of(market)) is not None:
            self._model.see(name, *tops, self._clock.now())

    def _tops_of(self, market: Market) -> tuple[Top, Top] | None:
        """Up's and Down's, whichever is listed first."""
        first, second = market.outcomes
        up, down = (first, second) if first.name == UP else (second, first)
        up_top, down_top = self._top(up.token), self._top(down.token)
        return None if up_top is None or down_top is None else (up_top, down_top)

    def _top(self, token: TokenId) -> Top | None:
        """Net of our own orders."""
        heard = self._tops.get(token)
        if heard is None or not heard.known:
            return None
        bids = [Level(level.price, level.shares) for level in heard.bids]
        ask = Level(heard.asks[0].price, heard.asks[0].shares) if heard.asks else None
        return Top(token, net_of_own(bids, dict(self._resting.bids(token))), ask, heard.seen_at)

    async def _mark(self, watch: _Watch, sight: Sight) -> None:
        """Before the slot's end an empty book is ours to mark and to take back; after it, settlement's."""
        market = watch.exposed.market
        guard = self._guard(market)
        if isinstance(watch.decision, AwaitSettlement) and not guard.is_awaiting:
            await self._set_awaiting(market, is_awaiting=True)
        elif (
            guard.is_awaiting
            and sight.bid is not None
            and sight.now < watch.exposed.ends_at
            and not watch.leaving.is_over
        ):
            await self._set_awaiting(market, is_awaiting=False)

    async def _set_awaiting(self, market: MarketId, *, is_awaiting: bool) -> None:
        await self._commands.mark_awaiting(market, is_awaiting=is_awaiting)
        self._guards[market] = replace(self._guard(market), is_awaiting=is_awaiting)

    def _guard(self, market: MarketId) -> Guard:
        return self._guards.get(market) or Guard(market, is_exited=False, are_entries_closed=False, is_awaiting=False)

    def _ground(self, watch: _Watch) -> Ground:
        guard, token = self._guard(watch.exposed.market), watch.exposed.token
        confirmed = min(watch.exposed.confirmed_shares, watch.exposed.shares)
        return Ground(
            is_exited=guard.is_exited,
            are_entries_closed=guard.are_entries_closed,
            confirmed=confirmed.less(self._sales.in_hand(token)),
            sales=self._sales.count(token),
            selling=self._sales.is_selling(token),
        )

    async def _take(self, watch: _Watch, leaving: Leaving, step: Step) -> None:
        """An act that raises is decided on again at the next look."""
        match step:
            case Nothing():
                return
            case AskToClose(reason):
                before, watch.leaving = watch.leaving, leaving
                try:
                    await self._ask_to_close(watch.exposed.market, reason)
                except Exception:
                    watch.leaving = before
                    raise
            case Offer():
                watch.leaving = leaving
                await self._offer(watch, step)

    async def _ask_to_close(self, market: MarketId, reason: Reason) -> None:
        """The answer may be here before the call returns, so what is known is changed first."""
        self._guards[market] = replace(self._guard(market), is_exited=True, are_entries_closed=False)
        await self._commands.close_entries(market, reason, self._clock.now())

    async def _offer(self, watch: _Watch, offer: Offer) -> None:
        sell = self._sell(watch.exposed, offer)
        watch.leaving = course.offered(watch.leaving, sell.order_id, self._clock.monotonic_seconds())
        self._report.offered(sell)
        if not await self._commands.sell(sell) and watch.leaving.order == sell.order_id:
            await self._failed(watch, "NOT_SENT")

    def _sell(self, exposed: Exposed, offer: Offer) -> Sell:
        return Sell(
            order_id=exit_order_id(self._seller.strategy_tag, exposed.market, exposed.outcome, offer.attempt),
            account=self._seller.account,
            strategy_tag=self._seller.strategy_tag,
            market=exposed.market,
            token=exposed.token,
            outcome=exposed.outcome,
            attempt=offer.attempt,
            price=course.SALE_PRICE,
            shares=offer.shares,
            reason=offer.reason,
            decided_at=self._clock.now(),
            valid_until=self._clock.wall() + timedelta(seconds=course.VALID_SECONDS),
        )

    def _entries_closed(self, market: MarketId) -> None:
        self._guards[market] = replace(self._guard(market), is_exited=True, are_entries_closed=True)
        for watch in self._watches.values():
            if watch.exposed.market == market:
                watch.leaving = course.entries_closed(watch.leaving)

    async def _sale_told(self, sale: OrderChanged) -> None:
        watch = self._watches.get(sale.token)
        if watch is None or sale.order_id != watch.leaving.order:
            return
        if not order_of(sale).is_final:
            watch.leaving = course.heard(watch.leaving, sale.order_id)
        elif sale.filled:
            watch.leaving = course.sold(watch.leaving, self._clock.monotonic_seconds())
        elif sale.status is OrderStatus.REJECTED and sale.reason.startswith(NO_ORDER_BOOK):
            watch.leaving = course.no_order_book(watch.leaving)
            await self._set_awaiting(sale.market, is_awaiting=True)
        else:
            await self._failed(watch, sale.reason or str(sale.status))

    async def _failed(self, watch: _Watch, reason: str) -> None:
        watch.leaving, alerts = course.failed(watch.leaving, self._clock.monotonic_seconds())
        self._report.sale_failed(watch.exposed, reason, alerts=alerts)
        if alerts:
            await self._alert(watch, f"cannot be sold: {reason}")

    async def _alert(self, watch: _Watch, words: str) -> None:
        """With the instant, since the same words are told only once."""
        exposed, market = watch.exposed, self._markets.get(watch.exposed.market)
        slug = exposed.market if market is None else market.slug
        at = self._clock.now().strftime("%H:%M:%S")
        await self._commands.alert(f"{slug} {exposed.outcome} {words} ({at} UTC)")


def _exposed(held: Held, market: Market) -> Exposed:
    """Without a word of the table the highest bid begins at the price paid."""
    paid = average_price(held.cost, held.shares)
    return Exposed(
        held.market, held.token, held.outcome, paid, held.shares, held.confirmed_shares, held.highest_bid or paid,
        held.filled_at, market.end,
    )  # fmt: skip


def _joined(exposed: Exposed, held: Held) -> Exposed:
    return replace(
        exposed,
        entry_price=average_price(held.cost, held.shares),
        shares=held.shares,
        confirmed_shares=held.confirmed_shares,
        highest_bid=max(exposed.highest_bid, held.highest_bid or exposed.highest_bid),
    )
