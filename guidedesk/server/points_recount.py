"""The ledger of points told once more from the facts: what is missing is entered, what differs is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from guidedesk.domain.points import SoldLine
from guidedesk.models.entities import Row, load_rows
from guidedesk.models.points import points_balance, points_entry
from guidedesk.models.sales import purchase, purchase_return
from guidedesk.server import fanout
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.points_desk import every_scope
from guidedesk.server.points_ledger import Terms, count_orders, entry_id, read_terms, sale_entry, sold_lines
from guidedesk.server.settings import history_since_ms, read_settings

_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Recount:
    """`entered` were missing; `different` entries and `balances` say something else than the facts do."""

    entered: int = 0
    different: tuple[str, ...] = ()
    balances: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether nothing differs."""
        return not self.different and not self.balances


def bring_up_to_date(database: ServerDatabase, now_ms: int) -> int:
    """Enter what sales and returns known already earn by the rules published since; how many entries. Repeating it
    adds nothing."""
    chain_id, entered = database.chain_id(), 0
    with database.read() as conn:
        since_ms = history_since_ms(read_settings(conn, chain_id), now_ms)
        scopes = every_scope(conn)
    for scope_id in scopes:
        for table in ("purchase", "purchase_return"):
            with database.read() as conn:
                pages = list(_pages(conn, scope_id, table, since_ms))
            for ids in pages:
                entered += database.write(scope_id, _entering(chain_id, since_ms, table, ids))
        fanout.run(database, scope_id)
    return entered


def _entering(chain_id: str, since_ms: int, table: str, ids: list[str]) -> Any:
    def work(opened: ScopeWrite) -> int:
        terms = read_terms(opened.conn, chain_id, opened.scope_id, since_ms)
        if terms is None:
            return 0
        rows = load_rows(opened.conn, table, opened.scope_id, ids)
        sales, returns = (rows, []) if table == "purchase" else ([], rows)
        return count_orders(opened, terms, sales, returns)

    return work


def recount(database: ServerDatabase, now_ms: int) -> Recount:
    """Compare the ledger with the facts and the balances with the ledger; changes nothing.

    A sale is counted with the tier its entry names, as she had it then. Sales without an entry that should have one are
    `different` as well: `bring_up_to_date` enters them.
    """
    chain_id = database.chain_id()
    different: list[str] = []
    balances: list[str] = []
    with database.read() as conn:
        since_ms = history_since_ms(read_settings(conn, chain_id), now_ms)
        for scope_id in every_scope(conn):
            terms = read_terms(conn, chain_id, scope_id, since_ms)
            if terms is None:
                break
            for ids in _pages(conn, scope_id, "purchase", since_ms):
                different += _differing(conn, scope_id, terms, load_rows(conn, "purchase", scope_id, ids))
            balances += _off(conn, scope_id)
    return Recount(different=tuple(different), balances=tuple(balances))


def _differing(conn: Connection, scope_id: str, terms: Terms, sales: list[Row]) -> list[str]:
    """Sales whose entry, or the sum of whose returns' entries, says something else."""
    ids = [sale["id"] for sale in sales]
    entries = _loaded(conn, "points_entry", scope_id, [entry_id("sale", purchase_id) for purchase_id in ids])
    known = {row["purchase_id"]: row for row in entries}
    e, back = points_entry.c, purchase_return.c
    backs = conn.execute(
        select(e.purchase_id, func.sum(e.points).label("points"))
        .where(e.scope_id == scope_id, e.purchase_id.in_(ids), e.kind == "return")
        .group_by(e.purchase_id)
    )
    taken = {row.purchase_id: int(row.points) for row in backs}
    returned = conn.execute(
        select(back.id).where(back.scope_id == scope_id, back.purchase_id.in_(ids), back.deleted_at_ms.is_(None))
    ).scalars()
    gone: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in _loaded(conn, "purchase_return", scope_id, list(returned)):
        for line in row["lines"]:
            gone[row["purchase_id"]][line["line_no"]] += max(0, line["amount_minor"])
    wrong: list[str] = []
    for sale in sales:
        entry = known.get(sale["id"])
        expected = sale_entry(terms, sale, None if entry is None else entry["tier"])
        lines = [] if entry is None else sold_lines(entry)
        due = sum(_share(line, gone[sale["id"]][line.line_no]) for line in lines)
        if _said(entry) != _said(expected) or taken.get(sale["id"], 0) != -due:
            wrong.append(sale["id"])
    return wrong


def _share(line: SoldLine, gone_minor: int) -> int:
    return line.points * min(gone_minor, line.amount_minor) // line.amount_minor if line.amount_minor > 0 else 0


def _said(entry: Row | None) -> tuple[Any, ...] | None:
    names = ("member_id", "points", "rules_version", "lines", "at_ms", "tier")
    return None if entry is None else tuple(entry[name] for name in names)


def _off(conn: Connection, scope_id: str) -> list[str]:
    """Members whose balance row is not what their entries come to."""
    e, b = points_entry.c, points_balance.c
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in conn.execute(
        select(e.member_id, e.kind, func.sum(e.points).label("points"))
        .where(e.scope_id == scope_id)
        .group_by(e.member_id, e.kind)
    ):
        sums[row.member_id][row.kind == "redeem"] += -int(row.points) if row.kind == "redeem" else int(row.points)
    rows = conn.execute(select(b.id, b.earned, b.spent).where(b.scope_id == scope_id))
    stored = {row.id: [row.earned, row.spent] for row in rows}
    return sorted(member for member in sums.keys() | stored.keys() if sums[member] != stored.get(member))


def _pages(conn: Connection, scope_id: str, table: str, since_ms: int) -> Iterator[list[str]]:
    """Ids of members' sales, or returns, of a scope that counters still keep."""
    rows = purchase if table == "purchase" else purchase_return
    at_ms = rows.c.paid_at_ms if table == "purchase" else rows.c.returned_at_ms
    after = "00000000-0000-0000-0000-000000000000"
    while True:
        ids = list(
            conn.execute(
                select(rows.c.id)
                .where(
                    rows.c.scope_id == scope_id, rows.c.id > after, rows.c.member_id.is_not(None), at_ms >= since_ms,
                    rows.c.deleted_at_ms.is_(None),
                )
                .order_by(rows.c.id)
                .limit(_PAGE)
            ).scalars()
        )  # fmt: skip
        if ids:
            yield ids
        if len(ids) < _PAGE:
            return
        after = ids[-1]


def _loaded(conn: Connection, table: str, scope_id: str, ids: list[str]) -> list[Row]:
    return [row for n in range(0, len(ids), _PAGE) for row in load_rows(conn, table, scope_id, ids[n : n + _PAGE])]
