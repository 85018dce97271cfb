"""python -m lab.fair_value compare|fit DIR"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from lab.convert.files import CorruptInputError
from lab.fair_value.comparison import compared, fitted
from lab.fair_value.sources import CHAINLINK_DAY, JANUARY, JANUARY_9TH, data_sets

REPORTS = {"compare": compared, "fit": fitted}
EPILOG = f"""\
DIR holds {CHAINLINK_DAY}, {JANUARY} and {JANUARY_9TH}.
compare   scores of both models on slots that nothing was fitted to, as Markdown
fit       the diffusion's log loss by its two parameters, on the other slots
docs/fair-value.md says what they mean."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints one report; returns the exit status: 0 done, 1 unusable input, 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    try:
        sets = data_sets(options.folder)
    except CorruptInputError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"cannot read: {error}", markup=False)
        return 1
    for line in REPORTS[options.report](sets):
        sys.stdout.write(f"{line}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab.fair_value",
        description="Judges the fair value models on recorded slots.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("report", choices=sorted(REPORTS))
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder of the data sets")
    return parser


if __name__ == "__main__":
    sys.exit(main())
