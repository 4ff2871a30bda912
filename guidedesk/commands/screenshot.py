"""`guidedesk screenshot`: one screen with invented data, drawn without a display."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `screenshot`."""
    parser = sub.add_parser(
        "screenshot",
        help="draw one screen with made-up data",
        epilog="example: guidedesk screenshot --screen member --theme dark --out member.png",
    )
    parser.add_argument("--screen", metavar="NAME", help="a name of --list, such as signin, home, member, history")
    parser.add_argument("--state", default="", help="a state of --list; the usual one when left out")
    parser.add_argument("--lang", choices=("zh_CN", "en", "pseudo"), default="zh_CN",
                        help="pseudo: English made 40 %% longer, to see what is cut")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--scale", type=int, choices=(100, 115, 130, 150, 200), default=100, help="text size, percent")
    parser.add_argument("--size", type=_size, default=None, metavar="WxH", help="window size; 1366x768 when left out")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the PNG to write")
    parser.add_argument("--list", action="store_true", help="print every SCREEN STATE, one a line")
    parser.set_defaults(run=run)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{3,5})x(\d{3,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size; write it like 1366x768")
    return int(match[1]), int(match[2])


def run(args: argparse.Namespace) -> int:
    """Draw or list; 2 when the screen is unknown."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from guidedesk.ui import screens

    known = [(screen.name, screen.state) for screen in screens.list_screens()]
    if args.list:
        sys.stdout.writelines(f"{name} {state}".rstrip() + "\n" for name, state in known)
        return 0
    if not args.screen or args.out is None:
        sys.stderr.write("guidedesk screenshot: give --screen NAME and --out FILE, or --list.\n")
        return 2
    if not any(name == args.screen and args.state in ("", state) for name, state in known):
        sys.stderr.write(f"guidedesk screenshot: no screen '{args.screen} {args.state}'; see --list.\n")
        return 2
    image = screens.render(args.screen, args.state, args.lang, args.theme, args.scale / 100, args.size)
    if not image.save(str(args.out)):
        sys.stderr.write(f"guidedesk screenshot: could not write {args.out}.\n")
        return 1
    return 0
