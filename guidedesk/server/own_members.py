"""Which member an associate is herself, known by her phone: her bind of herself is flagged (COMMISSION.md 8).

The engine knows own member ids only; a phone never gets into an event. Whoever matches is told to it by an event of the
staff's, whichever came first: her phone at head office, or the member with that number. Of two members with one number
the directory's is hers. Flags move no money, and neither does this.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from guidedesk.models.base import among
from guidedesk.models.people import staff
from guidedesk.models.server_tables import phone_directory, staff_phone
from guidedesk.server.commission_events import record_events
from guidedesk.server.commission_facts import of_own_member
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.feed import chunks


def note_own_members(database: ServerDatabase, phone_hashes: Iterable[str], now_ms: int) -> None:
    """Members got these numbers: those that are a staff member's are hers from now on. Repeating it is harmless."""
    wanted = sorted(set(phone_hashes))
    if not wanted:
        return
    chain_id = database.chain_id()
    with database.read() as conn:
        found = _matches(conn, chain_id, wanted)
    if found:
        database.write(chain_id, lambda opened: _record(opened, found, now_ms))


def _matches(conn: Connection, chain_id: str, phone_hashes: list[str]) -> list[tuple[str, str]]:
    """(staff id, member id) of numbers that both have."""
    p, d = staff_phone.c, phone_directory.c
    staff_of: dict[str, list[str]] = {}
    for some in chunks(phone_hashes):
        query = select(p.phone_hash, p.staff_id).where(p.scope_id == chain_id, among(conn, p.phone_hash, some))
        for row in conn.execute(query):
            staff_of.setdefault(row.phone_hash, []).append(row.staff_id)
    found = []
    for text in sorted(staff_of):
        member_id = conn.execute(select(d.member_id).where(d.phone_hash == text)).scalar()
        if member_id is not None:
            found += [(staff_id, member_id) for staff_id in sorted(staff_of[text])]
    return found


def _record(opened: ScopeWrite, found: list[tuple[str, str]], now_ms: int) -> None:
    s = staff.c
    for staff_id, member_id in found:
        row = opened.conn.execute(
            select(s.id, s.role, s.store_id).where(s.scope_id == opened.scope_id, s.id == staff_id)
        ).first()
        if row is not None:
            record_events(opened, of_own_member(dict(row._mapping), member_id, now_ms))
