"""Who did an operation, by the server's own record of staff (SECURITY.md A-4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, bindparam, select

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.models.people import staff
from guidedesk.models.server_tables import staff_session
from guidedesk.sync.protocol import Envelope

_STAFF: Final = select(staff.c.role, staff.c.store_id, staff.c.is_active, staff.c.deleted_at_ms).where(
    staff.c.scope_id == bindparam("the_chain"), staff.c.id == bindparam("who")
)


@dataclass(slots=True)
class OpActors:
    """Staff of one batch, each looked up once; what a counter claims of somebody's role counts nothing."""

    conn: Connection
    chain_id: str
    scope_id: str
    device_id: str
    _known: dict[str, Actor | None] = field(default_factory=dict)
    _own_sessions: dict[tuple[str, str], bool] = field(default_factory=dict)

    def actor_of(self, envelope: Envelope) -> Actor:
        """The person an operation names; `forbidden` for nobody of ours, or somebody else's session."""
        return self.actor_with(envelope.actor, envelope.session)

    def actor_with(self, staff_id: str, session_id: str | None) -> Actor:
        """Somebody of ours, working in her own session if one is named; else `forbidden`."""
        if staff_id not in self._known:
            self._known[staff_id] = self._find(staff_id)
        actor = self._known[staff_id]
        if actor is None:
            raise Refused("forbidden", why="unknown_staff")
        if session_id is not None:
            key = (session_id, actor.id)
            if key not in self._own_sessions:
                self._own_sessions[key] = self._is_own_session(*key)
            if not self._own_sessions[key]:
                raise Refused("forbidden", why="other_session")
        return actor

    def _find(self, staff_id: str) -> Actor | None:
        row = self.conn.execute(_STAFF, {"the_chain": self.chain_id, "who": staff_id}).first()
        if row is None:
            return None
        is_active = bool(row.is_active) and row.deleted_at_ms is None
        return Actor(staff_id, row.role, frozenset({row.store_id}), is_active)

    def _is_own_session(self, session_id: str, staff_id: str) -> bool:
        row = self.conn.execute(
            select(staff_session.c.staff_id, staff_session.c.device_id).where(
                staff_session.c.scope_id == self.scope_id, staff_session.c.session_id == session_id
            )
        ).first()
        # A session begun offline is not known here; the device's chain vouches for it (D-4, D-8).
        return row is None or (row.staff_id == staff_id and row.device_id == self.device_id)
