"""Recognising later whose a sale was: she registered, gave her number, got a card, was merged, or a person said so.

A sale keeps the event it was told with. That it is hers becomes an event of its own, `member.merge` of the sale's
placeholder into her id: it applies to the whole history, is posted in the month in which it was found out, and a review
takes it back (docs/decisions/2026-11-28-recognised-later.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models.base import among
from guidedesk.models.entities import load_rows
from guidedesk.models.intake_tables import recognition_mark, sale_unmatched
from guidedesk.models.sales import purchase
from guidedesk.server.audit import record_audit
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.fanout_tasks import add_tasks
from guidedesk.server.feed import chunks
from guidedesk.server.order_matching import NOT_NAMED, SEVERAL, people_of_marks
from guidedesk.server.order_recorder import OrderRecorder
from guidedesk.server.sale_side import hand_over
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import MEMBER_TABLES, announce_grants, grant_in, granted_members

PAGE: Final = 5_000
_PAGES: Final = 10
_ON_ITS_WAY_MS: Final = DAY_MS
Place = tuple[str, str]  # mark, purchase id: where a round of looking stands
START: Final[Place] = ("", "00000000-0000-0000-0000-000000000000")


@dataclass(frozen=True, slots=True)
class Round:
    """What one round found: sales that are somebody's now, and where the next round goes on (START: from the top)."""

    given: int
    after: Place


@cross_scope
def recognise(database: ServerDatabase, now_ms: int, after: Place = START, limit: int = PAGE) -> Round:
    """Look whether anybody is known by now for sales that named somebody; one page of what would tell."""
    with database.read() as conn:
        rows = _page(conn, after, limit)
        known = people_of_marks(conn, {row.mark for row in rows})
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        member_id = known[row.mark]
        if member_id is not None:
            found[row.scope_id][row.purchase_id].add(member_id)
    given = 0
    for scope_id, sales in sorted(found.items()):
        clear = {purchase_id: next(iter(who)) for purchase_id, who in sales.items() if len(who) == 1}
        given += give_sales(database, scope_id, clear, now_ms)
        _say_several(database, scope_id, sorted(sales.keys() - clear.keys()))
    with database.read() as conn:
        there = {s: _written(conn, s, list(sales)) for s, sales in sorted(found.items())}
    # A mark is entered before its sale is written: one without a sale may be on its way still.
    settled = [
        (row.mark, row.purchase_id)
        for row in rows
        if known[row.mark] is not None
        and (row.purchase_id in there[row.scope_id] or row.noted_at_ms < now_ms - _ON_ITS_WAY_MS)
    ]
    database.write_directory(lambda conn: _forget(conn, settled))
    last = (rows[-1].mark, rows[-1].purchase_id) if len(rows) == limit else START
    return Round(given, last)


def recognise_some(database: ServerDatabase, now_ms: int, after: Place) -> Round:
    """A few pages, for now and then: what is left is looked at the next time."""
    given = 0
    for _ in range(_PAGES):
        found = recognise(database, now_ms, after)
        given, after = given + found.given, found.after
        if after == START:
            break
    return Round(given, after)


def recognise_all(database: ServerDatabase, now_ms: int) -> int:
    """Every page once; how many sales are somebody's now."""
    after, given = START, 0
    while True:
        found = recognise(database, now_ms, after)
        given, after = given + found.given, found.after
        if after == START:
            return given


def give_sales(database: ServerDatabase, scope_id: str, given: Mapping[str, str], now_ms: int) -> int:
    """These sales of one scope (id -> member) are theirs from now on, returns too; how many were nobody's before."""
    if not given:
        return 0
    recorder = OrderRecorder(database, now_ms)
    with database.read() as conn:
        sales = [row for chunk in chunks(sorted(given)) for row in load_rows(conn, "purchase", scope_id, list(chunk))]
    until: dict[str, int] = {}
    for sale in sales:
        if sale["member_id"] is None and sale["paid_at_ms"] >= recorder.since_ms and scope_id != recorder.chain_id:
            member_id = given[sale["id"]]
            until[member_id] = max(until.get(member_id, 0), recorder.served_until(sale["paid_at_ms"]))
    grants = recorder.grants_of({scope_id: until} if until else {})
    announce_grants(database, grants)

    def work(opened: ScopeWrite) -> int:
        if grants.get(scope_id):
            grant_in(opened, grants[scope_id], recorder.chain_id, recorder.since_ms)
        refs = hand_over(opened, given, now_ms, recorder.chain_id, recorder.since_ms)
        _show(opened, refs, recorder.since_ms, is_read=scope_id != recorder.chain_id)
        return sum(tbl == "purchase" for tbl, _, _ in refs)

    count = database.write(scope_id, work)
    recorder.carry([scope_id])
    return count


def give_by_hand(
    database: ServerDatabase, scope_id: str, purchase_id: str, member_id: str, now_ms: int, actor: Actor | None
) -> None:
    """A person says whose a sale is. `not_found`, `stale_precondition` (why `sale_taken`)."""
    with database.read() as conn:
        rows = load_rows(conn, "purchase", scope_id, [purchase_id])
    if not rows:
        raise Refused("not_found", what="order")
    if give_sales(database, scope_id, {purchase_id: member_id}, now_ms) == 0 and rows[0]["member_id"] != member_id:
        raise Refused("stale_precondition", why="sale_taken")

    def work(opened: ScopeWrite) -> None:
        detail = {"member_id": member_id}
        record_audit(
            opened, at_ms=now_ms, actor=actor, action="sale.matched", subject=purchase_id, detail=detail
        )

    database.write(scope_id, work)


def unmatched_of(conn: Connection, scope_id: str, limit: int, *, all_sales: bool = False) -> list[dict[str, Any]]:
    """Sales of a scope that are nobody's, the newest first, with the reason; `all_sales`: those as well that named
    nobody. Each `{purchase_id, order_no, source, paid_at_ms, total_minor, currency, seller_id, reason, shown}`."""
    p, u = purchase.c, sale_unmatched.c
    kept = (u.scope_id == scope_id) & (u.purchase_id == p.id)
    query = select(
        p.id.label("purchase_id"), p.order_no, p.source, p.paid_at_ms, p.total_minor, p.currency, p.seller_id,
        u.reason, u.shown,
    ).select_from(purchase.join(sale_unmatched, kept, isouter=all_sales))  # fmt: skip
    query = query.where(p.scope_id == scope_id, p.member_id.is_(None), p.deleted_at_ms.is_(None))
    rows = conn.execute(query.order_by(p.paid_at_ms.desc(), p.id).limit(limit)).mappings()
    return [{**row, "reason": row["reason"] or NOT_NAMED, "shown": row["shown"] or ""} for row in rows]


def unmatched_counts(conn: Connection, scope_id: str) -> dict[str, int]:
    """How many sales of a scope are nobody's, by reason; `not_named` are those that named nobody."""
    p, u = purchase.c, sale_unmatched.c
    named = conn.execute(
        select(u.reason, func.count()).where(u.scope_id == scope_id).group_by(u.reason)
    ).all()
    total = conn.execute(
        select(func.count()).where(p.scope_id == scope_id, p.member_id.is_(None), p.deleted_at_ms.is_(None))
    ).scalar_one()
    counts = {str(reason): int(count) for reason, count in named}
    return {**counts, NOT_NAMED: max(0, int(total) - sum(counts.values()))}


def _page(conn: Connection, after: Place, limit: int) -> Sequence[Any]:
    m = recognition_mark.c
    return conn.execute(
        select(m.mark, m.purchase_id, m.scope_id, m.noted_at_ms)
        .where((m.mark > after[0]) | ((m.mark == after[0]) & (m.purchase_id > after[1])))
        .order_by(m.mark, m.purchase_id)
        .limit(limit)
    ).all()


def _written(conn: Connection, scope_id: str, purchase_ids: Sequence[str]) -> set[str]:
    p = purchase.c
    return {
        row_id
        for chunk in chunks(sorted(purchase_ids))
        for row_id in conn.execute(select(p.id).where(p.scope_id == scope_id, among(conn, p.id, chunk))).scalars()
    }


def _forget(conn: Connection, places: Sequence[Place]) -> None:
    m = recognition_mark.c
    for mark, purchase_id in places:
        conn.execute(delete(recognition_mark).where(m.mark == mark, m.purchase_id == purchase_id))


def _show(opened: ScopeWrite, refs: Sequence[tuple[str, str, str]], since_ms: int, *, is_read: bool) -> None:
    """Into the feed of the store itself, and as tasks for the others that see her."""
    by_table: dict[str, list[str]] = defaultdict(list)
    for tbl, _, row_id in refs:
        by_table[tbl].append(row_id)
    for tbl, ids in by_table.items():
        rows = [row for chunk in chunks(ids) for row in load_rows(opened.conn, tbl, opened.scope_id, list(chunk))]
        seen = granted_members(opened.conn, opened.scope_id, {row["member_id"] for row in rows}) if is_read else set()
        for row in rows:
            at_ms = row["paid_at_ms" if tbl == "purchase" else "returned_at_ms"]
            if at_ms < since_ms:
                continue
            if row["member_id"] in seen:
                opened.touch_row(tbl, row)
            if tbl in MEMBER_TABLES:
                add_tasks(opened, [(tbl, row["id"], row["row_ver"])])


def _say_several(database: ServerDatabase, scope_id: str, purchase_ids: Sequence[str]) -> None:
    """What they named turned out to be different people: a person decides."""
    if not purchase_ids:
        return

    def work(opened: ScopeWrite) -> None:
        u = sale_unmatched.c
        opened.conn.execute(
            update(sale_unmatched)
            .where(u.scope_id == scope_id, among(opened.conn, u.purchase_id, purchase_ids))
            .values(reason=SEVERAL)
        )

    database.write(scope_id, work)
