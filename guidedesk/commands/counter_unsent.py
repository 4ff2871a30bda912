"""`guidedesk counter` about work that head office has not got yet: counted, sealed into a file, never deleted with a
profile."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from guidedesk.commands.output import Answer
from guidedesk.sync.counter import Counter
from guidedesk.sync.open_counter import forget_secret
from guidedesk.sync.profile_reset import delete_profile
from guidedesk.sync.unsent import STEPS, check_unsent


def add_actions(actions: argparse._SubParsersAction[Any]) -> None:
    """Options of these actions."""
    export = actions.add_parser("export-unsent", help="what was not sent, into a file that only head office opens")
    export.add_argument("--out", required=True, type=Path, metavar="FILE", help="a new file")
    check = actions.add_parser("check-unsent", help="whether something is nowhere but here: exit 1, with the count")
    check.add_argument("--before", required=True, choices=STEPS, metavar="STEP", help=", ".join(STEPS))
    reset = actions.add_parser("reset", help="delete this profile for good; refused while something was not sent")
    reset.add_argument("--exported", type=Path, metavar="FILE", help="the sealed file that holds what was not sent")


def _export(counter: Counter, args: argparse.Namespace) -> Answer:
    made = counter.export_unsent(args.out.absolute())
    return Answer(state="exported", extra={"file": str(args.out), "unsent": made.unsent})


def _check(counter: Counter, args: argparse.Namespace) -> Answer:
    check_unsent(counter.journal, args.before)
    return Answer(state="nothing_unsent", extra={"unsent": 0})


def _reset(counter: Counter, args: argparse.Namespace) -> Answer:
    delete_profile(counter, lambda: forget_secret(args.profile, has_demo_key=args.demo_key), args.exported)
    return Answer(state="deleted")


ACTIONS: Final[dict[str, Callable[[Counter, argparse.Namespace], Answer]]] = {
    "export-unsent": _export,
    "check-unsent": _check,
    "reset": _reset,
}
