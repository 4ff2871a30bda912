"""`guidedesk import orders|members|products|stock FILE`: tables of other programs, good rows in, bad ones named."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from guidedesk.domain.import_headers import ImportKind, columns_of
from guidedesk.ui import i18n
from guidedesk.ui.messages import sentence

if TYPE_CHECKING:
    from guidedesk.server.connectors.file_run import FileRun, ImportReport

KINDS: Final[Mapping[ImportKind, tuple[str, str]]] = {
    "orders": ("sales and returns of a till, a shop or a mini program", "orders.csv"),
    "members": ("people: names, phones, cards, whose members they are", "members.csv"),
    "products": ("articles and prices", "products.csv"),
    "stock": ("how many of an article a store has", "stock.csv"),
}
_SHOWN: Final = 20
_BAR_EVERY_S: Final = 0.1
_LINE_EVERY_S: Final = 3.0
_BAR_WIDTH: Final = 30
_SOURCE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
Opened = Callable[[argparse.Namespace], AbstractContextManager[tuple[Any, Any]]]


def add_parsers(kinds: argparse._SubParsersAction[Any], opened: Opened) -> None:
    """Options of the imports of files."""
    for kind, (text, example) in KINDS.items():
        parser = kinds.add_parser(
            kind,
            help=text,
            description=f"{text}. Columns, in any order: {columns_of(kind)}.",
            epilog=f"example: guidedesk import {kind} {example} --database sqlite:///server.db --dry-run",
        )
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV (UTF-8 or GBK) or XLSX")
        parser.add_argument("--database", required=True, metavar="URL", help="sqlite:///FILE or postgresql://...")
        secrets = "the server's secrets: without them nobody is found by phone"
        parser.add_argument("--secrets", type=Path, metavar="FILE", help=secrets)
        if kind == "orders":
            parser.add_argument("--preset", metavar="NAME", help="the layout of a known program's file: shopify")
            told = "which program the file is from; its order numbers are its own (default: import, or the preset)"
            parser.add_argument("--source", metavar="NAME", help=told)
        else:
            parser.add_argument("--preset", metavar="NAME", help=argparse.SUPPRESS)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
        parser.add_argument("--json", action="store_true", help="one JSON document")
        parser.set_defaults(run=run_import, kind=kind, opened=opened)


def tell_both(code: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """A reason in Chinese and in English."""
    before = i18n.language()
    try:
        said = []
        for language in ("zh_CN", "en"):
            i18n.use_language(language)
            values = {name: value if isinstance(value, int) else str(value) for name, value in params.items()}
            said.append(sentence(code, **values))
        return said[0], said[1]
    finally:
        i18n.use_language(before)


def run_import(args: argparse.Namespace) -> int:
    """Bring a file in; 1 when rows were rejected, 2 for options that cannot be."""
    from guidedesk.server.connectors import file_run
    from guidedesk.server.context import SystemClock
    from guidedesk.server.schema import check_schema

    source = getattr(args, "source", None)
    if source is not None and not _SOURCE.fullmatch(source):
        sys.stderr.write("guidedesk import: --source is a short name of small letters and digits, such as pos1.\n")
        return 2
    started = time.monotonic()
    try:
        with args.opened(args) as (database, secrets), _progress() as tell:
            check_schema(database)
            run = file_run.start_run(
                database,
                args.kind,
                now_ms=SystemClock().wall_ms(),
                preset=args.preset,
                is_dry=args.dry_run,
                progress=tell,
            )
            report = _land(args, run, secrets)
    except KeyboardInterrupt:
        sys.stderr.write(
            "Stopped. Nothing is half done: every record that landed is whole. "
            "The same command goes on from here; what is there already is not added again.\n"
        )
        return 1
    document = _document(report, args, round(time.monotonic() - started, 3))
    if args.json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(_sentences(report, args))
    return 1 if report.rejected else 0


def _land(args: argparse.Namespace, run: FileRun, secrets: Any) -> ImportReport:
    from guidedesk.server.connectors.article_files import import_products, import_stock
    from guidedesk.server.connectors.member_files import import_members
    from guidedesk.server.connectors.order_files import SOURCE, import_orders
    from guidedesk.server.context import SystemRandom

    key = secrets.phone_key if secrets is not None else None
    if args.kind == "members":
        return import_members(run, args.file, phone_key=key, random=SystemRandom(), tell=tell_both)
    if args.kind != "orders":
        land = import_products if args.kind == "products" else import_stock
        return land(run, args.file, tell=tell_both)
    source = args.source or args.preset or SOURCE
    return import_orders(run, args.file, phone_key=key, tell=tell_both, source=source)


def _document(report: ImportReport, args: argparse.Namespace, seconds: float) -> dict[str, Any]:
    rejected = []
    for row in report.rejected:
        zh, en = tell_both(row["reason"], row["params"])
        rejected.append({"row": row["row"], "reason": row["reason"], "text": {"zh_CN": zh, "en": en}})
    return {
        "read": report.read,
        "landed": report.landed,
        "unchanged": report.unchanged,
        "rejected": rejected,
        "unmatched": report.unmatched,
        "listed": report.listed,
        "noticed": report.noticed,
        "encoding": report.encoding,
        "dry_run": bool(args.dry_run),
        "seconds": seconds,
    }


def _sentences(report: ImportReport, args: argparse.Namespace) -> str:
    would = "would land" if args.dry_run else "landed"
    said = [
        f"{report.read} rows read, {report.landed} {would}, {report.unchanged} were there already, "
        f"{len(report.rejected)} rejected.\n"
    ]
    if report.unmatched:
        what = (
            "articles nobody knows yet; they are kept"
            if args.kind == "stock"
            else "somebody nobody knows yet, or wait for their sale; they are matched by themselves when that changes "
            "(guidedesk admin orders unmatched)"
        )
        said.append(f"{report.unmatched} rows name {what}.\n")
    for one in [entry for entry in report.listed if entry["reason"] == "conflict"][:_SHOWN]:
        rows = ", ".join(str(number) for number in one["rows"])
        said.append(f"  rows {rows} are one person and say different things of {one['field']}; nothing was guessed.\n")
    if count := report.noticed.get("sales_recognised"):
        said.append(f"{count} sales that were waiting for these people are theirs now.\n")
    if count := report.noticed.get("not_paid"):
        said.append(f"{count} rows are of orders that are not paid; they were left out.\n")
    if count := report.noticed.get("refunds_left_out"):
        said.append(f"{count} orders name a refunded amount but not of which line: bring it in as return rows.\n")
    if count := report.noticed.get("older_than_known"):
        said.append(f"{count} rows are older than what is known and changed nothing.\n")
    if count := report.noticed.get("ids_were_numbers"):
        said.append(
            f"{count} rows have ids that a spreadsheet turned into numbers; zeros in front may be lost. "
            "Format such columns as text before exporting.\n"
        )
    said += [f"  row {r['row']}: {tell_both(r['reason'], r['params'])[1]}\n" for r in report.rejected[:_SHOWN]]
    if len(report.rejected) > _SHOWN:
        said.append(f"  and {len(report.rejected) - _SHOWN} more.\n")
    if report.rejected and not args.dry_run:
        said.append(f"The rejected rows are in {args.file.name}.rejected.csv: correct them there and import that.\n")
    return "".join(said)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, else a line every few seconds; on standard error, so that --json stays whole."""
    is_terminal = sys.stderr.isatty()
    last = time.monotonic()
    is_open = False

    def tell(step: str, done: int, total: int) -> None:
        nonlocal last, is_open
        if time.monotonic() - last < (_BAR_EVERY_S if is_terminal else _LINE_EVERY_S):
            return
        last = time.monotonic()
        of = f"{done} of {total}" if total else str(done)
        if is_terminal:
            filled = _BAR_WIDTH * done // total if total else 0
            sys.stderr.write(f"\r[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {step}: {of} rows ")
            is_open = True
        else:
            sys.stderr.write(f"{step}: {of} rows\n")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        if is_open:
            sys.stderr.write("\n")
