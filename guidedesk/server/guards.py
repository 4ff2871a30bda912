"""Counts of guesses, kept before a guess is looked at (SECURITY.md D-1, D-9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from guidedesk.domain.time import DAY_MS
from guidedesk.models.server_tables import guess_guard
from guidedesk.server.visibility import insert_missing

UNKNOWN_NUMBER: Final = "number:"
_FORGOTTEN_AFTER_MS: Final = 30 * DAY_MS


def peek_guard(conn: Connection, scope_id: str, subject: str) -> Mapping[str, Any]:
    """The kept state without locking it: enough to turn somebody away, never to let a guess through."""
    query = select(guess_guard.c.json).where(guess_guard.c.scope_id == scope_id, guess_guard.c.subject == subject)
    state: dict[str, Any] = json.loads(conn.execute(query).scalar() or "{}")
    return state


def load_guard(conn: Connection, scope_id: str, subject: str, now_ms: int) -> Mapping[str, Any]:
    """The kept state of a subject ({} at first), locked until the transaction ends so that guesses queue up."""
    fresh = {"scope_id": scope_id, "subject": subject, "json": "{}", "changed_at_ms": now_ms}
    insert_missing(conn, guess_guard, [fresh])
    query = (
        select(guess_guard.c.json)
        .where(guess_guard.c.scope_id == scope_id, guess_guard.c.subject == subject)
        .with_for_update()
    )
    state: dict[str, Any] = json.loads(conn.execute(query).scalar_one())
    return state


def save_guard(conn: Connection, scope_id: str, subject: str, state: Mapping[str, Any], now_ms: int) -> None:
    """Keep a state loaded in the same transaction; numbers that nobody has are forgotten after a month."""
    conn.execute(
        update(guess_guard)
        .where(guess_guard.c.scope_id == scope_id, guess_guard.c.subject == subject)
        .values(json=json.dumps(dict(state), sort_keys=True), changed_at_ms=now_ms)
    )
    conn.execute(
        delete(guess_guard).where(
            guess_guard.c.scope_id == scope_id,
            guess_guard.c.subject.startswith(UNKNOWN_NUMBER),
            guess_guard.c.changed_at_ms < now_ms - _FORGOTTEN_AFTER_MS,
        )
    )
