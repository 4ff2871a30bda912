"""The audit log: one chain of hashes a scope, only ever appended to (SECURITY.md A-5)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, desc, insert, select

from guidedesk.domain.access import Actor
from guidedesk.models.server_tables import audit
from guidedesk.server.database import ScopeWrite
from guidedesk.sync.protocol import canonical

GENESIS: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What `verify` found: rows read, and the number of the first bad one of the scope, if any."""

    rows: int
    first_bad: int | None
    head: bytes


def record_audit(
    opened: ScopeWrite, *, at_ms: int, actor: Actor | None, action: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Append one entry to the open scope's chain, in the transaction of what it is about.

    `actor` is None for the operator at the command line. `detail` holds no personal data: ids and counts.
    """
    conn, scope_id = opened.conn, opened.scope_id
    last = conn.execute(
        select(audit.c.n, audit.c.hash).where(audit.c.scope_id == scope_id).order_by(desc(audit.c.n)).limit(1)
    ).first()
    entry: dict[str, Any] = {
        "scope_id": scope_id,
        "n": 1 if last is None else last.n + 1,
        "at_ms": at_ms,
        "actor_id": None if actor is None else actor.id,
        "actor_role": "operator" if actor is None else actor.role,
        "action": action,
        "subject": subject,
        "detail": canonical(dict(detail)),
    }
    prev = GENESIS if last is None else bytes(last.hash)
    conn.execute(insert(audit), [entry | {"prev_hash": prev, "hash": _hash(prev, entry)}])


def verify_audit(conn: Connection, scope_id: str) -> AuditReport:
    """Walk a scope's chain; a changed, removed, inserted or moved row is the first bad one or its successor."""
    prev, expected, rows = GENESIS, 1, 0
    for row in conn.execute(select(audit).where(audit.c.scope_id == scope_id).order_by(audit.c.n)):
        entry = dict(row._mapping)
        stored, named = bytes(entry.pop("hash")), bytes(entry.pop("prev_hash"))
        if entry["n"] != expected or named != prev or _hash(prev, entry) != stored:
            return AuditReport(rows, entry["n"], prev)
        prev, expected, rows = stored, expected + 1, rows + 1
    return AuditReport(rows, None, prev)


def _hash(prev: bytes, entry: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(prev + canonical(dict(entry)).encode()).digest()
