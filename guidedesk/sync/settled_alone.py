"""Operations whose answer can be taken as it is: nothing else that waits has to be laid again (SYNC.md 4, rebase).

Nearly all of a long queue are facts: a visit, a talk, a promise, a tag, each a row of its own that the answer brings
back. Where only this operation touched that row, the server's row simply takes its place; taking up the whole lane
and laying the rest of it again would end in the very same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from guidedesk.domain.ids import from_bytes, to_bytes
from guidedesk.services.apply import RowRef
from guidedesk.sync.overlay import Truth, WriteTruth

# Tables whose rows no operation reads without being known to touch them.
FACTS: Final = frozenset({"visit", "interaction", "follow_up", "member_tag"})
# As the file holds them: a batch is five hundred operations, and making a text of each id costs more than SQLite.
_TOUCHED: Final = "SELECT op_id, tbl, row_scope_id, row_id, lane FROM op_touch WHERE op_id IN "
_SHARED: Final = "SELECT row_id FROM op_touch WHERE row_id IN {} GROUP BY row_id HAVING count(DISTINCT op_id) > 1"
_STUCK: Final = "SELECT DISTINCT lane FROM applied_op WHERE is_refused = 1"
_UNCOVER: Final = "DELETE FROM overlay WHERE tbl = ? AND row_scope_id = ? AND row_id IN "
_FORGET: Final = ("DELETE FROM op_touch WHERE op_id IN ", "DELETE FROM applied_op WHERE op_id IN ")
_CHUNK: Final = 500
_T = TypeVar("_T")


def settle_alone(
    conn: Connection, truths: Mapping[RowRef, Truth], settled: Iterable[str], write: WriteTruth
) -> tuple[set[str], set[RowRef]]:
    """Settle what can be settled by itself: the operations and the rows that are done with."""
    touched: dict[bytes, set[tuple[str, bytes, bytes]]] = defaultdict(set)
    lanes: dict[bytes, bytes] = {}
    for some in _chunks([to_bytes(op_id) for op_id in sorted(settled)]):
        for op_id, tbl, scope_id, row_id, lane in conn.exec_driver_sql(_TOUCHED + _marks(some), some):
            touched[op_id].add((tbl, scope_id, row_id))
            lanes[op_id] = lane
    names = _Names()
    candidates = {
        op_id: refs
        for op_id, refs in touched.items()
        if all(ref[0] in FACTS and names.ref(ref) in truths for ref in refs)
    }
    if not candidates:
        return set(), set()
    shared = _shared(conn, sorted({ref[2] for refs in candidates.values() for ref in refs}))
    stuck = {row[0] for row in conn.exec_driver_sql(_STUCK)}
    done = sorted(
        op_id
        for op_id, refs in candidates.items()
        if lanes[op_id] not in stuck and not any(ref[2] in shared for ref in refs)
    )
    if not done:
        return set(), set()
    keys = {ref for op_id in done for ref in candidates[op_id]}
    refs = {names.ref(key) for key in keys}
    write(conn, [truths[ref] for ref in sorted(refs)])
    _forget(conn, done, keys)
    return {from_bytes(op_id) for op_id in done}, refs


class _Names(dict[bytes, str]):
    """The texts of ids; scopes are always the same few."""

    def __missing__(self, raw: bytes) -> str:
        self[raw] = text = from_bytes(raw)
        return text

    def ref(self, key: tuple[str, bytes, bytes]) -> RowRef:
        """A row as the rest of the program names it."""
        return (key[0], self[key[1]], self[key[2]])


def _shared(conn: Connection, row_ids: list[bytes]) -> set[bytes]:
    """Those of these rows that more than one operation shows an effect on."""
    found: set[bytes] = set()
    for some in _chunks(row_ids):
        found.update(row[0] for row in conn.exec_driver_sql(_SHARED.format(_marks(some)), some))
    return found


def _forget(conn: Connection, op_ids: list[bytes], keys: Iterable[tuple[str, bytes, bytes]]) -> None:
    """Nothing waits on these rows any more."""
    rows: dict[tuple[str, bytes], list[bytes]] = defaultdict(list)
    for tbl, scope_id, row_id in sorted(keys):
        rows[tbl, scope_id].append(row_id)
    for (tbl, scope_id), row_ids in rows.items():
        for some in _chunks(row_ids):
            conn.exec_driver_sql(_UNCOVER + _marks(some), (tbl, scope_id, *some))
    for some in _chunks(op_ids):
        for forget in _FORGET:
            conn.exec_driver_sql(forget + _marks(some), some)


def _marks(values: tuple[Any, ...]) -> str:
    return f"({','.join('?' * len(values))})"


def _chunks(values: list[_T]) -> Iterator[tuple[_T, ...]]:
    for start in range(0, len(values), _CHUNK):
        yield tuple(values[start : start + _CHUNK])
