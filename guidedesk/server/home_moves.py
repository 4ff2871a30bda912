"""A member moves her home store: a job of small transactions, since a shard key is never updated (SCALE.md 3.7).

The rows that live at home are copied to the new home, every store that sees her is pointed there, and the old
home lets go last; until then both copies are there, so nobody meets a gap. Carried on by the sweep after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from guidedesk.domain.errors import Refused
from guidedesk.models.entities import Row, entity_tables, load_row, upsert
from guidedesk.models.server_tables import home_move, member_phone, member_reach, phone_directory, scope, scope_grant
from guidedesk.server import fanout
from guidedesk.server.audit import record_audit
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.feed_pointers import EVICT
from guidedesk.server.member_folds import fold
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import Grant, announce_reach, grant_in, granted_members, insert_missing, reach_of

# What lives where she is at home; consents, tags, codes and sales stay where they were made.
_AT_HOME: Final = ("member", "binding")


@dataclass(frozen=True, slots=True)
class _Move:
    member_id: str
    old: str
    new: str
    chain_id: str
    since_ms: int
    now_ms: int


def move_home(database: ServerDatabase, member_id: str, new_home: str, now_ms: int) -> None:
    """Make a store a member's home; `not_found` for an unknown member or store. Repeating it changes nothing."""
    with database.read() as conn:
        homes = set(reach_of(conn, [member_id])[member_id].values())
        kind = conn.execute(select(scope.c.kind).where(scope.c.scope_id == new_home)).scalar()
        old = next((home for home in sorted(homes) if load_row(conn, "member", home, member_id)), None)
    if old is None or kind != "store":
        raise Refused("not_found", what="member" if old is None else "store")
    if old == new_home:
        return
    row = {"scope_id": old, "member_id": member_id, "target_scope": new_home, "begun_at_ms": now_ms}

    def begin(opened: ScopeWrite) -> None:
        insert_missing(opened.conn, home_move, [row])
        detail = {"to": new_home}
        record_audit(opened, at_ms=now_ms, actor=None, action="member.moved", subject=member_id, detail=detail)

    database.write(old, begin)
    carry_on(database, old, now_ms)


@cross_scope
def sweep_moves(database: ServerDatabase, now_ms: int) -> int:
    """Finish every move a crash left half done."""
    with database.read() as conn:
        waiting = sorted(set(conn.execute(select(home_move.c.scope_id)).scalars()))
    return sum(carry_on(database, scope_id, now_ms) for scope_id in waiting)


def carry_on(database: ServerDatabase, scope_id: str, now_ms: int) -> int:
    """Finish the moves out of one store; how many."""
    chain_id = database.chain_id()
    with database.read() as conn:
        moves = conn.execute(select(home_move).where(home_move.c.scope_id == scope_id)).all()
        since_ms = history_since_ms(read_settings(conn, chain_id), now_ms)
    for row in moves:
        _finish(database, _Move(row.member_id, scope_id, row.target_scope, chain_id, since_ms, now_ms))
    return len(moves)


def _finish(database: ServerDatabase, move: _Move) -> None:
    is_done = False
    while not is_done:
        announce_reach(database, move.new, {move.member_id: move.new})
        with database.read() as conn:
            rows = _home_rows(conn, move)
            phone = _phone_row(conn, move)
        there = database.write(move.new, lambda opened, rows=rows, phone=phone: _arrive(opened, move, rows, phone))  # type: ignore[misc]
        _point_directories(database, move, rows)
        with database.read() as conn:
            others = sorted(set(reach_of(conn, [move.member_id])[move.member_id]) - {move.old, move.new})
        for other in others:
            database.write(other, lambda opened, rows=rows, there=there: _repoint(opened, move, rows, there))  # type: ignore[misc]
        is_done = database.write(move.old, lambda opened, rows=rows, there=there: _leave(opened, move, rows, there))  # type: ignore[misc]
    # What was changed while both homes had her was folded into one of the two rows: told once more from everything.
    for kind in ("member", "binding"):
        fold(database, kind, move.new, move.member_id)
    fanout.run(database, move.new)


def _home_rows(conn: Connection, move: _Move) -> dict[str, Row]:
    """What is still at the old home, or nothing when it let go before."""
    found = {tbl: load_row(conn, tbl, move.old, move.member_id) for tbl in _AT_HOME}
    return {tbl: row for tbl, row in found.items() if row is not None}


def _phone_row(conn: Connection, move: _Move) -> dict[str, Any] | None:
    m = member_phone.c
    found = conn.execute(select(member_phone).where(m.scope_id == move.old, m.member_id == move.member_id)).first()
    return None if found is None else dict(found._mapping)


def _arrive(
    opened: ScopeWrite, move: _Move, rows: dict[str, Row], phone: dict[str, Any] | None
) -> dict[str, int]:
    """The versions of her rows at the new home. One that is there is kept where it is the newer: a crash left the move
    half done, and she was changed since."""
    there: dict[str, int] = {}
    for tbl, row in rows.items():
        known = load_row(opened.conn, tbl, move.new, move.member_id)
        there[tbl] = row["row_ver"] + 1 if known is None else max(row["row_ver"] + 1, known["row_ver"])
        if known is None or known["row_ver"] <= row["row_ver"]:
            upsert(opened.conn, entity_tables()[tbl], [row | {"scope_id": move.new, "row_ver": there[tbl]}])
    p = member_phone.c
    mine = (p.scope_id == move.new, p.member_id == move.member_id)
    if phone is not None and opened.conn.execute(select(p.member_id).where(*mine)).first() is None:
        upsert(opened.conn, member_phone, [phone | {"scope_id": move.new}])
    grant_in(opened, [Grant(move.member_id, move.new, "home")], move.chain_id, move.since_ms)
    _point_store(opened, move, rows, there)
    return there


def _repoint(opened: ScopeWrite, move: _Move, rows: dict[str, Row], there: dict[str, int]) -> None:
    if granted_members(opened.conn, opened.scope_id, [move.member_id], hold=True):
        _point_store(opened, move, rows, there)


def _leave(opened: ScopeWrite, move: _Move, rows: dict[str, Row], there: dict[str, int]) -> bool:
    """Let go, unless the rows changed since they were copied: then they are copied again."""
    now = _home_rows(opened.conn, move)
    if {tbl: row["row_ver"] for tbl, row in now.items()} != {tbl: row["row_ver"] for tbl, row in rows.items()}:
        return False
    until_ms = move.now_ms + move.now_ms - move.since_ms
    grant_in(opened, [Grant(move.member_id, move.new, "served", until_ms)], move.chain_id, move.since_ms)
    mine = (scope_grant.c.scope_id == move.old, scope_grant.c.member_id == move.member_id)
    opened.conn.execute(delete(scope_grant).where(*mine, scope_grant.c.reason == "home"))
    _point_store(opened, move, rows, there)
    for tbl in rows:
        table = entity_tables()[tbl]
        opened.conn.execute(delete(table).where(table.c.scope_id == move.old, table.c.id == move.member_id))
    for table in (member_phone, home_move):
        opened.conn.execute(delete(table).where(table.c.scope_id == move.old, table.c.member_id == move.member_id))
    return True


def _point_store(opened: ScopeWrite, move: _Move, rows: dict[str, Row], there: dict[str, int]) -> None:
    """Within a store that sees her: her rows are at the new home, those of the old one go."""
    opened.conn.execute(
        update(scope_grant)
        .where(scope_grant.c.scope_id == opened.scope_id, scope_grant.c.member_id == move.member_id)
        .values(home_scope_id=move.new)
    )
    for tbl, row in rows.items():
        opened.touch(tbl, move.new, move.member_id, there[tbl])
        opened.touch(tbl, move.old, move.member_id, row["row_ver"], op=EVICT)


@cross_scope
def _point_directories(database: ServerDatabase, move: _Move, rows: dict[str, Row]) -> None:
    """`member_reach` of one member, and the directory entry of her phone."""
    phone = rows["member"]["phone_hash"] if "member" in rows else None

    def work(conn: Connection) -> None:
        reach, phones = member_reach.c, phone_directory.c
        conn.execute(update(member_reach).where(reach.member_id == move.member_id).values(home_scope_id=move.new))
        if phone:
            conn.execute(
                update(phone_directory)
                .where(phones.phone_hash == phone, phones.member_id == move.member_id)
                .values(home_scope_id=move.new)
            )

    database.write_directory(work)
