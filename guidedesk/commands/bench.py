"""`guidedesk bench NAME`: one benchmark with its floor, as a table or one JSON document."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from typing import Any

from guidedesk.bench import BENCHES


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `bench` and of every bench."""
    parser = sub.add_parser(
        "bench",
        help="measure the product on this PC",
        epilog="example: guidedesk bench scan --members 20000 --lines 200000 --json",
    )
    names = parser.add_subparsers(dest="bench", metavar="NAME", required=True)
    # Only the module of the bench that is asked for: another one's libraries (70 MB of them for the import) would
    # count as memory of the counter app.
    asked = next((name for name in sys.argv[1:] if name in BENCHES), None)
    for name, module_name in BENCHES.items():
        if asked not in (None, name):
            continue
        module = importlib.import_module(module_name)
        text = (module.__doc__ or "").strip().splitlines()[0]
        one = names.add_parser(name, help=text, description=text, epilog=f"example: guidedesk bench {name} --json")
        one.add_argument("--json", action="store_true", help="one JSON document")
        module.add_options(one)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when it was measured; 1 when what was measured is wrong (`holds` of the bench)."""
    measured: dict[str, Any] = importlib.import_module(BENCHES[args.bench]).measure(args)
    holds = bool(measured.pop("holds", True))
    document = {"bench": args.bench} | measured
    if args.json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    else:
        for section in ("params", "figures", "floor", "ratios"):
            for line in _lines(measured.get(section, {}), ""):
                sys.stdout.write(f"{section:8} {line}\n")
    return 0 if holds else 1


def _lines(values: dict[str, Any], before: str) -> list[str]:
    found: list[str] = []
    for name, value in values.items():
        if isinstance(value, dict):
            found += _lines(value, f"{before}{name}.")
        else:
            found.append(f"{before}{name:24} {value}")
    return found
