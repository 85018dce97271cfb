"""Integer units of the venue: 6-decimal base units for cash and shares, 1/10000 for prices."""

from decimal import Decimal, InvalidOperation

UNIT = 1_000_000
ONE = 10_000


def amount_text(base_units: int) -> str:
    """1500000 -> "1.5": the venue's plain decimal text without trailing zeros."""
    whole, rest = divmod(abs(base_units), UNIT)
    sign = "-" if base_units < 0 else ""
    if not rest:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{rest:06d}".rstrip("0")


def price_text(price: int) -> str:
    """7800 -> "0.78"."""
    return amount_text(price * (UNIT // ONE))


def parse_amount(text: str) -> int:
    """Decimal text to base units, digits beyond the sixth cut off. Raises ValueError."""
    return _scaled(text, UNIT)


def parse_price(text: str) -> int:
    """Decimal text to 1/10000; further digits are cut off. Raises ValueError."""
    return _scaled(text, ONE)


def up_value(shares: int, up_price: int) -> int:
    """Cash base units that `shares` of Up are worth at `up_price`; Down is worth the rest of `shares`."""
    return shares * up_price // ONE


def decimals(base_units: int) -> int:
    """How many decimals a base-unit amount needs: 1500000 -> 1."""
    places = 6
    while places and base_units % 10 == 0:
        base_units //= 10
        places -= 1
    return places


def _scaled(text: str, scale: int) -> int:
    try:
        value = Decimal(text)
        if not value.is_finite():
            raise ValueError(text)
        return int(value * scale)
    except InvalidOperation as error:
        raise ValueError(text) from error
