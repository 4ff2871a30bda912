"""`guidedesk run`: the counter app."""

from __future__ import annotations

import argparse
import gc
from pathlib import Path
from typing import Any

from guidedesk.commands.output import has_display
from guidedesk.domain.errors import GuideDeskError


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `run`."""
    parser = sub.add_parser(
        "run", help="the counter app", epilog="example: guidedesk run --server https://head-office.example"
    )
    parser.add_argument("--profile", type=Path, metavar="DIR", help="the counter's folder; this user's when left out")
    parser.add_argument("--demo-key", action="store_true", help="key in a file: invented people only, says DEMO")
    parser.add_argument("--server", metavar="URL", help="head office; needed once, to enrol this PC")
    parser.add_argument("--lang", choices=("zh_CN", "en"), default=None, help="language of the window")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the window until it is closed."""
    if not has_display():
        raise GuideDeskError("no_display")
    gc.disable()  # a start makes a hundred thousand objects that stay; `CounterApp.start` switches it on again
    from guidedesk.app import run_counter

    return run_counter(
        args.profile or default_profile(), has_demo_key=args.demo_key, server_url=args.server, lang=args.lang
    )


def default_profile() -> Path:
    """The folder of this user's counter."""
    import platformdirs

    return Path(platformdirs.user_data_dir("GuideDesk", appauthor=False)) / "counter"
