"""`guidedesk sync-check`: whether this counter holds exactly what the server says it should."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from guidedesk.domain.errors import GuideDeskError
from guidedesk.sync.open_counter import open_counter
from guidedesk.ui import i18n, messages


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `sync-check`."""
    parser = sub.add_parser(
        "sync-check",
        help="compare this counter's rows with the server's",
        epilog="example: guidedesk sync-check --profile DIR --demo-key --json",
    )
    parser.add_argument("--profile", type=Path, required=True, metavar="DIR")
    parser.add_argument("--demo-key", action="store_true", help="key in a file: invented people only")
    parser.add_argument("--lang", choices=("zh_CN", "en"), default="en")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 equal and nothing unsent, 1 otherwise, 2 without contact."""
    counter = open_counter(args.profile, has_demo_key=args.demo_key)
    try:
        try:
            checks = counter.engine.check()
        except GuideDeskError as error:
            i18n.use_language(args.lang)
            sys.stderr.write(messages.message_for(error).text + "\n")
            return 2
        unsent = counter.status().waiting
    finally:
        counter.close()
    equal = all(check.is_equal for check in checks)
    scopes = [
        {
            "scope": check.scope_id,
            "epoch": check.epoch,
            "seq": check.seq,
            "tables": {name: list(pair) for name, pair in check.counts.items()},
        }
        for check in checks
    ]
    if args.json:
        sys.stdout.write(json.dumps({"equal": equal, "scopes": scopes, "unsent": unsent}, indent=1) + "\n")
    else:
        sys.stdout.write(f"{'Equal' if equal else 'Different'}; {unsent} not sent yet.\n")
        for check in checks:
            sys.stdout.write(f"scope {check.scope_id} epoch {check.epoch} seq {check.seq}\n")
            for name, (here, there) in sorted(check.counts.items()):
                sys.stdout.write(f"  {name:22} {here:8} here {there:8} server\n")
    return 0 if equal and not unsent else 1
