"""`guidedesk demo`: server, data and a counter window in one go; or the tour, which needs no display."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from guidedesk.commands.output import has_display

DEFAULT_MEMBERS: Final = 2_000
MOST_MEMBERS: Final = 100_000


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `demo`."""
    parser = sub.add_parser(
        "demo",
        help="server, data and a counter window in one go",
        epilog="example: guidedesk demo --tour out --lang en",
    )
    parser.add_argument("--data", choices=("sample", "real"), default="sample", help="invented, or real purchases")
    parser.add_argument("--members", type=int, default=DEFAULT_MEMBERS, metavar="N", help="members of the sample chain")
    parser.add_argument("--dir", type=Path, metavar="DIR", help="keep everything in this empty folder")
    parser.add_argument("--lang", choices=("zh_CN", "en"), default="zh_CN", help="language of the window")
    parser.add_argument("--tour", type=Path, metavar="OUT", help="no window: do the steps, write pictures to OUT")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when the window was closed, or the tour was as expected; 1 when a step was not."""
    if args.dir is not None and args.dir.exists() and (not args.dir.is_dir() or any(args.dir.iterdir())):
        sys.stderr.write(f"guidedesk demo: {args.dir} is not an empty folder; give a new one.\n")
        return 2
    if not 1 <= args.members <= MOST_MEMBERS:
        sys.stderr.write(f"guidedesk demo: --members is a number from 1 to {MOST_MEMBERS}.\n")
        return 2
    tour = args.tour or (None if has_display() else Path("tour"))
    if tour is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if args.dir is not None:
        return _show(args, args.dir, tour)
    with tempfile.TemporaryDirectory(prefix="guidedesk-demo-", ignore_cleanup_errors=True) as folder:
        return _show(args, Path(folder), tour)


def _show(args: argparse.Namespace, folder: Path, tour: Path | None) -> int:
    from guidedesk.demo.run_tour import run_tour
    from guidedesk.demo.world import build_world

    world = build_world(folder, data=args.data, members=args.members, say=_say)
    try:
        if tour is not None:
            is_as_expected = run_tour(world, tour.resolve(), args.lang, _say)
            _say(f"Pictures and tour.md in {tour}.")
            return 0 if is_as_expected else 1
        return _open(world, args.lang)
    finally:
        world.close()


def _open(world: Any, lang: str) -> int:
    from guidedesk.app import run_counter
    from guidedesk.demo.world import enrol_counter, sign_in_everybody

    counter = enrol_counter(world, "counter", "Counter 1")
    sign_in_everybody(world, counter)
    counter.close()
    _say("Sign in with a staff number and its PIN:")
    for number, pin in world.pins:
        _say(f"  {number}  {pin}")
    return run_counter(world.folder / "counter", has_demo_key=True, server_url=None, lang=lang)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
