"""python -m lab.convert SOURCE FOLDER OUT.jsonl.gz"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from lab.convert.files import CorruptInputError
from lab.convert.recording import Recording, only_whole, write
from lab.convert.sources import (
    btc5m_chainlink,
    btc15m_bbo,
    crypto5m_ticks,
    crypto15m_chainlink,
    crypto15m_quotes,
    price_ticks,
)

CONVERTERS = {
    "btc15m_bbo_2026-04-01": btc15m_bbo.convert,
    "btc5m_chainlink_and_gamma_2026-06-08": btc5m_chainlink.convert,
    "crypto15m_bbo_chainlink_2026-01-09": crypto15m_chainlink.convert,
    "crypto15m_quotes_1s_2025-11-03": crypto15m_quotes.convert,
    "crypto5m_bbo_ticks_2026-04-22": crypto5m_ticks.convert,
    "price_feed_latency_ticks_2026-04-27": price_ticks.convert,
}
EPILOG = """\
sources:
  btc15m_bbo_2026-04-01                 books of 5 BTC slots (2 whole); prices are SYNTHETIC, seeded
  crypto15m_bbo_chainlink_2026-01-09    books (Up, no sizes) and Chainlink prices, BTC ETH SOL XRP
  crypto15m_quotes_1s_2025-11-03        quotes (Up, no sizes) and Binance prices, BTC ETH SOL XRP
  crypto5m_bbo_ticks_2026-04-22         books (no sizes) of one 5-minute market per coin, no prices
  btc5m_chainlink_and_gamma_2026-06-08  Chainlink BTC prices of a day, metadata and winners, no books
  price_feed_latency_ticks_2026-04-27   Chainlink and Binance prices, no books

example:
  python -m lab.convert btc15m_bbo_2026-04-01 ~/data/btc15m_bbo_2026-04-01 out.jsonl.gz --whole-only

The format is docs/recording.md. The same input always gives the same file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Converts one folder; returns the exit status: 0 done, 1 unusable input or output, 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        written = _convert(options.source, options.folder, options.out, console, whole_only=options.whole_only)
    except CorruptInputError as error:
        console.print(f"cannot convert: {error}", markup=False)
        return 1
    except OSError as error:
        console.print(f"cannot write {options.out}: {error.strerror or error}", markup=False)
        return 1
    console.print(written, markup=False)
    return 0


def _convert(source: str, folder: Path, out: Path, console: Console, *, whole_only: bool) -> str:
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        step = progress.add_task(f"reading {folder}", total=None)
        if not folder.is_dir():
            raise CorruptInputError(f"{folder}: no such folder")
        recording: Recording = CONVERTERS[source](folder)
        recording = only_whole(recording) if whole_only else recording
        progress.update(step, description=f"writing {out}")
        frames = write(recording, out)
    whole = sum(slot.whole for slot in recording.slots)
    return f"{out}: {frames} frames, {len(recording.slots)} slots ({whole} whole), prices {recording.price_source}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab.convert",
        description="Converts a published data set to the recording format.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", choices=sorted(CONVERTERS), help="which data set it is, see below")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the folder with its files")
    parser.add_argument(
        "out", metavar="OUT.jsonl.gz", type=Path, help="the recording to write; replaced when it exists"
    )
    parser.add_argument("--whole-only", action="store_true", help="leave out markets of which only a part was recorded")
    return parser


if __name__ == "__main__":
    sys.exit(main())
