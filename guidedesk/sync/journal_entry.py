"""One operation as the journal keeps it: its state, the server's answer, and its rows read back (SYNC.md 4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, Select, bindparam, select

from guidedesk.models import counter_tables as t
from guidedesk.sync.protocol import Envelope

State = Literal["queued", "accepted", "merged", "rejected", "parked", "quarantined"]
SETTLED: Final = ("accepted", "merged", "rejected")
_PERSONAL: Final = select(t.op_personal).where(t.op_personal.c.op_id.in_(bindparam("these", expanding=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One operation of the journal. `device_seq` is None while it is parked on this PC, out of the chain."""

    n: int
    device_epoch: int
    device_seq: int | None
    envelope: Envelope
    state: State
    attempts: int = 0
    next_try_ms: int | None = None
    result: Mapping[str, Any] | None = None
    settled_at_ms: int | None = None
    is_seen: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether the server's answer is final."""
        return self.state in SETTLED


def read_entries(conn: Connection, query: Select[Any], given: Mapping[str, Any] | None = None) -> list[Entry]:
    """What a query for whole rows of `operation` finds, in its order, each with its personal fields."""
    rows = conn.execute(query, given).all()
    if not rows:
        return []
    personal: dict[str, Any] = {}
    op_ids = [row.op_id for row in rows]
    for start in range(0, len(op_ids), 500):
        part = op_ids[start : start + 500]
        found = conn.execute(_PERSONAL, {"these": part})
        personal |= {row.op_id: row for row in found}
    return [_entry(row, personal.get(row.op_id)) for row in rows]


def read_acknowledged(result: str | None) -> tuple[int, str] | None:
    """What the server signed when it answered: a server restored from a backup wants to see it (SYNC.md 4)."""
    answer = {} if result is None else json.loads(result)
    at_ms, signature = answer.get("received_at_ms"), answer.get("signature")
    return None if at_ms is None or signature is None else (at_ms, signature)


def _entry(row: Row[Any], personal: Any) -> Entry:
    return Entry(
        n=row.n,
        device_epoch=row.device_epoch,
        device_seq=row.device_seq,
        envelope=_envelope(row, personal),
        state=row.state,
        attempts=row.attempts,
        next_try_ms=row.next_try_ms,
        result=None if row.result is None else json.loads(row.result),
        settled_at_ms=row.settled_at_ms,
        is_seen=bool(row.is_seen),
    )


def _envelope(row: Row[Any], personal: Any) -> Envelope:
    chained = json.loads(row.body)
    digest = chained.pop("personal_hash")
    chained["deps"] = tuple(chained["deps"])
    return Envelope(
        **chained,
        device_seq=row.device_seq or 0,
        prev_hash=row.prev_hash,
        personal_salt=None if personal is None else personal.salt,
        personal={} if personal is None else json.loads(personal.json),
        personal_digest=digest if personal is None else None,
        acknowledged=read_acknowledged(row.result),
    )
