"""Price, shares and cash: three decimals that do not mix, with the algebra a trade needs and no other.

Floats are refused: money comes from text, whole numbers or Decimal. Every rounding names its mode, against us.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal, InvalidOperation
from typing import Self, cast

SHARE_STEP = Decimal("0.01")
CENT = Decimal("0.01")
FEE_STEP = Decimal("0.00001")
ONE = Decimal(1)

Exact = Decimal | int | str


class MoneyError(ValueError):
    """The text or number is not a price, a share count or an amount of cash."""


def _exact(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise MoneyError(f"{value!r} is not an exact number; pass text, a whole number or a Decimal")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise MoneyError(f"{value!r} is not a number") from None
    if not number.is_finite():
        raise MoneyError(f"{value!r} is not finite")
    return number


class _Quantity:
    """One decimal of one kind: immutable, comparable with its own kind alone.

    A plain class, because the message codec would take a dataclass apart into an object.
    """

    __slots__ = ("value",)
    value: Decimal

    def __init__(self, value: Decimal) -> None:
        object.__setattr__(self, "value", value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.value == cast("_Quantity", other).value

    def __lt__(self, other: Self) -> bool:
        return self.value < other.value if type(other) is type(self) else NotImplemented

    def __le__(self, other: Self) -> bool:
        return self.value <= other.value if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), self.value))

    def __reduce__(self) -> tuple[type[Self], tuple[Decimal]]:
        return type(self), (self.value,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"

    def __str__(self) -> str:
        return format(self.value, "f")


class Price(_Quantity):
    """Cash per share, 0 to 1 inclusive."""

    value: Decimal

    __slots__ = ()

    @classmethod
    def of(cls, value: Exact) -> Self:
        """Raises MoneyError outside 0..1."""
        number = _exact(value)
        if not 0 <= number <= 1:
            raise MoneyError(f"a price lies between 0 and 1, not {value}")
        return cls(number)

    def __mul__(self, shares: Shares) -> Cash:
        return Cash(self.value * shares.value)

    def complement(self) -> Price:
        """The other outcome's price: one pays 1 together."""
        return Price(ONE - self.value)

    def is_on(self, tick: Decimal) -> bool:
        return self.value % tick == 0

    def rounded_half_up(self, tick: Decimal) -> Price:
        steps = (self.value / tick).quantize(ONE, ROUND_HALF_UP)
        return Price(steps * tick)


class Shares(_Quantity):
    """A quantity of one outcome's token, never negative; the venue takes orders in steps of 0.01."""

    value: Decimal

    __slots__ = ()

    @classmethod
    def of(cls, value: Exact) -> Self:
        """Raises MoneyError below 0."""
        number = _exact(value)
        if number < 0:
            raise MoneyError(f"shares are not negative: {value}")
        return cls(number)

    @classmethod
    def bought_with(cls, cash: Cash, price: Price) -> Self:
        """Cash / price, rounded down to 0.01 (strategy section 5). Raises MoneyError at a price of 0."""
        if price.value <= 0:
            raise MoneyError("nothing can be bought at a price of 0")
        return cls((cash.value / price.value).quantize(SHARE_STEP, ROUND_DOWN))

    def __add__(self, other: Shares) -> Shares:
        return Shares(self.value + other.value)

    def __sub__(self, other: Shares) -> Shares:
        """Raises MoneyError when more is taken than there is."""
        return Shares.of(self.value - other.value)

    def less(self, other: Shares) -> Shares:
        """What remains, nothing at least."""
        return Shares(max(Decimal(0), self.value - other.value))

    def __bool__(self) -> bool:
        return self.value > 0


class Cash(_Quantity):
    """Dollars (pUSD), signed: profit can be a loss."""

    value: Decimal

    __slots__ = ()

    @classmethod
    def of(cls, value: Exact) -> Self:
        return cls(_exact(value))

    def __add__(self, other: Cash) -> Cash:
        return Cash(self.value + other.value)

    def __sub__(self, other: Cash) -> Cash:
        return Cash(self.value - other.value)

    def __neg__(self) -> Cash:
        return Cash(-self.value)

    def times(self, factor: Decimal) -> Cash:
        return Cash(self.value * factor)

    def to_cents(self) -> Cash:
        """For reports: half up, losses away from zero."""
        return Cash(self.value.quantize(CENT, ROUND_HALF_UP))


NO_SHARES = Shares(Decimal(0))
NO_CASH = Cash(Decimal(0))


def average_price(cost: Cash, shares: Shares) -> Price:
    """The share-weighted price paid, rounded up at 6 decimals. Raises MoneyError without shares."""
    if not shares:
        raise MoneyError("no shares, no price")
    return Price.of((cost.value / shares.value).quantize(Decimal("0.000001"), ROUND_UP))


def taker_fee(shares: Shares, price: Price, rate: Decimal) -> Cash:
    """Shares x rate x p x (1 - p), rounded to 5 decimals (protocol sheet, section 5; makers pay 0). The venue does not
    say which way it rounds: half up, as most do. Less than a step is nothing."""
    fee = shares.value * rate * price.value * (ONE - price.value)
    return NO_CASH if fee < FEE_STEP else Cash(fee.quantize(FEE_STEP, ROUND_HALF_UP))
