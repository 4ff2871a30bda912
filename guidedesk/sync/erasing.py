"""Erasures of head office, applied to both files of this counter (SECURITY.md P-2).

They come with the chain's rows, which are fetched before the store's. First the journal lets go of personal fields and
drafts, then the cache of what it shows, then both logs are emptied; only then is an erasure noted as applied. A crash
anywhere in between, a cache made anew and a journal brought back from a backup all lead to the same work again.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, delete, or_, select

from guidedesk.models import counter_tables as t
from guidedesk.models.database import Database
from guidedesk.models.entities import Row, entity_tables, load_rows, upsert
from guidedesk.models.people import erasure
from guidedesk.services.apply import RowRef
from guidedesk.services.erasing import ERASED_TABLES, erased_row
from guidedesk.sync.apply_page import write_truths
from guidedesk.sync.cache import Cache
from guidedesk.sync.journal import Journal
from guidedesk.sync.overlay import LoadLanes, Truth, rebase

_A_ROUND: Final = 200  # people at a time, each with every row about her


class Eraser:
    """Erases at one counter whom head office has erased."""

    def __init__(self, journal: Journal, cache: Cache, load_lanes: LoadLanes) -> None:
        self._journal = journal
        self._cache = cache
        self._load_lanes = load_lanes
        self._made = cache.made
        self._is_due = True  # what an earlier run of the program left undone

    def expect(self) -> None:
        """Rows of the chain came: there may be erasures among them."""
        self._is_due = True

    def apply(self) -> set[RowRef]:
        """Carry out what is new here; rows whose shown state may have changed. Nothing where nothing is due."""
        if not self._is_due and self._made == self._cache.made:
            return set()
        made = self._cache.made
        waiting = self._waiting(is_anew=made != self._made)
        changed: set[RowRef] = set()
        is_done = True
        ordered = sorted(waiting)
        for start in range(0, len(ordered), _A_ROUND):
            some = {member_id: waiting[member_id] for member_id in ordered[start : start + _A_ROUND]}
            self._journal.forget_people(some)
            with self._cache.write() as conn:
                changed |= _erase_shown(conn, some, self._load_lanes)
            # A reader keeps the log as it is: then all of this comes again.
            if self._journal.db.empty_log() and self._cache.empty_log():
                _note_applied(self._journal.db, some)
            else:
                is_done = False
        self._made, self._is_due = made, not is_done
        return changed

    def _waiting(self, *, is_anew: bool) -> dict[str, Row]:
        """Erasures by member that were not applied here in the version in which they came; all of them where another
        file took the cache's place: what it was made from may be older."""
        with self._cache.read() as conn:
            known = {row.id: dict(row._mapping) for row in conn.execute(select(erasure))}
        if not known or is_anew:
            return known
        e = t.erased.c
        with self._journal.db.read() as conn:
            applied = {row.member_id: (row.row_ver, row.erased_at_ms) for row in conn.execute(select(t.erased))}
        return {
            member_id: row
            for member_id, row in known.items()
            if applied.get(member_id) != (row[e.row_ver.name], row[e.erased_at_ms.name])
        }


def _note_applied(db: Database, erasures: dict[str, Row]) -> None:
    with db.write() as conn:
        rows = [
            {"member_id": member_id, "row_ver": row["row_ver"], "erased_at_ms": row["erased_at_ms"]}
            for member_id, row in erasures.items()
        ]
        upsert(conn, t.erased, rows)


def _erase_shown(conn: Connection, erasures: dict[str, Row], load: LoadLanes) -> set[RowRef]:
    """Her rows as head office will send them; what waits about her is laid over them again, without her details."""
    truths: list[Truth] = []
    for name in ERASED_TABLES:
        truths += _erased_truths(conn, name, erasures)
    changed = rebase(conn, truths, (), load, write_truths, relay=erasures)
    # Texts in which she may be named: they come again from head office, without her.
    for column in (t.inbox_bad.c.bytes, t.own_figure.c.json):
        conn.execute(delete(column.table).where(_names_one_of(column, erasures)))
    return changed


def _names_one_of(column: Column[str], member_ids: Collection[str]) -> ColumnElement[bool]:
    return or_(*(column.contains(member_id) for member_id in sorted(member_ids)))


def _erased_truths(conn: Connection, name: str, erasures: dict[str, Row]) -> list[Truth]:
    """Rows of one table about these people as the server had them, which may lie under a pending effect."""
    table = entity_tables()[name]
    whom = table.c.id if name == "member" else table.c.member_id
    found: dict[str, list[str]] = {}
    for scope_id, row_id in conn.execute(select(table.c.scope_id, table.c.id).where(whom.in_(sorted(erasures)))):
        found.setdefault(scope_id, []).append(row_id)
    truths: list[Truth] = []
    for scope_id, row_ids in found.items():
        o = t.overlay.c
        query = select(o.row_id, o.base).where(o.tbl == name, o.row_scope_id == scope_id, o.row_id.in_(row_ids))
        bases = {row.row_id: row.base for row in conn.execute(query)}
        for shown in load_rows(conn, name, scope_id, row_ids):
            base = bases.get(shown["id"], "")
            row = shown if base == "" else None if base is None else json.loads(base)
            left = None if row is None else erased_row(name, row, erasures[row[whom.name]]["erased_at_ms"])
            if left is not None:
                truths.append(Truth(name, scope_id, shown["id"], left))
    return truths
