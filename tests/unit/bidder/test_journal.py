"""A journal of the bidder, run again, gives exactly its decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.replay.journals import compare_all
from services.bidder.adapters.spoken import SpokenDecisions
from services.bidder.bootstrap import bidder_of
from services.bidder.domain.market_state import Flags, Holding
from services.bidder.ports import Tables
from shared.domain.money import Cash, Shares
from shared.domain.reference import Strike
from shared.messages.discovery import ReferencePrice
from shared.messages.envelope import Envelope, MessageError
from shared.runtime import journal
from shared.runtime.journal import PART_BYTES, Journal, JournalError, open_journal, read_lines
from shared.runtime.scribe import Opened, Scribe
from shared.runtime.settings import load_settings
from tests.unit.bidder.cases import DOWN, MARKET, NOW, RULES, UP, order
from tests.unit.bidder.test_bidder import ACCOUNT, fact, listed, order_changed, top

DECIDED = load_settings(
    None,
    {
        "strategy_tag": RULES.strategy_tag,
        "order_size": 8,
        "min_move_pct": 0.05,
        "entry_fair_margin": 0.1,
        "avoid_hours_utc": "3",
        "fair_value_model": "table",
    },
    environ={},
)
ACTS = ("up", "down", "out", "lost", "look", "spot", "live", "filled", "account", "tables", "listed", "garbled", "wait")


class Running:
    """A journaled bidder at work; its clock moves a little with every look at it."""

    def __init__(self, folder: Path, part_bytes: int) -> None:
        self.at = NOW
        self.sent: list[Envelope] = []
        self.complaints: list[str] = []
        self.journal = open_journal(folder, "bidder", NOW, self.complaints.append, part_bytes)
        scribe, wallet = Scribe(self.journal), Cash.of(100)
        scribe.begin(Opened.of(ACCOUNT, DECIDED, wallet))
        decisions = SpokenDecisions(scribe.function("decided", lambda _: None))
        intents, clock = scribe.port("intents", self), scribe.clock(self)
        bidder = bidder_of(DECIDED, ACCOUNT, wallet, intents, clock, decisions)
        self.bidder = scribe.handler("bidder", bidder)

    def now(self) -> datetime:
        self.at += timedelta(microseconds=137)
        return self.at

    def wall(self) -> datetime:
        return self.now() + timedelta(hours=1)

    def monotonic_seconds(self) -> float:
        return 0.0

    def send(self, subject: str, envelope: Envelope) -> None:
        self.sent.append(envelope)

    async def do(self, act: str) -> None:
        bidder = self.bidder
        match act:
            case "up" | "down":
                bidder.on_top(top("0.80", outcome=UP if act == "up" else DOWN, seen_at=self.at))
            case "out":
                bidder.on_top(top("0.60", seen_at=self.at))
            case "lost":
                bidder.on_remembered_top(top("0.80", known=False))
            case "look":
                bidder.look()
            case "spot":
                bidder.on_price(spot("101", self.at))
            case "live" | "filled":
                await bidder.on_order(order_changed(order(status=act, version=2 if act == "live" else 3)))
            case "account":
                bidder.on_account("active", Cash.of("50.5"), 2)
            case "tables":
                bidder.restore(tables())
            case "listed":
                await bidder.on_market(fact(listed()))
            case "garbled":
                with pytest.raises(MessageError):
                    await bidder.on_fill(fact(listed()))
            case _:
                self.at += timedelta(seconds=20)


def spot(price: str, at: datetime) -> ReferencePrice:
    return ReferencePrice(
        coin=MARKET.coin, spot=Decimal(price), spot_at=at, average=None, average_at=None, source="test"
    )


def tables() -> Tables:
    holding = Holding(UP.token, Shares.of("6.25"), 1)
    strikes = [(MARKET.market, Strike(Decimal(100), "exact"))]
    return Tables([MARKET], [order(DOWN, status="cancelled")], [(MARKET.market, holding)], strikes, [
        (MARKET.market, Flags(unmatched_fill=False))
    ])  # fmt: skip


def ran(folder: Path, acts: Sequence[str], part_bytes: int = PART_BYTES) -> Running:
    running = Running(folder, part_bytes)

    async def work() -> None:
        for act in acts:
            await running.do(act)

    running.bidder.on_account("active", Cash.of(100), 1)
    running.bidder.restore(Tables([MARKET], [], [], [(MARKET.market, Strike(Decimal(100), "exact"))], []))
    running.bidder.open()
    asyncio.run(work())
    running.journal.close()
    return running


def test_an_entry_placed_then_is_placed_now(tmp_path: Path) -> None:
    running = ran(tmp_path, ["spot", "up", "look", "live", "out", "look"])
    assert [each.schema for each in running.sent] == ["bidder.place_entry.v1", "bidder.cancel_entry.v1"]
    (compared,) = compare_all(tmp_path)
    assert (compared.inputs, compared.otherwise) == (9, None)
    assert compared.deeds > 10


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=st.lists(st.sampled_from(ACTS), max_size=25))
def test_a_journal_gives_exactly_the_decisions_it_tells_of(
    acts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    ran(folder, ["spot", *acts])
    (compared,) = compare_all(folder)
    assert compared.otherwise is None
    assert compared.inputs == 4 + sum(act != "wait" for act in acts)


def test_another_decision_than_then_is_told_with_its_input(tmp_path: Path) -> None:
    ran(tmp_path, ["spot", "up", "look"])
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text().replace('["max_bid","0.85"]', '["max_bid","0.79"]'))
    (compared,) = compare_all(tmp_path)
    assert compared.otherwise is not None
    assert "place_entry" in compared.otherwise.then
    assert "BID_OUT_OF_RANGE" in compared.otherwise.now


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    ran(tmp_path, ["spot", "up", "look"])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    (compared,) = compare_all(tmp_path)
    assert (compared.inputs, compared.otherwise) == (6, None)


def test_a_long_journal_goes_on_in_the_next_file(tmp_path: Path) -> None:
    ran(tmp_path, ["spot", "up", "look", "live", "out", "look"], part_bytes=2000)
    assert len(list(tmp_path.iterdir())) > 3
    (compared,) = compare_all(tmp_path)
    assert (compared.inputs, compared.otherwise) == (9, None)


def test_a_journal_leaves_room_on_the_disk_to_those_who_need_it_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "FREE_BYTES_MIN", 10**18)
    with pytest.raises(OSError, match="are free on the disk"):
        ran(tmp_path, ["spot"])


def test_a_line_that_cannot_be_read_is_no_end(tmp_path: Path) -> None:
    ran(tmp_path, ["spot", "up", "look"])
    (path,) = tmp_path.iterdir()
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:-3], "[1,\n", *lines[-3:]]))
    with pytest.raises(JournalError, match=f"line {len(lines) - 2}: "):
        compare_all(tmp_path)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not the beginning"),
        ("{}\n", "line 1"),
        ('["call",1,"bidder.look",[[],{}]]\n', "beginning"),
    ],
)
def test_what_is_no_journal_is_refused_in_one_line(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "bidder-1.0001.jsonl").write_text(text)
    with pytest.raises(JournalError, match=word):
        compare_all(tmp_path)


def test_a_folder_without_a_journal_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no journal"):
        compare_all(tmp_path)


class FullDisk:
    def write(self, line: bytes) -> int:
        raise OSError("no space left")

    def flush(self) -> None:
        """Nothing was written."""

    def close(self) -> None:
        """Nothing to close."""


def test_a_full_disk_ends_the_journal_and_not_the_trading(tmp_path: Path) -> None:
    complaints: list[str] = []
    running = ran(tmp_path, ["spot", "up"])
    (entry, *_) = read_lines(tmp_path.iterdir())
    broken = Journal(iter([FullDisk()]), complaints.append)  # pyright: ignore[reportArgumentType]
    broken.write(entry)
    broken.write(entry)
    assert complaints == ["no space left"]
    assert running.complaints == []
