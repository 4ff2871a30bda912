"""Setting up a chain: its scope, stores and staff; every change is audited (COMMANDS.md, admin)."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import insert, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import new_id
from guidedesk.domain.people import clean_name
from guidedesk.domain.ports import Clock, Random
from guidedesk.models.people import staff, store
from guidedesk.models.server_tables import scope
from guidedesk.server.audit import record_audit
from guidedesk.server.badges import badges_of, live_store_codes, new_store_code
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.rows import put_row

FIRST_EPOCH: Final = 1


def init_chain(database: ServerDatabase, clock: Clock, random: Random) -> str:
    """The id of the chain scope, made if this database has none yet."""
    try:
        return database.chain_id()
    except Refused:
        chain_id = new_id(clock.wall_ms(), random.bytes(10))
        _make_scope(database, chain_id, "chain")
        return database.chain_id()


def _make_scope(database: ServerDatabase, scope_id: str, kind: str) -> None:
    row = {"scope_id": scope_id, "kind": kind, "epoch": FIRST_EPOCH, "head": 0, "floor": 0}
    database.write(scope_id, lambda opened: opened.conn.execute(insert(scope), [row]))


def add_store(
    database: ServerDatabase,
    code: str,
    name: str,
    name_en: str,
    *,
    clock: Clock,
    random: Random,
    kind: str = "store",
) -> str:
    """A new store and its scope; the id of both. `code_taken` when another store has this code."""
    chain_id, store_id = database.chain_id(), new_id(clock.wall_ms(), random.bytes(10))
    values = {
        "id": store_id,
        "code": _word(code, "code"),
        "name": clean_name(name),
        "name_en": clean_name(name_en),
        "kind": kind,
    }
    if find_store(database, code) is not None:
        raise Refused("code_taken", store=code)
    _make_scope(database, store_id, "store")

    def work(opened: ScopeWrite) -> None:
        if _find(opened.conn, chain_id, code) is not None:
            raise Refused("code_taken", store=code)
        put_row(opened, "store", values)
        if kind == "store":
            put_row(opened, "store_code", new_store_code(store_id, random, clock.wall_ms()))
        _audit(opened, clock, "store.added", store_id, {"code": code})

    database.write(chain_id, work)
    return store_id


def renew_store_code(database: ServerDatabase, store_id: str, *, clock: Clock, random: Random) -> str:
    """The digits of a fresh code for a store; the ones before no longer work."""
    chain_id = database.chain_id()

    def work(opened: ScopeWrite) -> str:
        fresh = new_store_code(store_id, random, clock.wall_ms())
        for row_id in live_store_codes(opened.conn, chain_id, store_id):
            put_row(opened, "store_code", {"id": row_id, "state": "revoked"})
        put_row(opened, "store_code", fresh)
        _audit(opened, clock, "store.code_issued", store_id, {})
        return str(fresh["digits"])

    return database.write(chain_id, work)


def find_store(database: ServerDatabase, code_or_id: str) -> str | None:
    """The id of a store by its code or id, or None."""
    with database.read() as conn:
        return _find(conn, database.chain_id(), code_or_id)


def get_store(database: ServerDatabase, code_or_id: str) -> str:
    """As `find_store`; `store_unknown` when there is none."""
    found = find_store(database, code_or_id)
    if found is None:
        raise Refused("store_unknown", store=code_or_id[:40])
    return found


def _find(conn: Any, chain_id: str, code_or_id: str) -> str | None:
    for row in conn.execute(select(store.c.id, store.c.code).where(store.c.scope_id == chain_id)):
        if code_or_id in (row.id, row.code):
            return str(row.id)
    return None


def list_stores(database: ServerDatabase) -> list[dict[str, Any]]:
    """Every store, by code."""
    with database.read() as conn:
        rows = conn.execute(select(store).where(store.c.scope_id == database.chain_id()).order_by(store.c.code))
        return [{k: row._mapping[k] for k in ("id", "code", "name", "name_en", "kind")} for row in rows]


def list_staff(database: ServerDatabase) -> list[dict[str, Any]]:
    """Everybody, by number."""
    with database.read() as conn:
        rows = conn.execute(select(staff).where(staff.c.scope_id == database.chain_id()).order_by(staff.c.number))
        wanted = ("id", "number", "name", "name_en", "role", "store_id", "is_active")
        badges = badges_of(conn, database.chain_id())
        return [{k: row._mapping[k] for k in wanted} | {"badge": badges.get(row.id)} for row in rows]


def _audit(opened: ScopeWrite, clock: Clock, action: str, subject: str, detail: dict[str, Any]) -> None:
    record_audit(opened, at_ms=clock.wall_ms(), actor=None, action=action, subject=subject, detail=detail)


def _word(text: str, field: str) -> str:
    if not (1 <= len(text) <= 40 and text.isprintable() and text == text.strip()):
        raise Refused("validation", field=field, why="bad_value")
    return text
