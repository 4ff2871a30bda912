"""Whose signed code this is, from this counter's copy (CODES.md 1, Q-4)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select

from guidedesk.models.people import member_code
from guidedesk.services.queries.prepared import Prepared

_code = member_code.c
_HANDLE: Final = Prepared(
    select(_code.member_id, _code.state, _code.generation).where(
        _code.handle == bindparam("handle"), _code.deleted_at_ms.is_(None)
    )
)


def find_member_by_handle(conn: Connection, handle_hex: str, generation: int) -> str | None:
    """Member id of the card a handle stands for; None where this counter does not know it or it was cancelled."""
    row = _HANDLE.first(conn, handle=handle_hex)
    if row is None or row.state != "live" or generation < (row.generation or 0):
        return None
    return str(row.member_id)


def is_handle_revoked(conn: Connection, handle_hex: str, generation: int) -> bool:
    """Whether this counter knows the handle, and as cancelled or older than the card in force."""
    row = _HANDLE.first(conn, handle=handle_hex)
    return row is not None and (row.state != "live" or generation < (row.generation or 0))
