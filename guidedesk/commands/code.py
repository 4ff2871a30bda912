"""`guidedesk code inspect`: what a text is, as the counter's decoder sees it."""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import sys
from typing import Any

from guidedesk.codes.inspect import inspect_payload


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `code`."""
    parser = sub.add_parser("code", help="look at member codes")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    inspect = actions.add_parser(
        "inspect",
        help="say what each text is, or why it is refused",
        epilog="example: guidedesk code inspect --json 1234567890123456789012",
    )
    inspect.add_argument("texts", nargs="*", metavar="TEXT")
    inspect.add_argument("--stdin", action="store_true", help="read base64, one payload a line")
    inspect.add_argument("--typed", action="store_true", help="as typed in search, where 12-digit card numbers count")
    inspect.add_argument("--json", action="store_true", help="one JSON document")
    inspect.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """One result per text, in order; 0 when every text could be looked at."""
    payloads: list[str | bytes] = list(args.texts)
    if args.stdin:
        for number, line in enumerate(sys.stdin, 1):
            try:
                payloads.append(base64.b64decode(line.strip(), validate=True))
            except (binascii.Error, ValueError):
                sys.stderr.write(f"guidedesk code inspect: line {number} is not base64.\n")
                return 2
    if not payloads and not args.stdin:
        sys.stderr.write("guidedesk code inspect: give at least one TEXT, or --stdin.\n")
        return 2
    results = [inspect_payload(payload, args.typed) for payload in payloads]
    if args.json:
        sys.stdout.write(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    else:
        for result in results:
            answer = f"{result['form']} {result['type']}" if result["ok"] else f"refused: {result['reason']}"
            sys.stdout.write(f"{result['text'] or result.get('base64')}\t{answer}\n")
    return 0
