"""Erasing a person (SECURITY.md P-2): what says who she is goes from every scope, table and log of this server.

First the chain is told: from then on nothing personal of her is taken in, and every counter hears of it. Then each
scope that ever saw her is gone through, one transaction each, and last the chain is told that it is done. A crash in
between is carried on by the sweep. What was bought and whose work it was stays, under an id that leads to nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select, update

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.base import among
from guidedesk.models.entities import PARTS_KEY, entity_tables, load_rows, upsert
from guidedesk.models.intake_tables import member_external, recognition_mark
from guidedesk.models.join_tables import join_record, phone_check
from guidedesk.models.people import erasure, member, member_change
from guidedesk.models.segment_tables import segment_member
from guidedesk.models.server_tables import member_phone, phone_directory, snapshot, snapshot_page
from guidedesk.server import fanout
from guidedesk.server.audit import record_audit
from guidedesk.server.database import ScopeWrite, ServerDatabase, take_time
from guidedesk.server.erased_ops import forget_personal, personal_about
from guidedesk.server.fanout_tasks import add_tasks
from guidedesk.server.feed import chunks
from guidedesk.server.rows import put_row
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import MEMBER_TABLES, granted_members, member_column, reach_of
from guidedesk.services.erasing import ERASED_TABLES, erased_row

_MOST_MERGES: Final = 8  # as many as an id is followed elsewhere


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure came to: its number in the chain, and every id that meant the person."""

    serial: int
    member_ids: tuple[str, ...]


def erase_member(database: ServerDatabase, member_id: str, *, reason: str, now_ms: int) -> Erased:
    """Erase a person with every id that was merged into hers; repeating it changes nothing.

    Refused: `not_found`. Who may ask for it and who agrees is settled before (SECURITY.md 2): this is the operator's.
    """
    chain_id = database.chain_id()
    with database.read() as conn:
        people = _same_person(conn, member_id) if is_id(member_id) else ()
    if not people:
        raise Refused("not_found", what="member")

    def announce(opened: ScopeWrite) -> int:
        e = erasure.c
        known = load_rows(opened.conn, "erasure", chain_id, people)
        last = opened.conn.execute(select(func.max(e.serial)).where(e.scope_id == chain_id)).scalar() or 0
        serial = known[0]["serial"] if known else last + 1
        fresh = [one for one in people if one not in {row["id"] for row in known}]
        for one in fresh:
            values = {"id": one, "serial": serial, "erased_at_ms": now_ms, "is_done": 0}
            put_row(opened, "erasure", values)
        if fresh:
            detail = {"reason": reason, "serial": serial, "ids": len(people)}
            record_audit(opened, at_ms=now_ms, actor=None, action="member.erased", subject=member_id, detail=detail)
        return int(serial)

    serial = database.write(chain_id, announce)
    _carry_out(database, people, now_ms)
    return Erased(serial, people)


@cross_scope
def sweep_erasures(database: ServerDatabase, now_ms: int) -> int:
    """Carry on what a crash left half done; how many ids. Repeating it changes nothing."""
    chain_id = database.chain_id()
    e = erasure.c
    with database.read() as conn:
        query = select(e.id).where(e.scope_id == chain_id, e.is_done == 0).order_by(e.id)
        waiting = tuple(conn.execute(query).scalars())
    if waiting:
        _carry_out(database, waiting, now_ms)
    return len(waiting)


@cross_scope
def _same_person(conn: Connection, member_id: str) -> tuple[str, ...]:
    """Every id that means this person, whichever of them was named; none where nobody has it."""
    m = member.c
    found: set[str] = set()
    asked = {member_id}
    for _ in range(_MOST_MERGES):
        known = conn.execute(
            select(m.id, m.merged_into).where(or_(among(conn, m.id, asked), among(conn, m.merged_into, asked)))
        ).all()
        met = {row.id for row in known} | {row.merged_into for row in known if row.merged_into is not None}
        if met <= found:
            break
        found |= met
        asked = found
    return tuple(sorted(found))


def _carry_out(database: ServerDatabase, people: Collection[str], now_ms: int) -> None:
    chain_id = database.chain_id()
    with database.read() as conn:
        scopes = {chain_id}
        for stores in reach_of(conn, people).values():
            scopes |= stores.keys() | set(stores.values())
        erased_at = {row["id"]: row["erased_at_ms"] for row in load_rows(conn, "erasure", chain_id, sorted(people))}
    _forget_names_of_her(database, people, scopes)
    for scope_id in sorted(scopes):
        with database.read() as conn:
            logged = personal_about(conn, scope_id, people)

        def work(opened: ScopeWrite, logged: set[str] = logged) -> None:
            take_time(opened.conn)
            # Received while the log was looked through; nothing personal of her is taken in after this transaction.
            logged |= personal_about(opened.conn, opened.scope_id, people, now_ms - DAY_MS)
            forget_personal(opened, logged)
            _erase_rows(opened, erased_at)
            _erase_beside(opened, people)

        database.write(scope_id, work)
    fanout.run_many(database, scopes)

    def done(opened: ScopeWrite) -> None:
        for one in sorted(people):
            put_row(opened, "erasure", {"id": one, "is_done": 1})

    database.write(chain_id, done)
    _leave_no_log(database)


def _erase_rows(opened: ScopeWrite, erased_at: dict[str, int]) -> None:
    """Her rows in this scope, each with its next version, so that whoever holds it gets it anew."""
    seen_here = granted_members(opened.conn, opened.scope_id, erased_at, hold=True)
    for name in ERASED_TABLES:
        table, whom = entity_tables()[name], member_column(name)
        for chunk in chunks(sorted(erased_at)):
            query = select(table.c.id).where(table.c.scope_id == opened.scope_id, among(opened.conn, whom, chunk))
            row_ids = sorted(opened.conn.execute(query).scalars())
            for some in chunks(row_ids):
                for row in load_rows(opened.conn, name, opened.scope_id, some):
                    row.pop(PARTS_KEY, None)
                    left = erased_row(name, row, erased_at[row[whom.name]])
                    if left is None:
                        continue
                    left["row_ver"] += 1
                    upsert(opened.conn, table, [left])
                    if row[whom.name] in seen_here:
                        opened.touch_row(name, left)
                    if name in MEMBER_TABLES:
                        add_tasks(opened, [(name, left["id"], left["row_ver"])])


def _erase_beside(opened: ScopeWrite, people: Collection[str]) -> None:
    """What only the server keeps about her in this scope. A snapshot may hold her rows as they were: others are built
    without her."""
    conn, here = opened.conn, opened.scope_id

    def hers(table: Table) -> tuple[ColumnElement[bool], ...]:
        return table.c.scope_id == here, among(conn, table.c.member_id, people)

    conn.execute(delete(member_phone).where(*hers(member_phone)))
    conn.execute(delete(segment_member).where(*hers(segment_member)))
    conn.execute(update(join_record).where(*hers(join_record)).values(phone_hash=""))
    for kept in (snapshot_page, snapshot):
        conn.execute(delete(kept).where(kept.c.scope_id == here))


@cross_scope
def _forget_names_of_her(database: ServerDatabase, people: Collection[str], scopes: Iterable[str]) -> None:
    """Directories that lead to her: by phone, by another program's id, and what waits to recognise her by them.

    Before her rows: afterwards nobody would know her number.
    """
    m, c = member.c, member_change.c
    with database.read() as conn:
        hashes: set[str] = set()
        for scope_id in sorted(scopes):
            for query in (
                select(m.phone_hash).where(m.scope_id == scope_id, among(conn, m.id, people)),
                select(c.phone_hash).where(c.scope_id == scope_id, among(conn, c.member_id, people)),
            ):
                hashes.update(text for text in conn.execute(query).scalars() if text)
        mine = among(conn, member_external.c.member_id, people)
        names = set(conn.execute(select(member_external.c.external_id).where(mine)).scalars())
    marks = sorted({f"phone:{text}" for text in hashes} | {f"id:{name}" for name in names})

    def work(conn: Connection) -> None:
        rules: list[tuple[Table, Any]] = [
            (phone_directory, among(conn, phone_directory.c.member_id, people)),
            (member_external, among(conn, member_external.c.member_id, people)),
            (recognition_mark, among(conn, recognition_mark.c.mark, marks)),
            (phone_check, among(conn, phone_check.c.phone_hash, sorted(hashes))),
        ]
        for table, which in rules:
            conn.execute(delete(table).where(which))

    database.write_directory(work)


def _leave_no_log(database: ServerDatabase) -> None:
    """SQLite's write-ahead log holds pages as they were written before."""
    if database.is_sqlite:
        with database.read() as conn:
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
