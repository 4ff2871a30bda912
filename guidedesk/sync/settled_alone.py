"""Operations whose answer can be taken as it is: nothing else that waits has to be laid again (SYNC.md 4, rebase).

Nearly all of a long queue are facts: a visit, a talk, a promise, a tag, each a row of its own that the answer brings
back. Where only this operation touched that row, the server's row simply takes its place; taking up the whole lane
and laying the rest of it again would end in the very same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from sqlalchemy import Connection, select

from guidedesk.domain.ids import to_bytes
from guidedesk.models import counter_tables as t
from guidedesk.services.apply import RowRef
from guidedesk.sync.overlay import Truth, WriteTruth

# Tables whose rows no operation reads without being known to touch them.
FACTS: Final = frozenset({"visit", "interaction", "follow_up", "member_tag"})
_CHUNK: Final = 400
_T = TypeVar("_T")


def settle_alone(
    conn: Connection, truths: Mapping[RowRef, Truth], settled: Iterable[str], write: WriteTruth
) -> tuple[set[str], set[RowRef]]:
    """Settle what can be settled by itself: the operations and the rows that are done with."""
    touched: dict[str, set[RowRef]] = defaultdict(set)
    lanes: dict[str, str] = {}
    c = t.op_touch.c
    for some in _chunks(sorted(settled)):
        for row in conn.execute(select(t.op_touch).where(c.op_id.in_(some))):
            touched[row.op_id].add((row.tbl, row.row_scope_id, row.row_id))
            lanes[row.op_id] = row.lane
    candidates = {op_id: refs for op_id, refs in touched.items() if all(r[0] in FACTS and r in truths for r in refs)}
    if not candidates:
        return set(), set()
    shared = _shared(conn, {ref[2] for refs in candidates.values() for ref in refs})
    stuck = set(conn.execute(select(t.applied_op.c.lane).where(t.applied_op.c.is_refused == 1)).scalars())
    done = {
        op_id
        for op_id, refs in candidates.items()
        if lanes[op_id] not in stuck and not any(r[2] in shared for r in refs)
    }
    refs = {ref for op_id in done for ref in candidates[op_id]}
    if not done:
        return set(), set()
    write(conn, [truths[ref] for ref in refs])
    _forget(conn, done, refs)
    return done, refs


def _shared(conn: Connection, row_ids: set[str]) -> set[str]:
    """Those of these rows that more than one operation shows an effect on."""
    seen: dict[str, str] = {}
    found: set[str] = set()
    c = t.op_touch.c
    for some in _chunks(sorted(row_ids)):
        for row in conn.execute(select(c.row_id, c.op_id).where(c.row_id.in_(some))):
            if seen.setdefault(row.row_id, row.op_id) != row.op_id:
                found.add(row.row_id)
    return found


def _forget(conn: Connection, op_ids: set[str], refs: set[RowRef]) -> None:
    """Nothing waits on these rows any more."""
    keys = [(tbl, to_bytes(scope_id), to_bytes(row_id)) for tbl, scope_id, row_id in refs]
    conn.exec_driver_sql("DELETE FROM overlay WHERE tbl = ? AND row_scope_id = ? AND row_id = ?", keys)
    ops = [(to_bytes(op_id),) for op_id in op_ids]
    conn.exec_driver_sql("DELETE FROM op_touch WHERE op_id = ?", ops)
    conn.exec_driver_sql("DELETE FROM applied_op WHERE op_id = ?", ops)


def _chunks(values: list[_T]) -> Iterator[list[_T]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
