"""Options that the benches over one counter's data share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

MEMBERS: Final = 1_000_000
LINES: Final = 10_000_000


def add_size(parser: argparse.ArgumentParser, members: int = MEMBERS, lines: int = LINES) -> None:
    """How much data the counter holds, and where it is kept."""
    parser.add_argument("--members", type=positive, default=members, metavar="N", help="members on the counter")
    parser.add_argument("--lines", type=positive, default=lines, metavar="N", help="purchase lines on the counter")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the made data here; the cache folder if left out"
    )


def positive(text: str) -> int:
    """A whole number above 0, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("a number above 0")
    return number
