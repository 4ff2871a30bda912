"""The table `often_next` of each store, worked out anew once a day from the store's own sales (domain/goes_with.py).

All customers are read set-wise, a few hundred at a time, twice: first for which articles most of them bought, then for
what goes with what. The same on SQLite and PostgreSQL; no request waits for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection, func, select

from guidedesk.domain.goes_with import LEAST_CUSTOMERS, Purchase, Tally, best_articles
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.base import among
from guidedesk.models.entities import Row, upsert
from guidedesk.models.intake_tables import often_next_round
from guidedesk.models.sales import often_next, purchase, purchase_line, purchase_return, purchase_return_line
from guidedesk.models.server_tables import scope
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.rows import put_rows
from guidedesk.server.sharding import cross_scope

AGAIN_MS: Final = DAY_MS
# Two years up to the store's newest sale: what people wore together before is out of fashion.
_SPAN_MS: Final = 731 * DAY_MS
_CUSTOMERS_AT_A_TIME: Final = 200
_A_WRITE: Final = 2_000
# A share that moved by less is not sent to every counter again.
_POINT: Final = 100


@dataclass(slots=True)
class _Found:
    """What a store's customers take, and what articles are called in English."""

    articles: tuple[str, ...]
    english: Mapping[str, str]
    tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        self.tally = Tally(len(self.articles))


@dataclass(frozen=True, slots=True)
class _Line:
    """One line that did not come back."""

    member_id: str
    purchase_id: str
    at_ms: int
    name: str
    name_en: str


def sweep_often_next(database: ServerDatabase, now_ms: int) -> int:
    """Work it out for every store whose last time is a day ago; how many there were."""
    due = _due_stores(database, now_ms)
    for scope_id in due:
        renew_often_next(database, scope_id, now_ms)
    return len(due)


@cross_scope
def _due_stores(database: ServerDatabase, now_ms: int) -> list[str]:
    with database.read() as conn:
        stores = conn.execute(select(scope.c.scope_id).where(scope.c.kind == "store")).scalars().all()
        r = often_next_round.c
        fresh = set(conn.execute(select(r.scope_id).where(r.at_ms > now_ms - AGAIN_MS)).scalars())
    return sorted(set(stores) - fresh)


def renew_often_next(database: ServerDatabase, scope_id: str, now_ms: int, *, least: int = LEAST_CUSTOMERS) -> int:
    """Work a store's table out from its sales; how many rows changed. Repeating it changes nothing.

    `least`: how many customers make a group, never fewer outside of checks.
    """
    with database.read() as conn:
        wanted = _rows(scope_id, _tallied(conn, scope_id), least)
        known = {row["id"]: row for row in _known(conn, scope_id)}
    changed = [row for row in wanted if _says_more(row, known.get(row["id"]))]
    gone = known.keys() - {row["id"] for row in wanted}
    changed += [known[id_] | {"deleted_at_ms": now_ms} for id_ in sorted(gone) if known[id_]["deleted_at_ms"] is None]
    for start in range(0, len(changed), _A_WRITE):
        _write(database, scope_id, changed[start : start + _A_WRITE])
    mark = [{"scope_id": scope_id, "at_ms": now_ms}]
    database.write(scope_id, lambda opened: upsert(opened.conn, often_next_round, mark))
    return len(changed)


def _write(database: ServerDatabase, scope_id: str, rows: Sequence[Row]) -> None:
    def work(opened: ScopeWrite) -> None:
        put_rows(opened, "often_next", [{k: v for k, v in row.items() if k != "row_ver"} for row in rows])

    database.write(scope_id, work)


def _known(conn: Connection, scope_id: str) -> list[Row]:
    query = select(often_next).where(often_next.c.scope_id == scope_id)
    return [dict(row._mapping) for row in conn.execute(query)]


def _says_more(row: Row, known: Row | None) -> bool:
    if known is None or known["deleted_at_ms"] is not None:
        return True
    if any(known[name] != row[name] for name in ("partner", "partner_en", "article_en")):
        return True
    moved = abs(row["takers"] * known["customers"] - known["takers"] * row["customers"])
    return bool(moved * _POINT >= row["customers"] * known["customers"])


def _rows(scope_id: str, found: _Found, least: int) -> list[Row]:
    rows: list[Row] = []
    for number, article in enumerate(found.articles):
        for place, partner in enumerate(found.tally.partners(number, least=least), start=1):
            other = found.articles[partner.article]
            rows.append({
                "id": derived_id("often_next", scope_id, article, place), "article": article,
                "article_en": found.english[article], "place": place, "partner": other,
                "partner_en": found.english[other], "takers": partner.takers, "customers": partner.customers,
                "deleted_at_ms": None,
            })  # fmt: skip
    return rows


def _tallied(conn: Connection, scope_id: str) -> _Found:
    p = purchase.c
    newest = conn.execute(
        select(func.max(p.paid_at_ms)).where(p.scope_id == scope_id, p.deleted_at_ms.is_(None))
    ).scalar()
    if newest is None:
        return _Found((), {})
    since_ms = newest - _SPAN_MS
    customers: Counter[str] = Counter()
    english: dict[str, str] = {}
    for lines in _customers(conn, scope_id, since_ms):
        english |= {line.name: line.name_en for line in lines}
        customers.update({line.name for line in lines})
    found = _Found(best_articles(customers), english)
    numbers = {name: number for number, name in enumerate(found.articles)}
    for lines in _customers(conn, scope_id, since_ms):
        bought = [
            Purchase(at_ms, frozenset(numbers[line.name] for line in some if line.name in numbers))
            for (at_ms, _), some in groupby(lines, attrgetter("at_ms", "purchase_id"))
        ]
        found.tally.add(bought)
    return found


def _customers(conn: Connection, scope_id: str, since_ms: int) -> Iterator[list[_Line]]:
    """The lines of one customer after the other, in order of time."""
    p = purchase.c
    mine = (p.scope_id == scope_id, p.paid_at_ms >= since_ms, p.deleted_at_ms.is_(None))
    members = select(p.member_id).where(*mine, p.member_id.is_not(None)).distinct().order_by(p.member_id)
    after: str | None = None
    while True:
        query = members if after is None else members.where(p.member_id > after)
        ids = conn.execute(query.limit(_CUSTOMERS_AT_A_TIME)).scalars().all()
        yield from _lines_of(conn, scope_id, since_ms, ids)
        if len(ids) < _CUSTOMERS_AT_A_TIME:
            return
        after = ids[-1]


def _lines_of(conn: Connection, scope_id: str, since_ms: int, ids: Sequence[str]) -> Iterator[list[_Line]]:
    p, line, back, part = purchase.c, purchase_line.c, purchase_return.c, purchase_return_line.c
    came_back = {
        (row.purchase_id, row.line_no): row.qty
        for row in conn.execute(
            select(back.purchase_id, part.line_no, func.sum(part.qty).label("qty"))
            .join(purchase_return_line, (part.scope_id == back.scope_id) & (part.return_id == back.id))
            .where(
                back.scope_id == scope_id, part.scope_id == scope_id, among(conn, back.member_id, ids),
                back.deleted_at_ms.is_(None),
            )
            .group_by(back.purchase_id, part.line_no)
        )
    }  # fmt: skip
    rows = conn.execute(
        select(p.member_id, p.id, p.paid_at_ms, line.line_no, line.name, line.name_en, line.qty)
        .join(purchase_line, (line.scope_id == p.scope_id) & (line.purchase_id == p.id))
        .where(
            p.scope_id == scope_id, line.scope_id == scope_id, among(conn, p.member_id, ids),
            p.paid_at_ms >= since_ms, p.deleted_at_ms.is_(None), line.name != "",
        )
        .order_by(p.member_id, p.paid_at_ms, p.id, line.line_no)
    )  # fmt: skip
    lines = (
        _Line(row.member_id, row.id, row.paid_at_ms, row.name, row.name_en or row.name)
        for row in rows
        if row.qty > came_back.get((row.id, row.line_no), 0)
    )
    for _, hers in groupby(lines, attrgetter("member_id")):
        yield list(hers)
