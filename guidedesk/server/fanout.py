"""Carrying a changed row about a member to every store that may see her (SYNC.md 3: wider effects).

A task is written with the row and resolved after its commit, so that a store granted meanwhile is not missed:
either it is in the directory by then, or its grant reads the committed row itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, partial
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Delete, Integer, Select, bindparam, delete, select

from guidedesk.models.base import among, among_named, named_values
from guidedesk.models.entities import entity_tables
from guidedesk.models.server_tables import fanout_task, scope
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.fanout_tasks import FOLD, add_tasks
from guidedesk.server.feed import chunks
from guidedesk.server.feed_pointers import DELETE, UPSERT
from guidedesk.server.member_folds import fold
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import granted_members, member_column, reach_of

__all__ = ["add_tasks", "run", "run_many", "sweep"]

_A_ROUND: Final = 100_000
_A_TRANSACTION: Final = 5_000
_IDS_A_STATEMENT: Final = 2_000


class _Work(NamedTuple):
    tbl: str
    row_id: str
    row_ver: int
    op: int
    member_id: str


def run(database: ServerDatabase, scope_id: str) -> int:
    """Carry out every waiting task of one scope; repeating or racing it is harmless. Tasks done."""
    return run_many(database, [scope_id])


def run_many(
    database: ServerDatabase, scope_ids: Iterable[str], *, progress: Callable[[int], None] | None = None
) -> int:
    """`run` for several scopes: what they have for one store goes there together.

    `progress` is told about how many tasks are done so far.
    """
    waiting = _with_tasks(database, set(scope_ids))
    done = 0
    while waiting:
        taken: dict[str, list[str]] = {}
        work: dict[str, list[tuple[str, _Work]]] = defaultdict(list)
        folds: set[tuple[str, str, str]] = set()
        room = _A_ROUND
        with database.read() as conn:
            while waiting and room:
                scope_id = waiting[-1]
                tasks = _tasks_of(conn, scope_id, room)
                if len(tasks) < room:
                    waiting.pop()
                room -= len(tasks)
                if tasks:
                    taken[scope_id] = [t.task_id for t in tasks]
                    folds |= {(t.tbl.removeprefix(FOLD), t.target_scope, t.row_id) for t in tasks if _is_fold(t)}
                    carried = [task for task in tasks if not _is_fold(task)]
                    for target, rows in _resolve(conn, scope_id, carried).items():
                        work[target] += [(scope_id, row) for row in rows]
        # What a fold changes at a member's home is carried on from there, in a later round.
        folded = {fold(database, kind, home, member_id) for kind, home, member_id in sorted(folds)}
        waiting += sorted(home for home in folded if home is not None and home not in waiting)
        wanted, there = sum(map(len, work.values())), 0
        for target in sorted(work):
            for start in range(0, len(work[target]), _A_TRANSACTION):
                some = work[target][start : start + _A_TRANSACTION]
                _apply(database, target, some)
                there += len(some)
                if progress is not None:
                    progress(done + (_A_ROUND - room) * there // wanted)
        for scope_id, task_ids in sorted(taken.items()):
            database.write(scope_id, partial(_forget, task_ids=task_ids))
            done += len(task_ids)
    return done


@cross_scope
def _with_tasks(database: ServerDatabase, scope_ids: Collection[str]) -> list[str]:
    """Those of these scopes in which something waits, the last one first."""
    if len(scope_ids) == 1:
        return list(scope_ids)
    with database.read() as conn:
        return sorted(
            (
                found
                for chunk in chunks(sorted(scope_ids))
                for found in conn.execute(
                    select(fanout_task.c.scope_id).where(among(conn, fanout_task.c.scope_id, chunk)).distinct()
                ).scalars()
            ),
            reverse=True,
        )


def _is_fold(task: Any) -> bool:
    return bool(task.tbl.startswith(FOLD))


_TASKS: Final = (
    select(
        fanout_task.c.task_id,
        fanout_task.c.target_scope,
        fanout_task.c.tbl,
        fanout_task.c.row_id,
        fanout_task.c.row_ver,
    )
    .where(fanout_task.c.scope_id == bindparam("the_scope"))
    .limit(bindparam("most", type_=Integer()))
)


def _tasks_of(conn: Connection, scope_id: str, limit: int) -> Sequence[Any]:
    return conn.execute(_TASKS, {"the_scope": scope_id, "most": limit}).all()


def _resolve(conn: Connection, scope_id: str, tasks: Sequence[Any]) -> dict[str, list[_Work]]:
    """Target store -> what it may have to see."""
    asked = {(t.tbl, t.row_id): t.row_ver for t in sorted(tasks, key=lambda t: t.row_ver)}
    rows: list[_Work] = []
    for tbl in sorted({tbl for tbl, _ in asked}):
        for chunk in chunks([row_id for name, row_id in asked if name == tbl], _IDS_A_STATEMENT):
            given = {"the_scope": scope_id, "these": named_values(conn, chunk)}
            found = conn.execute(_whom_about(conn.dialect.name, tbl), given).all()
            rows += [
                _Work(tbl, row_id, asked[tbl, row_id], UPSERT if deleted_at_ms is None else DELETE, about)
                for row_id, deleted_at_ms, about in found
                if about is not None
            ]
    reach = reach_of(conn, {r.member_id for r in rows})
    work: dict[str, list[_Work]] = defaultdict(list)
    for row in rows:
        for target in reach.get(row.member_id, ()):
            if target != scope_id:
                work[target].append(row)
    return work


@cache
def _whom_about(dialect_name: str, tbl: str) -> Select[Any]:
    table = entity_tables()[tbl]
    return select(table.c.id, table.c.deleted_at_ms, member_column(tbl).label("about")).where(
        table.c.scope_id == bindparam("the_scope"), among_named(dialect_name, table.c.id, "these")
    )


def _apply(database: ServerDatabase, target: str, rows: Sequence[tuple[str, _Work]]) -> None:
    def work(opened: ScopeWrite) -> None:
        visible = granted_members(opened.conn, target, {row.member_id for _, row in rows}, hold=True)
        for row_scope_id, row in rows:
            if row.member_id in visible:
                opened.touch(row.tbl, row_scope_id, row.row_id, row.row_ver, op=row.op)

    database.write(target, work)


def _forget(opened: ScopeWrite, task_ids: Sequence[str]) -> None:
    for chunk in chunks(list(task_ids), _IDS_A_STATEMENT):
        given = {"the_scope": opened.scope_id, "these": named_values(opened.conn, chunk)}
        opened.conn.execute(_delete_tasks(opened.conn.dialect.name), given)


@cache
def _delete_tasks(dialect_name: str) -> Delete:
    these = among_named(dialect_name, fanout_task.c.task_id, "these")
    return delete(fanout_task).where(fanout_task.c.scope_id == bindparam("the_scope"), these)


@cross_scope
def sweep(database: ServerDatabase) -> int:
    """Carry out what a crash left behind, in every scope."""
    with database.read() as conn:
        waiting = conn.execute(select(fanout_task.c.scope_id).distinct()).scalars().all()
        known = set(conn.execute(select(scope.c.scope_id)).scalars())
    return run_many(database, known.intersection(waiting))
