"""One-time invitations as the server ends them: ten minutes, one person (CODES.md 1 and Q-5)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import load_row
from guidedesk.models.people import invitation
from guidedesk.models.server_tables import code_directory
from guidedesk.server.database import ScopeWrite
from guidedesk.server.rows import put_row


class OpenInvitation(NamedTuple):
    """Somebody may join by it: who invited, in which store, and until when (UTC ms)."""

    staff_id: str
    scope_id: str
    expires_at_ms: int


def find_invitation(conn: Connection, digits: str, now_ms: int) -> OpenInvitation | None:
    """An invitation that is still good. None for one that is over, used, unknown, or not yet told by its counter:
    all of them are answered alike (Q-2)."""
    scope_id = conn.execute(select(code_directory.c.scope_id).where(code_directory.c.digits == digits)).scalar()
    if scope_id is None:
        return None
    i = invitation.c
    row = conn.execute(
        select(i.staff_id, i.expires_at_ms, i.used_at_ms).where(
            i.scope_id == scope_id, i.id == derived_id("invitation", digits), i.deleted_at_ms.is_(None)
        )
    ).first()
    if row is None or row.used_at_ms is not None or row.expires_at_ms < now_ms:
        return None
    return OpenInvitation(row.staff_id, scope_id, row.expires_at_ms)


def use_invitation(opened: ScopeWrite, digits: str, member_id: str, at_ms: int, seen_at_ms: int) -> bool:
    """Take it for a person in the open transaction of its own scope; False when somebody was first.

    `seen_at_ms` is when the page was loaded with it: she who began in time may finish a little later (Q-9).
    """
    row = load_row(opened.conn, "invitation", opened.scope_id, derived_id("invitation", digits))
    if row is None or row["deleted_at_ms"] is not None or row["expires_at_ms"] < seen_at_ms:
        return False
    if row["used_at_ms"] is not None:
        return bool(row["member_id"] == member_id)
    put_row(opened, "invitation", {"id": row["id"], "used_at_ms": at_ms, "member_id": member_id})
    return True
