"""From a market's end to its booked payout. Everything is read as a level, so a restart goes on where it was."""

from __future__ import annotations

from datetime import timedelta

from services.settlement.domain.agenda import Agenda
from services.settlement.domain.case import Case, Kind
from services.settlement.domain.last_bids import LastBids
from services.settlement.domain.lone_words import LoneWords
from services.settlement.domain.pace import RETRY_SECONDS, pause_after
from services.settlement.domain.payout import split_profit
from services.settlement.domain.redemption import ALERT_AFTER_FAILURES, wanted
from services.settlement.domain.resolution import Defer, Disagreed, Resolved, Settle, checked, decide
from services.settlement.ports import CashReport, Ledger, Report, Settled, Tokens, Venue
from shared.domain.clock import Clock
from shared.domain.ids import MarketId
from shared.domain.money import NO_CASH
from shared.messages.discovery import MarketResolved, TopChanged
from shared.messages.envelope import Envelope, open_envelope
from shared.messages.executor import EntriesClosed, OrderChanged
from shared.messages.fills import FillBooked

RETRY = timedelta(seconds=RETRY_SECONDS)


class Settler:
    """Settles the account's markets. Each `look` asks the venue about one market at most, so the caller's pause between
    looks bounds the rate of requests."""

    def __init__(self, venue: Venue, ledger: Ledger, report: Report, clock: Clock, grace: timedelta) -> None:
        self._venue = venue
        self._ledger = ledger
        self._report = report
        self._clock = clock
        self._grace = grace
        self._agenda = Agenda()
        self._bids = LastBids()
        self._lone = LoneWords()
        self._spoken: dict[MarketId, Resolved] = {}
        self._reported = 0

    async def recover(self) -> None:
        """Takes over what was booked before this process; call it once, before the first look."""
        self._reported, profit = await self._ledger.booked_so_far()
        self._report.recovered(profit)

    async def look(self) -> None:
        now = self._clock.now()
        cases = await self._ledger.open_cases(now)
        self._report.waiting(cases, now)
        self._spoken = {case.market.market: word for case in cases if (word := self._spoken.get(case.market.market))}
        self._lone.keep_only({case.market.market for case in cases})
        for case in cases:
            if not case.is_guarded:
                await self._ledger.close_entries(case.market.market)
        await self._work_off(self._agenda.due(cases, now))
        await self._report_bookings()

    async def _work_off(self, due: list[Case]) -> None:
        """All whose answer is known, and one question."""
        for case in due:
            if case.market.market in self._spoken:
                await self._settle_by_word(case, self._spoken[case.market.market])
        asked = next((case for case in due if case.market.market not in self._spoken), None)
        if asked is not None:
            await self._ask(asked)

    async def _ask(self, case: Case) -> None:
        heard = checked(case, await self._venue.word_on(case))
        now = self._clock.now()
        word = self._lone.weighed(case.market.market, heard, now)
        self._agenda.postpone(case.market.market, now + pause_after(case.since_end(now)))
        if isinstance(word, Resolved) and not word.is_lone:
            self._spoken[case.market.market] = word
        if isinstance(word, Disagreed):
            self._report.disagreement(case, word.detail)
            await self._ledger.alert(f"{case.market.slug} is not settled, its sources disagree: {word.detail}")
            return
        match decide(case, word, self._bids.last(case.held), now, self._grace):
            case Defer(reason):
                self._report.deferred(case, reason)
            case Settle() as settlement:
                await self._settle(case, settlement)

    async def _settle_by_word(self, case: Case, word: Resolved) -> None:
        await self._settle(case, Settle(word.payouts, Kind.VENUE, word.source))

    async def _settle(self, case: Case, settlement: Settle) -> None:
        now = self._clock.now()
        answer = await self._ledger.settle(case.market.market, settlement, now)
        if answer is Settled.SETTLED:
            return
        self._report.not_yet(case, answer)
        if settlement.kind is Kind.VENUE:
            self._agenda.postpone(case.market.market, now + RETRY)

    async def _report_bookings(self) -> None:
        for booking in await self._ledger.booked_after(self._reported):
            legs = await self._ledger.legs(booking.market, booking.token)
            self._report.settled(booking, split_profit(booking.profit, legs))
            self._reported = booking.settlement_id

    def on_top(self, top: TopChanged) -> None:
        self._bids.hear(top)

    def on_resolved(self, hint: MarketResolved) -> None:
        """The venue may have an answer now. Only that one counts; the next look asks for it."""
        self._agenda.prompt(hint.market)

    async def on_order(self, fact: Envelope) -> None:
        """The order for which a settlement waited may be final now. That entries are closed says nothing of one."""
        if fact.schema == EntriesClosed.SCHEMA:
            return
        self._agenda.prompt(open_envelope(OrderChanged, fact).market)

    async def on_fill(self, fact: Envelope) -> None:
        """A late fill of a settled market wants its payout."""
        if fact.schema == FillBooked.SCHEMA:
            self._agenda.prompt(open_envelope(FillBooked, fact).market)


class Redeemer:
    """Has winning shares redeemed and pairs merged, again and again until the executor has proof; itself it touches
    neither wallet nor venue, and no cash is counted here: the settlement did. `is_on` False only tells what is tied up.
    """

    def __init__(self, tokens: Tokens, report: CashReport, clock: Clock, *, is_on: bool) -> None:
        self._tokens = tokens
        self._report = report
        self._clock = clock
        self._is_on = is_on

    async def look(self) -> None:
        now = self._clock.now()
        holdings = await self._tokens.holdings(now)
        self._report.redeemable(sum((holding.redeemable for holding in holdings), NO_CASH))
        for holding in holdings if self._is_on else ():
            if (due := wanted(holding, now)) is not None and await self._tokens.request(holding.market, due, now):
                self._report.requested(holding, due)
            if holding.failures >= ALERT_AFTER_FAILURES:
                await self._tokens.alert(f"{holding.slug} is not turned into cash after {ALERT_AFTER_FAILURES} tries")
