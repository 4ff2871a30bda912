"""How operations of the journal travel to the server, over the wire or in a file (SYNC.md 4, 5).

What the journal holds is sent as it is: its text is what the chain covers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row

from guidedesk.domain.ids import from_bytes
from guidedesk.sync.journal_entry import State, read_acknowledged

_OUTGOING: Final = (
    "SELECT o.op_id, o.device_epoch, o.device_seq, o.state, o.prev_hash, o.body, o.result, p.salt, p.json "
    "FROM operation o LEFT JOIN op_personal p ON p.op_id = o.op_id "
    "WHERE o.device_epoch = ? AND o.device_seq >= ? ORDER BY o.device_seq LIMIT ?"
)
_NO_LIMIT: Final = -1  # in SQLite
_AROUND: Final = 160  # bytes of a number, a link and their names around an operation's body


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One operation as it goes over the wire; `size` is how many bytes that is as JSON."""

    op_id: str
    device_epoch: int
    device_seq: int
    state: State
    wire: dict[str, Any]
    size: int


@dataclass(frozen=True, slots=True)
class Travelling:
    """Operations of an epoch in the order of their numbers, `unsent` of them without an answer; `last_n` is the newest
    of the journal."""

    epoch: int
    last_n: int
    operations: list[Outgoing]
    unsent: int


def select_outgoing(conn: Connection, epoch: int, from_seq: int, limit: int = _NO_LIMIT) -> Sequence[Row[Any]]:
    """Rows of operations of an epoch in the order of their numbers, from a number on, for `as_they_travel`."""
    return conn.exec_driver_sql(_OUTGOING, (epoch, from_seq, limit)).all()


def as_they_travel(rows: Sequence[Any]) -> list[Outgoing]:
    """Rows of `select_outgoing` as they travel. Their texts are read as one: the calls cost more than the reading."""
    wires = _read_all(row.body for row in rows)
    personal = iter(_read_all(row.json for row in rows if row.json is not None))
    found: list[Outgoing] = []
    for (op_id, epoch, seq, state, prev_hash, body, result, salt, fields), wire in zip(rows, wires, strict=True):
        wire["device_seq"], wire["prev_hash"] = seq, prev_hash.hex()
        size = len(body.encode()) + _AROUND
        if fields is not None:
            wire["personal"] = {"salt": salt, "fields": next(personal)}
            size += len(fields.encode()) + _AROUND
        acknowledged = read_acknowledged(result)
        if acknowledged is not None:
            wire["acknowledged"] = list(acknowledged)
            size += _AROUND
        found.append(Outgoing(from_bytes(op_id), epoch, seq, state, wire, size))
    return found


def _read_all(texts: Iterable[str]) -> list[Any]:
    found: list[Any] = json.loads(f"[{','.join(texts)}]")
    return found
