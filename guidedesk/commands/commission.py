"""`guidedesk commission evaluate`: the engine over a file of vectors (COMMISSION.md 0, COMMANDS.md)."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from guidedesk.commands import commission_ledger
from guidedesk.commands.commission_vectors import InexactNumber, evaluate_vector
from guidedesk.domain.commission import reading
from guidedesk.domain.commission.reading import DocumentError
from guidedesk.ui import i18n, messages


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `commission`."""
    parser = sub.add_parser("commission", help="evaluate commission plans over events")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    evaluate = actions.add_parser(
        "evaluate",
        help="run the vectors of a file through the engine",
        epilog="example: guidedesk commission evaluate vectors.json --check",
    )
    evaluate.add_argument("file", metavar="FILE", help="vectors in the schema of COMMISSION.md 0, or - for stdin")
    evaluate.add_argument("--as-of", metavar="ISO", help="also say each line's state at this time")
    evaluate.add_argument("--check", action="store_true", help="compare with what the file expects")
    evaluate.add_argument("--lang", choices=i18n.LANGUAGES, default="en", help="language of refusals")
    evaluate.add_argument("--json", action="store_true", help="one JSON document")
    evaluate.set_defaults(run=run)
    commission_ledger.add_actions(actions)


def run(args: argparse.Namespace) -> int:
    """One result per vector, in order; 1 when one could not be used or, with --check, differs."""
    i18n.use_language(args.lang)
    try:
        as_of = None if args.as_of is None else reading.moment({"as-of": args.as_of}, "as-of", "")
    except DocumentError:
        return _wrong_use("--as-of needs a time with offset, such as 2026-03-31T12:00:00+08:00")
    try:
        raw = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
        document = json.loads(raw, parse_float=InexactNumber, parse_constant=InexactNumber)
    except OSError as error:
        return _wrong_use(f"{args.file} cannot be read ({error.strerror}); name a file of vectors")
    except (ValueError, RecursionError):
        return _wrong_use(f"{args.file} is not JSON; write a file in the schema of COMMISSION.md 0")
    if not isinstance(document, dict) or not isinstance(document.get("vectors"), list):
        return _wrong_use('the file needs "vectors": [...], as in COMMISSION.md 0')
    defaults = document.get("defaults")
    results = [evaluate_vector(vector, defaults, as_of, _sentence, args.check) for vector in document["vectors"]]
    failed = [result for result in results if "error" in result or result.get("differences")]
    if args.json:
        sys.stdout.write(json.dumps({"results": results}, ensure_ascii=False, indent=1) + "\n")
    else:
        _print(results, args.check)
    return 1 if failed else 0


def _sentence(error: DocumentError) -> str:
    return messages.message_for(error).text


def _wrong_use(text: str) -> int:
    sys.stderr.write(f"guidedesk commission evaluate: {text}.\n")
    return 2


def _print(results: list[dict[str, Any]], check: bool) -> None:
    for result in results:
        if "error" in result:
            sys.stdout.write(f"{result['id']}: {result['error']['text']}\n")
            continue
        differences = result.get("differences", [])
        verdict = "" if not check else "differs: " if differences else "as expected: "
        counts = f"{len(result['lines'])} lines, {len(result['flags'])} flags"
        sys.stdout.write(f"{result['id']}: {verdict}{counts}\n")
        for difference in differences:
            sys.stdout.write(f"  {difference}\n")
        for line in [] if check else result["lines"]:
            sys.stdout.write(f"  {' '.join('-' if part is None else str(part) for part in line)}\n")
