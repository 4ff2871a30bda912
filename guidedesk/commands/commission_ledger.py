"""`guidedesk commission lines | explain | simulate`: what the server's ledger says, why, and what if (COMMANDS.md)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.commands.commission_vectors import InexactNumber
from guidedesk.domain.commission.component_documents import HOUSE, POOL, is_associate
from guidedesk.domain.commission.simulate import simulate
from guidedesk.domain.errors import Refused
from guidedesk.domain.spreadsheets import Cell, Sheet, major
from guidedesk.models.commission_tables import statement
from guidedesk.models.people import staff, store
from guidedesk.server.commission_balance import Account, trial_balance
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_reads import StoredLine, lines_of, states_of
from guidedesk.server.commission_reckoning import compute_books
from guidedesk.server.commission_rules import check_period
from guidedesk.server.context import SystemClock
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.schema import check_schema
from guidedesk.services.spreadsheet_files import FORMS, sheet_bytes
from guidedesk.ui import commission_texts, formats, i18n

# As files that come in are headed: in both languages.
_STATEMENT_COLUMNS: Final = (
    "associate 工号", "name 姓名", "period 月份", "carry_in 上期结转", "net 本月净额", "payable 应付",
    "carry_out 结转下期", "currency 币种", "lines 行数", "hash 校验",
)  # fmt: skip

_BALANCE_COLUMNS: Final = (
    "account 科目", "holder 门店或收款人", "origin 归属月份", "debit 借方", "credit 贷方", "currency 币种",
    "lines 行数",
)  # fmt: skip


def add_actions(actions: argparse._SubParsersAction[Any]) -> None:
    """Options of the actions that read a server's database."""
    lines = _leaf(actions, "lines", "lines of the ledger and of the open months", _lines, "lines")
    lines.add_argument("--associate", metavar="A", help="staff number or id; or house, or pool:STORE")
    lines.add_argument("--period", metavar="P", help="posting month, such as 2026-03")
    told = "the statements of a sealed month as a table"
    sealed = _leaf(actions, "statements", told, _statements, "statements --period 2026-03 --out march.xlsx")
    sealed.add_argument("--period", required=True, metavar="P", help="sealed month, such as 2026-03")
    sealed.add_argument("--out", required=True, type=Path, metavar="FILE", help="ends in .csv or .xlsx")
    told = "the trial balance of a month, open or sealed: expense of each store against what is payable to whom"
    balance = _leaf(actions, "balance", told, _balance, "balance --period 2026-03 --out march.xlsx")
    balance.add_argument("--period", required=True, metavar="P", help="posting month, such as 2026-03")
    balance.add_argument("--out", type=Path, metavar="FILE", help="a table instead; ends in .csv or .xlsx")
    explain = _leaf(actions, "explain", "why one line is what it is", _explain, "explain --line ID")
    simulate = _leaf(
        actions, "simulate", "a month under a proposed plan", _simulate, "simulate --plan plan.json --period 2026-03"
    )
    simulate.add_argument("--plan", required=True, metavar="FILE", help="a plan document of COMMISSION.md 4")
    simulate.add_argument("--period", required=True, metavar="P", help="month, such as 2026-03")
    explain.add_argument("--line", required=True, metavar="ID", help="as `lines` prints it; its beginning is enough")


def _leaf(
    actions: argparse._SubParsersAction[Any],
    name: str,
    text: str,
    action: Callable[[argparse.Namespace], int],
    example: str,
) -> argparse.ArgumentParser:
    place = "--database sqlite:///server.db"
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=text, epilog=f"example: guidedesk commission {example} {place}"
    )
    parser.add_argument("--database", required=True, metavar="URL", help="sqlite:///FILE or postgresql://...")
    parser.add_argument("--lang", choices=i18n.LANGUAGES, default="en")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(run=action)
    return parser


@contextmanager
def _open(args: argparse.Namespace) -> Iterator[ServerDatabase]:
    i18n.use_language(args.lang)
    database = open_server(args.database)
    try:
        check_schema(database)
        refresh(database, SystemClock().wall_ms())
        yield database
    finally:
        database.close()


def _lines(args: argparse.Namespace) -> int:
    """Every line that matches, with its state."""
    if args.period is not None:
        check_period(args.period)
    with _open(args) as database, database.read_snapshot() as conn:
        chain_id = database.chain_id()
        who = None if args.associate is None else _beneficiary(conn, chain_id, args.associate)
        found = lines_of(conn, chain_id, beneficiary=who, period=args.period)
        states = states_of(conn, chain_id, found, SystemClock().wall_ms())
        names = _names(conn, chain_id)
    rows = [
        {
            "id": line.entry_id,
            **{name: value for name, value in asdict(line).items() if name not in ("entry_id", "why_json")},
            "state": states[line.entry_id].state,
            "clawed_back": states[line.entry_id].clawed_back,
        }
        for line in found
    ]
    if args.json:
        sys.stdout.write(json.dumps({"lines": rows}, ensure_ascii=False, indent=1) + "\n")
        return 0
    for line in found:
        amount = formats.money(line.amount, line.currency)
        about = " ".join(str(part) for part in (line.component, line.ref, line.line) if part is not None)
        who_text = names.get(line.beneficiary, line.beneficiary)
        state = states[line.entry_id].state
        sys.stdout.write(f"{line.entry_id[:12]} {line.posting_period} {who_text} {about}: {amount}, {state}\n")
    if not found:
        sys.stdout.write("No line yet.\n")
    return 0


def _statements(args: argparse.Namespace) -> int:
    """Everybody's sealed month into a file that no spreadsheet takes for formulas (SECURITY.md S-8)."""
    form = _form(args)
    if form is None:
        return 2
    check_period(args.period)
    s, p = statement.c, staff.c
    with _open(args) as database, database.read() as conn:
        chain_id = database.chain_id()
        people = {row.id: row for row in conn.execute(select(p.id, p.number, p.name).where(p.scope_id == chain_id))}
        query = select(statement).where(s.scope_id == chain_id, s.period == args.period).order_by(s.associate)
        found = [dict(row._mapping) for row in conn.execute(query)]
    if not found:
        raise Refused("not_found", what="statement")
    rows = tuple(_statement_cells(row, people.get(row["associate"])) for row in found)
    mark = (f"GuideDesk {args.period}",)
    args.out.write_bytes(sheet_bytes(Sheet(args.period, mark, _STATEMENT_COLUMNS, rows), form))
    told = {"file": str(args.out), "statements": len(rows)}
    text = json.dumps(told, ensure_ascii=False) if args.json else f"{len(rows)} statements are in {args.out}."
    sys.stdout.write(text + "\n")
    return 0


def _statement_cells(row: dict[str, Any], person: Any) -> tuple[Cell, ...]:
    number, name = (row["associate"], "") if person is None else (person.number, person.name)
    amounts = (major(row[key], row["currency"]) for key in ("carry_in", "net", "payable", "carry_out"))
    return (number, name, row["period"], *amounts, row["currency"], row["line_count"], row["hash"])


def _form(args: argparse.Namespace) -> str | None:
    form: str = args.out.suffix.removeprefix(".").lower()
    if form in FORMS:
        return form
    sys.stderr.write(f"guidedesk commission {args.action}: --out needs a name that ends in .csv or .xlsx.\n")
    return None


def _balance(args: argparse.Namespace) -> int:
    """Both sides of every account that the lines of a month touch; they come to the same."""
    form = None if args.out is None else _form(args)
    if args.out is not None and form is None:
        return 2
    check_period(args.period)
    with _open(args) as database, database.read_snapshot() as conn:
        chain_id = database.chain_id()
        accounts = trial_balance(conn, chain_id, args.period)
        names = _names(conn, chain_id)
        t = store.c
        names |= {row.id: row.code for row in conn.execute(select(t.id, t.code).where(t.scope_id == chain_id))}
    debit, credit = (sum(getattr(account, side) for account in accounts) for side in ("debit", "credit"))
    if form is not None:
        rows = tuple(_balance_cells(account, names) for account in accounts)
        mark = (f"GuideDesk {args.period}",)
        args.out.write_bytes(sheet_bytes(Sheet(args.period, mark, _BALANCE_COLUMNS, rows), form))
    if args.json:
        rows_told = [asdict(each) for each in accounts]
        told = {"period": args.period, "accounts": rows_told, "debit": debit, "credit": credit}
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        return 0
    if form is not None:
        sys.stdout.write(f"{len(accounts)} accounts are in {args.out}.\n")
        return 0
    for account in accounts:
        title = " ".join(part for part in (account.kind, _holder(account, names), account.origin) if part)
        left, right = (formats.money(amount, account.currency) for amount in (account.debit, account.credit))
        sys.stdout.write(f"{title}: debit {left}, credit {right}, {account.lines} lines\n")
    if not accounts:
        sys.stdout.write("No line yet.\n")
    return 0


def _balance_cells(account: Account, names: dict[str, str]) -> tuple[Cell, ...]:
    amounts = (major(amount, account.currency) for amount in (account.debit, account.credit))
    return (account.kind, _holder(account, names), account.origin, *amounts, account.currency, account.lines)


def _holder(account: Account, names: dict[str, str]) -> str:
    return names.get(account.holder, account.holder) or "no store"


def _explain(args: argparse.Namespace) -> int:
    """The stored explanation of one line, or its sentences."""
    with _open(args) as database, database.read() as conn:
        line = _find(conn, database.chain_id(), args.line)
    if args.json:
        sys.stdout.write(json.dumps(line.why, ensure_ascii=False, indent=1) + "\n")
        return 0
    for sentence in commission_texts.sentences(line.why, line.currency):
        sys.stdout.write(f"{sentence}\n")
    return 0


def _simulate(args: argparse.Namespace) -> int:
    """What everybody would earn in a month under the plan of a file; nothing is written."""
    i18n.use_language(args.lang)
    check_period(args.period)
    try:
        proposed = json.loads(Path(args.plan).read_bytes(), parse_float=InexactNumber, parse_constant=InexactNumber)
    except OSError as error:
        return _wrong_use(f"{args.plan} cannot be read ({error.strerror}); name a file with a plan")
    except (ValueError, RecursionError):
        return _wrong_use(f"{args.plan} is not JSON; write a plan as in COMMISSION.md 4")
    database = open_server(args.database)
    try:
        check_schema(database)
        with database.read_snapshot() as conn:
            chain_id = database.chain_id()
            books = compute_books(conn, chain_id)
            names = _names(conn, chain_id)
    finally:
        database.close()
    found = simulate(books.prepared, proposed, args.period)
    if args.json:
        rows = [row.as_dict() | {"name": names.get(row.associate)} for row in found]
        total = {"as_is": sum(row.as_is for row in found), "proposed": sum(row.proposed for row in found)}
        document = {"period": args.period, "currency": books.currency, "associates": rows, "total": total}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        return 0
    for row in found:
        as_is, proposed_text = formats.money(row.as_is, books.currency), formats.money(row.proposed, books.currency)
        difference = formats.money(row.difference, books.currency, signed=True)
        sys.stdout.write(f"{names.get(row.associate, row.associate)}: {as_is} -> {proposed_text} ({difference})\n")
    if not found:
        sys.stdout.write("Nobody earns in that month.\n")
    return 0


def _wrong_use(text: str) -> int:
    sys.stderr.write(f"guidedesk commission simulate: {text}.\n")
    return 2


def _find(conn: Connection, chain_id: str, wanted: str) -> StoredLine:
    exact = lines_of(conn, chain_id, entry_id=wanted)
    if exact:
        return exact[0]
    found = [line for line in lines_of(conn, chain_id) if len(wanted) >= 6 and line.entry_id.startswith(wanted)]
    if len(found) != 1:
        raise Refused("not_found", what="line")
    return found[0]


def _beneficiary(conn: Connection, chain_id: str, told: str) -> str:
    if told == HOUSE:
        return told
    if not is_associate(told):
        t = store.c
        code = told.removeprefix(POOL)
        query = select(t.id).where(t.scope_id == chain_id, (t.code == code))
        return f"{POOL}{conn.execute(query).scalar() or code}"
    s = staff.c
    found = conn.execute(select(s.id).where(s.scope_id == chain_id, s.number == told.upper())).scalar()
    return told if found is None else str(found)


def _names(conn: Connection, chain_id: str) -> dict[str, str]:
    s, t = staff.c, store.c
    people = conn.execute(select(s.id, s.number, s.name).where(s.scope_id == chain_id))
    names = {row.id: f"{row.number} {row.name}" for row in people}
    stores = conn.execute(select(t.id, t.code).where(t.scope_id == chain_id))
    return names | {f"{POOL}{row.id}": f"{POOL}{row.code}" for row in stores}
