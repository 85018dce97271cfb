"""Flow from a recording: its whole slots, one after another, as if they were current."""

from collections.abc import Iterator
from functools import partial

from venue_sim.exchange import Exchange
from venue_sim.facts import MarketListed
from venue_sim.flow.generated import version_of
from venue_sim.flow.source import TWAP, Publish, symbol_of
from venue_sim.markets import Market, Version
from venue_sim.prices import SNAPSHOT_MS, Tick
from venue_sim.recording import BookState, Event, Print, RecordedSlot, Recording
from venue_sim.timeline import Action, Timeline

QUARTER_HOUR = 900


class RecordedFlow:
    """Frames and prices keep their values and their distance to the slot's start; ids and dates are new.

    A market that an earlier run listed from another flow stays silent; its id decides its winner.
    """

    def __init__(
        self,
        recording: Recording,
        exchange: Exchange,
        timeline: Timeline,
        version: Version | None,
    ) -> None:
        self._recording = recording
        self._exchange = exchange
        self._timeline = timeline
        self._version: Version | None = version
        self._publish: Publish = _ignore
        self._by_slug = {slot.header.slug: slot for slot in recording.slots}

    def series(self) -> list[tuple[str, int]]:
        return self._recording.series()

    def first_start(self, _duration: int, origin_ms: int) -> int:
        return -(-origin_ms // (QUARTER_HOUR * 1000)) * QUARTER_HOUR

    def listing(self, coin: str, start: int, duration: int, index: int) -> MarketListed:
        slots = self._recording.whole(coin, duration)
        slot = slots[index % len(slots)]
        version = version_of(start, duration, self._version)
        return MarketListed(coin, start, duration, version, slot.min_shares, slot.taker_fee_ppm, slot.header.slug)

    def prepare(self, market: Market, from_ms: int) -> None:
        """A slot's prices start before it does: its two minutes of lead-in, unless another slot owns that time.

        Then the other slot says its last price first, and this one its own start a millisecond later.
        """
        slot = self._slot(market)
        if slot is None:
            return
        shift_ms = (market.start - slot.header.start) * 1000
        owned = any(
            (other.coin, other.duration, other.end) == (market.coin, market.duration, market.start)
            for other in self._exchange.state.markets.values()
        )
        lead_ms = 0 if owned else SNAPSHOT_MS
        actions = self._price_actions(slot, shift_ms, lead_ms)
        self._timeline.play((at_ms, action) for at_ms, action in actions if at_ms >= from_ms - SNAPSHOT_MS)

    def play(self, market: Market, from_ms: int) -> None:
        slot = self._slot(market)
        if slot is None:
            return
        offset_now = from_ms - market.start * 1000
        earlier = [event for offset, event in slot.events if offset < offset_now and isinstance(event, BookState)]
        if earlier:
            self._happen(market, earlier[-1])
        later = [(offset, event) for offset, event in slot.events if offset >= max(offset_now, 0)]
        start_ms = market.start * 1000
        self._timeline.play((start_ms + offset, partial(self._happen, market, event)) for offset, event in later)

    def start_prices(self, _from_ms: int, publish: Publish) -> None:
        self._publish = publish

    def average(self, market: Market, second: int) -> str | None:
        """The recorded average stamped with the instant, or the nearest earlier one within a minute."""
        slot = self._slot(market)
        if slot is None:
            return None
        wanted_ms = (second - market.start + slot.header.start) * 1000
        stamped = [
            tick
            for _, tick in self._recording.ticks
            if tick.channel == TWAP
            and tick.symbol == symbol_of(market.coin)
            and wanted_ms - 60_000 <= tick.timestamp_ms <= wanted_ms
        ]
        return max(stamped, key=lambda tick: tick.timestamp_ms).text if stamped else None

    def winner(self, market: Market) -> int:
        slot = self._slot(market)
        if slot is None:
            return int(market.condition_id, 16) & 1
        if slot.header.winner is not None:
            return slot.header.winner
        return 0 if slot.last_mid_up() else 1

    def _slot(self, market: Market) -> RecordedSlot | None:
        return self._by_slug.get(self._exchange.state.recorded.get(market.condition_id, ""))

    def _happen(self, market: Market, event: Event) -> None:
        match event:
            case BookState(bids, asks):
                self._exchange.set_flow(market, bids, asks, top_only=self._recording.depth == "top")
            case Print(side, price, shares) if self._recording.depth == "full":
                self._exchange.flow_take(market, side, price, shares)
            case Print():
                pass

    def _price_actions(self, slot: RecordedSlot, shift_ms: int, lead_ms: int) -> Iterator[tuple[int, Action]]:
        """Up to the slot's end; that instant is the next slot's start, and at the loop's seam its price is another."""
        first, last = slot.header.start * 1000, slot.header.end * 1000
        symbol = symbol_of(slot.header.coin)
        for t, tick in self._recording.ticks:
            if tick.symbol == symbol and first - lead_ms <= tick.timestamp_ms < last:
                moved = Tick(tick.channel, symbol, tick.timestamp_ms + shift_ms, tick.text, tick.source)
                yield t + shift_ms, partial(self._say, moved)

    def _say(self, tick: Tick) -> None:
        self._publish(tick)


def _ignore(_: Tick) -> None:
    pass
