"""A case as its file says it: which fields there are, what each may be, and one line for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal, NoReturn, Self, cast

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator

from lab.explain.numbers import Exact, Instant, PriceText, Probability, Seconds, SharesText
from shared.domain.reference import UP

DOWN = "Down"
OrderState = Literal[
    "intended", "submitting", "uncertain", "live", "partly_filled", "cancelling", "filled", "cancelled", "rejected",
    "expired",
]  # fmt: skip
CASES_MAX = 10_000


class CaseError(Exception):
    """One line: the case's number, the field, what is wrong with it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class CaseMarket(_Part):
    """`outcomes` and `tokens` run in parallel, in either order of Up and Down."""

    id: str = Field(min_length=1)
    start: Instant
    end: Instant
    outcomes: tuple[str, ...]
    tokens: tuple[str, ...]
    tick: Exact = Field(gt=0, lt=1)
    min_shares: SharesText
    taker_fee_rate: Exact = Field(ge=0, le=1)
    accepting_orders: StrictBool
    awaiting_settlement: StrictBool
    coin: str | None = None
    exited: StrictBool = False
    unmatched_fill: StrictBool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.outcomes) != 2 or len(self.tokens) != 2:
            raise ValueError(
                f"a market has two outcomes and two tokens, not {len(self.outcomes)} and {len(self.tokens)}"
            )
        if set(self.outcomes) != {UP, DOWN}:
            raise ValueError(f"outcomes are {UP} and {DOWN}, not {' and '.join(self.outcomes)}")
        if self.tokens[0] == self.tokens[1] or not all(self.tokens):
            raise ValueError("each outcome needs a token of its own")
        if self.end <= self.start:
            raise ValueError("end must be after start")
        return self


class CaseBook(_Part):
    """A side of null is empty; a size of null is one that nobody told."""

    bid: PriceText | None
    bid_size: SharesText | None = None
    ask: PriceText | None
    ask_size: SharesText | None = None
    age_s: Seconds


class CasePosition(_Part):
    outcome: str
    shares: SharesText
    confirmed_shares: SharesText
    entry_price: PriceText
    cost: Exact | None = None
    highest_bid: PriceText | None = None
    filled_at: Instant
    bid_below_exit_since: Instant | None = None


class CaseOrder(_Part):
    id: str = Field(min_length=1)
    outcome: str
    price: PriceText
    shares: SharesText = Field(gt=0)
    status: OrderState
    filled: SharesText | None = None
    rung: int | None = Field(default=None, ge=0, strict=True)


class Case(_Part):
    """Every field: docs/explain.md. `evaluate` is the market's first outcome (for an exit the held one) by default."""

    question: Literal["entry", "resting", "exit"]
    settings: dict[str, Any] = Field(default_factory=dict[str, Any])
    market: CaseMarket
    evaluate: str = ""
    now: Instant
    strike: Exact | None
    reference_price: Exact | None
    reference_age_s: Seconds = Decimal(0)
    trading_state: Literal["active", "reducing", "halted"] = "active"
    headroom_usd: Exact | None = None
    books: dict[str, CaseBook | None]
    books_show_own_orders: StrictBool = True
    position: CasePosition | None = None
    orders: tuple[CaseOrder, ...] = ()
    filled_rungs: tuple[int | str, ...] = ()
    model_p_up: Probability | None = None
    fair_value: Probability | None = None

    @property
    def evaluated(self) -> str:
        held = self.position.outcome if self.question == "exit" and self.position else None
        return self.evaluate or held or self.market.outcomes[0]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        named = [self.evaluated, *self.books, *(order.outcome for order in self.orders)]
        named += [self.position.outcome] if self.position else []
        if unknown := [name for name in named if name not in self.market.outcomes]:
            raise ValueError(f"{unknown[0]!r} is no outcome of the market; it has {' and '.join(self.market.outcomes)}")
        if len({order.id for order in self.orders}) < len(self.orders):
            raise ValueError("orders: each needs an id of its own")
        if self.question == "exit":
            self._exit_is_of_a_position()
        if self.question == "resting" and not any(order.outcome == self.evaluated for order in self.orders):
            raise ValueError(f"orders: question resting needs an order of {self.evaluated}")
        return self

    def _exit_is_of_a_position(self) -> None:
        if self.position is None:
            raise ValueError("position: question exit needs one")
        if self.position.outcome != self.evaluated:
            raise ValueError(f"evaluate: {self.evaluated} is not held; the position is of {self.position.outcome}")


def read_cases(text: str) -> tuple[Sequence[Case], bool]:
    """The cases, and whether they were a list. Raises CaseError for the first that cannot be read."""
    document = _parsed(text)
    is_list = isinstance(document, list)
    cases = cast("list[object]", document) if is_list else [document]
    if len(cases) > CASES_MAX:
        raise CaseError(f"{len(cases)} cases are too many at once; give at most {CASES_MAX}")
    return [_case(number, each) for number, each in enumerate(cases, 1)], is_list


def _parsed(text: str) -> object:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once)
    except RecursionError:
        raise CaseError("the cases are nested too deeply") from None
    except json.JSONDecodeError as error:
        raise CaseError(f"the cases are not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    except ValueError as error:
        raise CaseError(f"the cases are not JSON: {error}") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is given twice")
    return found


def _case(number: int, document: object) -> Case:
    if not isinstance(document, dict):
        raise CaseError(f"case {number}: must be an object")
    try:
        return Case.model_validate(document)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=True, include_input=False)[0]
        path = ".".join(str(part) for part in fault["loc"] if part != "CaseBook")
        where = f"case {number}: {path}: " if path else f"case {number}: "
        raise CaseError(where + _words(fault["type"], fault["msg"], fault.get("ctx", {}))) from None


def _words(kind: str, message: str, context: dict[str, Any]) -> str:
    match kind:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is no field of a case; docs/explain.md lists them"
        case "literal_error":
            return f"must be one of {context['expected']}".replace("'", "")
        case _:
            return message.removeprefix("Value error, ").replace("Input should be", "must be")
