"""Pending operations laid over what the server said (SYNC.md 4, rebase).

Entity tables always show the merged state, so reads are plain SQL. Under each row that shows a pending effect
the server's own row is kept (`overlay.base`); when it changes, or an operation is settled, the lane is taken up
and its pending operations are laid again in order, all in the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, delete, insert, select

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused, StorageError
from guidedesk.domain.ids import to_bytes
from guidedesk.models import counter_tables as t
from guidedesk.models.database import savepoint, storage_error
from guidedesk.models.entities import PARTS_KEY, Row, entity_tables, load_row, part_table, remove_rows, upsert
from guidedesk.services.apply import ApplyContext, CounterSide, RowRef, apply_operation
from guidedesk.services.operations import Operation, parse
from guidedesk.sync.protocol import Envelope, canonical

_CHUNK = 400
_T = TypeVar("_T")
_TOUCH = insert(t.op_touch)
_KEEP = "INSERT INTO overlay (tbl, row_scope_id, row_id, base) VALUES (?, ?, ?, ?)"
_KEPT = "SELECT 1 FROM overlay WHERE tbl = ? AND row_scope_id = ? AND row_id = ?"
_THESE: BindParameter[Any] = bindparam("these", expanding=True)
_TOUCHED_BY = (
    select(t.op_touch.c.tbl, t.op_touch.c.row_scope_id, t.op_touch.c.row_id)
    .where(t.op_touch.c.lane.in_(_THESE))
    .distinct()
)
_FORGET_LANES = tuple(delete(table).where(table.c.lane.in_(_THESE)) for table in (t.op_touch, t.applied_op))
_UNDER = (
    t.overlay.c.tbl == bindparam("the_tbl"),
    t.overlay.c.row_scope_id == bindparam("the_scope"),
    t.overlay.c.row_id.in_(_THESE),
)
_BASES = select(t.overlay.c.row_id, t.overlay.c.base).where(*_UNDER)
_FORGET_BASES = delete(t.overlay).where(*_UNDER)


@dataclass(frozen=True, slots=True)
class PendingOp:
    """An unsettled operation; `operation` is None where this program cannot read it (a newer one wrote it)."""

    op_id: str
    lane: str
    operation: Operation | None
    context: ApplyContext


@dataclass(frozen=True, slots=True)
class Truth:
    """A row as the server has it, or its absence (`row` None)."""

    tbl: str
    row_scope_id: str
    row_id: str
    row: Row | None

    @property
    def ref(self) -> RowRef:
        """Which row this is about."""
        return (self.tbl, self.row_scope_id, self.row_id)


LoadLanes = Callable[[frozenset[str]], Sequence[PendingOp]]
WriteTruth = Callable[[Connection, Sequence[Truth]], None]


def pending_from(envelope: Envelope, store_id: str, device_id: str) -> PendingOp:
    """An operation of the journal as it is laid over the cache."""
    try:
        operation = parse(envelope.type, envelope.v, envelope.body, envelope.personal)
    except Refused:
        operation = None
    context = ApplyContext(
        op_id=envelope.op_id,
        scope_id=store_id,
        # Her rights were asked when it was recorded; taking them away later is the server's to judge.
        actor=Actor(envelope.actor, "manager", frozenset({store_id})),
        device_id=device_id,
        assurance=envelope.assurance,
        at_ms=envelope.occurred_at_ms,
        side=CounterSide(),
    )
    return PendingOp(envelope.op_id, envelope.lane, operation, context)


class _KeepingRows:
    """Rows of the cache for one operation; under each that is written the server's own row is kept first."""

    def __init__(self) -> None:
        self._read: dict[RowRef, Row | None] = {}  # as they were before this operation wrote them
        self._kept: set[RowRef] = set()

    def load(self, conn: Connection, name: str, scope_id: str, row_id: str) -> Row | None:
        """The row as the cache shows it."""
        row = load_row(conn, name, scope_id, row_id)
        self._read.setdefault((name, scope_id, row_id), None if row is None else dict(row))
        return row

    def write(self, conn: Connection, name: str, row: Row) -> None:
        """Into the cache."""
        self.keep(conn, (name, row["scope_id"], row["id"]))
        upsert(conn, entity_tables()[name], [row])

    def keep(self, conn: Connection, ref: RowRef) -> None:
        """Keep what the server said of a row, unless something kept it before."""
        if ref in self._kept:
            return
        self._kept.add(ref)
        key = (ref[0], to_bytes(ref[1]), to_bytes(ref[2]))
        if conn.exec_driver_sql(_KEPT, key).first() is None:
            base = self._read[ref] if ref in self._read else load_row(conn, *ref)
            conn.exec_driver_sql(_KEEP, (*key, None if base is None else canonical(base)))


def lay_new(
    conn: Connection, op_id: str, lane: str, operation: Operation, context: ApplyContext
) -> tuple[RowRef, ...]:
    """Lay an operation that is being recorded; returns the rows touched.

    Raises `Refused` where a rule forbids it: the caller then takes its transaction back.
    """
    touched = _apply(conn, operation, context)
    _note(conn, op_id, lane, touched, is_refused=False)
    return touched


def lay(conn: Connection, pending: PendingOp) -> tuple[RowRef, ...]:
    """Lay one operation over the cache, keeping the server's rows below; returns the rows touched.

    One that cannot be applied now shows nothing and stays known, to be tried when its lane changes.
    """
    touched: tuple[RowRef, ...] = ()
    is_refused = True
    if pending.operation is not None:
        try:
            with savepoint(conn, "cache"):
                touched = _apply(conn, pending.operation, pending.context)
            is_refused = False
        except Exception as error:
            if isinstance(error, StorageError) or storage_error(error, "cache"):
                raise
            # A fault of one operation must not stop the page or the other operations (SYNC.md 6, poison).
            touched = ()
    _note(conn, pending.op_id, pending.lane, touched, is_refused=is_refused)
    return touched


def _apply(conn: Connection, operation: Operation, context: ApplyContext) -> tuple[RowRef, ...]:
    rows = _KeepingRows()
    touched = apply_operation(conn, operation, replace(context, rows=rows)).touched
    # A row it only looked at belongs to its lane as well: what the server says of it is laid under it.
    for ref in dict.fromkeys(touched):
        rows.keep(conn, ref)
    return touched


def _note(conn: Connection, op_id: str, lane: str, touched: Sequence[RowRef], *, is_refused: bool) -> None:
    upsert(conn, t.applied_op, [{"op_id": op_id, "lane": lane, "is_refused": int(is_refused)}])
    refs = [
        {"op_id": op_id, "tbl": tbl, "row_scope_id": scope_id, "row_id": row_id, "lane": lane}
        for tbl, scope_id, row_id in dict.fromkeys(touched)
    ]
    if refs:
        conn.execute(_TOUCH, refs)


def rebase(
    conn: Connection,
    truths: Sequence[Truth],
    settled: Iterable[str],
    load: LoadLanes,
    write: WriteTruth,
    relay: Iterable[str] = (),
) -> set[RowRef]:
    """Write what the server said, with the pending operations it touches laid over it again.

    `settled` operations leave no effect of their own; `relay` names lanes to lay in any case.
    Returns every row whose shown state may have changed.
    """
    gone = frozenset(settled)
    lanes = _closure(conn, _touched_lanes(conn, truths, gone) | frozenset(relay))
    changed = {truth.ref for truth in truths}
    if lanes:
        changed |= _take_up(conn, lanes)
    write(conn, truths)
    if lanes:
        for pending in load(lanes):
            if pending.op_id not in gone:
                changed.update(lay(conn, pending))
    return changed


def adopt_new_rows(conn: Connection, op_ids: Sequence[str]) -> None:
    """Let rows that only these accepted operations made stand as they are until the feed brings the server's.

    For a start after a crash between the answer and this file's last write: taking the rows away would make
    accepted work disappear for a moment.
    """
    for part in _chunks(list(op_ids)):
        for tbl, scope_id, row_id in conn.execute(
            select(t.op_touch.c.tbl, t.op_touch.c.row_scope_id, t.op_touch.c.row_id).where(t.op_touch.c.op_id.in_(part))
        ).all():
            o = t.overlay.c
            conn.execute(
                delete(t.overlay).where(o.tbl == tbl, o.row_scope_id == scope_id, o.row_id == row_id, o.base.is_(None))
            )


def applied_lanes(conn: Connection) -> dict[str, str]:
    """Op id -> lane of every operation that this cache knows as pending."""
    return {row.op_id: row.lane for row in conn.execute(select(t.applied_op))}


def forget_all(conn: Connection, tables: Iterable[str]) -> None:
    """Empty these entity tables and all knowledge of what was laid over them (a scope is fetched anew)."""
    names = list(tables)
    for name in reversed(names):
        parts = part_table(name)
        if parts is not None:
            conn.execute(delete(parts))
        conn.execute(delete(entity_tables()[name]))
    conn.execute(delete(t.overlay).where(t.overlay.c.tbl.in_(names)))
    conn.execute(delete(t.op_touch).where(t.op_touch.c.tbl.in_(names)))
    conn.execute(delete(t.inbox_bad).where(t.inbox_bad.c.tbl.in_(names)))


def _touched_lanes(conn: Connection, truths: Sequence[Truth], settled: frozenset[str]) -> frozenset[str]:
    if conn.exec_driver_sql("SELECT 1 FROM applied_op LIMIT 1").first() is None:
        return frozenset()
    ids = {truth.row_id for truth in truths}
    about: set[str] = set(ids)
    for truth in truths:
        if truth.row is not None:
            about.update(x for x in (truth.row.get("member_id"), truth.row.get("merged_into")) if isinstance(x, str))
    # Those asked for, never all of them: after a long outage tens of thousands wait.
    lanes = set(_select_in(conn, t.applied_op.c.lane, t.applied_op.c.lane, about))
    lanes.update(_select_in(conn, t.op_touch.c.lane, t.op_touch.c.row_id, ids))
    lanes.update(_select_in(conn, t.applied_op.c.lane, t.applied_op.c.op_id, settled))
    return frozenset(lanes)


def _closure(conn: Connection, lanes: frozenset[str]) -> frozenset[str]:
    """The lanes with every other lane that shows an effect on one of their rows."""
    while lanes:
        rows = set(_select_in(conn, t.op_touch.c.row_id, t.op_touch.c.lane, lanes))
        wider = lanes | set(_select_in(conn, t.op_touch.c.lane, t.op_touch.c.row_id, rows))
        if wider == lanes:
            break
        lanes = frozenset(wider)
    return lanes


def _take_up(conn: Connection, lanes: frozenset[str]) -> set[RowRef]:
    """Show the server's rows again where these lanes lay over them."""
    refs: set[RowRef] = set()
    for part in _chunks(sorted(lanes)):
        these = {"these": part}
        refs.update((tbl, scope_id, row_id) for tbl, scope_id, row_id in conn.execute(_TOUCHED_BY, these))
        for forget in _FORGET_LANES:
            conn.execute(forget, these)
    for (tbl, scope_id), row_ids in _grouped(refs).items():
        for part in _chunks(row_ids):
            _show_bases(conn, tbl, scope_id, part)
    return refs


def _show_bases(conn: Connection, tbl: str, scope_id: str, row_ids: Sequence[str]) -> None:
    here = {"the_tbl": tbl, "the_scope": scope_id, "these": list(row_ids)}
    kept = conn.execute(_BASES, here).all()
    remove_rows(conn, tbl, scope_id, [row.row_id for row in kept if row.base is None])
    bases: list[dict[str, Any]] = [json.loads(row.base) for row in kept if row.base is not None]
    for base in bases:
        base.pop(PARTS_KEY, None)
    upsert(conn, entity_tables()[tbl], bases)
    conn.execute(_FORGET_BASES, here)


def _grouped(refs: Iterable[RowRef]) -> dict[tuple[str, str], list[str]]:
    """(table, scope) -> ids."""
    found: dict[tuple[str, str], list[str]] = {}
    for tbl, scope_id, row_id in sorted(refs):
        found.setdefault((tbl, scope_id), []).append(row_id)
    return found


def _select_in(
    conn: Connection, wanted: ColumnElement[str], column: ColumnElement[str], values: Iterable[str]
) -> Iterator[str]:
    for part in _chunks(sorted(values)):
        yield from conn.execute(_selecting(wanted, column), {"these": part}).scalars()


@cache
def _selecting(wanted: ColumnElement[str], column: ColumnElement[str]) -> Select[Any]:
    return select(wanted).where(column.in_(bindparam("these", expanding=True))).distinct()


def _chunks(values: list[_T]) -> Iterator[list[_T]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
