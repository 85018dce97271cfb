"""What the decision log says of a market at an instant."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString

from cli import readings
from cli.errors import EXIT_USAGE, CommandError

HALF_A_DAY = timedelta(hours=12)
NAMED_MAX = 5

MARKETS: LiteralString = """
select market_id, slug, slot_start from market
where slug = %(name)s or market_id = %(name)s
   or not exists (select from market where slug = %(name)s or market_id = %(name)s)
      and (starts_with(slug, %(name)s) or starts_with(market_id, %(name)s))
order by slug limit %(limit)s
"""

# What was decided at an instant is the row that had begun last.
DECISIONS: LiteralString = """
select distinct on (d.account_id, d.outcome)
       d.account_id as account, m.slug as market, d.outcome, d.verdict, d.reason, d.price, d.repeats, d.first_at,
       d.last_at, d.first_look, d.last_look
from decision d join market m using (market_id)
where d.market_id = %(market)s and (%(at)s::timestamptz is null or d.first_at <= %(at)s)
  and (%(outcome)s::text is null or lower(d.outcome) = lower(%(outcome)s))
order by d.account_id, d.outcome, d.first_at desc, d.last_at desc
"""


@dataclass(frozen=True, slots=True)
class Question:
    """`market` as it was typed; `at` as it was typed, None = the latest; `outcome` None = both."""

    market: str
    at: str | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """One row of the log with the look that is nearest to the instant asked about."""

    row: dict[str, Any]

    @property
    def filters(self) -> list[dict[str, Any]]:
        return self.row["filters"]

    @property
    def headline(self) -> str:
        row = self.row
        reason = f" ({row['reason']})" if row["reason"] else ""
        price = "" if row["price"] is None else f" at {row['price']}"
        order = f", of order {row['order']}" if row["order"] else ""
        looks = f"{row['repeats']} looks from {_clock(row['first_at'])} to {_clock(row['last_at'])}"
        return f"{row['account']} {row['market']} {row['outcome']}: {row['verdict']}{reason}{price}{order}; {looks}"

    @property
    def inputs(self) -> str:
        """What it was decided on, as far as a filter asked."""
        seen = self.row["inputs"]
        named = {name: seen.get(name) for name in ("strike", "spot", "fair_value", "model")}
        known = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in named.items() if value is not None)
        return f"as looked at {_clock(self.row['looked_at'])}" + (f": {known}" if known else "")


def decided(tables: readings.Connection, question: Question) -> list[Decided]:
    """For each account and outcome what had been decided last by then. Raises CommandError."""
    market = _market(tables, question.market)
    at = None if question.at is None else instant_of(question.at, market["slot_start"])
    parameters = {"market": market["market_id"], "at": at, "outcome": question.outcome}
    rows = readings.rows(tables, DECISIONS, parameters)
    if not rows:
        by_then = "" if at is None else f" by {_clock(at)} UTC"
        of = "" if question.outcome is None else f" of {question.outcome}"
        raise CommandError(f"{market['slug']}: no decision{of} is logged{by_then}")
    return [Decided(_with_look(row, at)) for row in rows]


def instant_of(text: str, slot_start: datetime) -> datetime:
    """ISO 8601 (UTC without an offset), or a time of the day that lies nearest to the slot. Raises CommandError."""
    try:
        given = time.fromisoformat(text)
    except ValueError:
        return _from_iso(text)
    found = _on(slot_start.astimezone(UTC).date(), given)
    if found - slot_start > HALF_A_DAY:
        return found - timedelta(days=1)
    return found + timedelta(days=1) if slot_start - found > HALF_A_DAY else found


def _on(day: date, given: time) -> datetime:
    return datetime.combine(day, given, tzinfo=given.tzinfo or UTC).astimezone(UTC)


def _from_iso(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--at {text}: must be ISO 8601 or HH:MM[:SS], UTC", EXIT_USAGE) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _market(tables: readings.Connection, name: str) -> readings.Row:
    found = readings.rows(tables, MARKETS, {"name": name, "limit": NAMED_MAX + 1})
    if not found:
        raise CommandError(f"{name}: no such market; `tdmaker orders --all` lists those that were traded")
    if len(found) > 1:
        named = ", ".join(row["slug"] for row in found[:NAMED_MAX])
        more = " and more" if len(found) > NAMED_MAX else ""
        raise CommandError(f"{name}: several markets begin so: {named}{more}", EXIT_USAGE)
    return found[0]


def _with_look(row: readings.Row, at: datetime | None) -> readings.Row:
    """The last look of the run, or its first where the instant lies before the last: the run's price is the last's."""
    is_last = at is None or at >= row["last_at"]
    first, last = row.pop("first_look"), row.pop("last_look")
    look: dict[str, Any] = (last if is_last else first) or first or last or {}
    return {
        **row,
        "price": row["price"] if is_last else None,
        "looked_at": row["last_at"] if is_last else row["first_at"],
        "order": look.get("order"),
        "inputs": look.get("inputs") or {},
        "filters": look.get("filters") or [],
    }


def _clock(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
