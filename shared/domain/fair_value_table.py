"""Fair value by table: how often Up won, by the move so far and the minutes left.

Figures: BTC and ETH one-minute candles, October 2025 to February 2026, 26,496 slots of 15 minutes, as published in
`JeromeSiau/poly` (`src/utils/fair_value.py`). One observation a slot and minute, so the moves are Up's own. The rows
are kept as published: with one minute left they are too certain (the reference was a last price, not a 60 s average),
and with many minutes left they are not quite monotone.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta
from decimal import Decimal

from shared.domain.fair_value import PriceView, up_move_of

LEAST_MINUTES, MOST_MINUTES = 1, 14
MINUTE = timedelta(minutes=1)

# A bucket is half-open, [from, below): the first begins at minus infinity, the others at these percents.
BUCKETS_FROM_PCT = tuple(
    Decimal(edge) for edge in ("-0.5", "-0.3", "-0.2", "-0.1", "-0.05", "0", "0.05", "0.1", "0.2", "0.3", "0.5")
)

# One row a bucket; columns are 1 to 14 whole minutes left.
P_UP = tuple(
    tuple(map(Decimal, row.split()))
    for row in (
        "0.0 0.0 0.0039 0.0122 0.0182 0.0235 0.0326 0.0524 0.0524 0.0748 0.1288 0.1757 0.2576 0.28",
        "0.0 0.0027 0.0084 0.0155 0.028 0.0338 0.0585 0.0686 0.0924 0.1092 0.1345 0.1477 0.2094 0.2549",
        "0.0 0.0057 0.0195 0.0306 0.0387 0.0645 0.0845 0.0999 0.1176 0.1578 0.1878 0.2018 0.2462 0.3652",
        "0.0 0.0175 0.0372 0.0559 0.0808 0.1117 0.1259 0.1401 0.1869 0.209 0.2282 0.2472 0.2672 0.3002",
        "0.0 0.0541 0.0938 0.1327 0.1639 0.1939 0.2275 0.2523 0.2635 0.2786 0.3131 0.3286 0.3299 0.3555",
        "0.0 0.2079 0.275 0.3041 0.3363 0.3678 0.3702 0.3924 0.4018 0.4058 0.4162 0.42 0.4312 0.4516",
        "0.9959 0.7731 0.7063 0.6799 0.6579 0.6273 0.6359 0.622 0.6127 0.5941 0.5917 0.5794 0.5745 0.5506",
        "1.0 0.9423 0.8886 0.8547 0.8256 0.7963 0.7631 0.7438 0.7138 0.7009 0.6755 0.6721 0.668 0.6296",
        "1.0 0.9807 0.9569 0.9312 0.9075 0.879 0.8484 0.8312 0.7932 0.7815 0.7641 0.7452 0.7113 0.6809",
        "1.0 0.9958 0.9847 0.9713 0.9486 0.9362 0.9227 0.889 0.8755 0.838 0.8183 0.8022 0.7447 0.6788",
        "1.0 0.9993 0.9929 0.9838 0.9685 0.9588 0.9429 0.928 0.913 0.8938 0.8427 0.8415 0.7814 0.7134",
        "1.0 1.0 0.9979 0.9977 0.9975 0.9814 0.9731 0.9626 0.949 0.9303 0.8969 0.895 0.8365 0.6512",
    )
)


class TableFairValue:
    """Looks up Up's move, 0 among the gains, so a tie counts for Up; Down is the complement to the last digit."""

    def p_up(self, view: PriceView) -> Decimal:
        """Raises ImpossiblePriceError for a strike or spot that is not above 0."""
        row = P_UP[bisect_right(BUCKETS_FROM_PCT, up_move_of(view))]
        return row[minutes_column(view) - LEAST_MINUTES]


def minutes_column(view: PriceView) -> int:
    """Minutes left, rounded to the nearest whole one, halves to even, within 1 to 14."""
    return min(max(round((view.end - view.now) / MINUTE), LEAST_MINUTES), MOST_MINUTES)
