"""What the page of codes shows: an associate's own code, the store's, and what came of hers."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from guidedesk.models import people
from guidedesk.services.queries.reference import get_settings, get_staff, get_store
from guidedesk.services.read_models import CodeCounts, CodesInfo, InvitationInfo

_FACTS = ("scanned", "joined", "bound", "bought")


def get_codes(conn: Connection, staff_id: str, store_id: str, now_ms: int, day: str) -> CodesInfo:
    """Everything for one associate in one store. `day` is today, YYYY-MM-DD in the chain's zone; invitations are
    today's that are not over (`expires_at_ms` at or after `now_ms`) or were used."""
    settings = get_settings(conn)
    return CodesInfo(
        staff=get_staff(conn, staff_id),
        store=get_store(conn, store_id),
        brand=settings.brand,
        host=settings.code_host,
        window_days=settings.window_days,
        own_digits=_own(conn, staff_id, now_ms),
        store_digits=_store(conn, store_id),
        today=_counts(conn, staff_id, day, day),
        month=_counts(conn, staff_id, f"{day[:7]}-01", day),
        invitations=_invitations(conn, staff_id, now_ms),
    )


def _own(conn: Connection, staff_id: str, now_ms: int) -> str | None:
    code = people.staff_code.c
    query = (
        select(code.digits, code.expires_at_ms)
        .where(code.staff_id == staff_id, code.state == "live", code.deleted_at_ms.is_(None))
        .order_by(code.issued_at_ms.desc(), code.digits)
    )
    return next((r.digits for r in conn.execute(query) if r.expires_at_ms is None or r.expires_at_ms >= now_ms), None)


def _store(conn: Connection, store_id: str) -> str | None:
    code = people.store_code.c
    query = (
        select(code.digits)
        .where(code.store_id == store_id, code.state == "live", code.deleted_at_ms.is_(None))
        .order_by(code.issued_at_ms.desc(), code.digits)
        .limit(1)
    )
    found: str | None = conn.execute(query).scalar()
    return found


def _counts(conn: Connection, staff_id: str, first: str, last: str) -> CodeCounts:
    count = people.code_count.c
    sums = [func.coalesce(func.sum(count[name]), 0) for name in _FACTS]
    row = conn.execute(
        select(*sums).where(
            count.staff_id == staff_id, count.day >= first, count.day <= last, count.deleted_at_ms.is_(None)
        )
    ).one()
    return CodeCounts(*(int(value) for value in row))


def _invitations(conn: Connection, staff_id: str, now_ms: int) -> tuple[InvitationInfo, ...]:
    one = people.invitation.c
    query = (
        select(one.digits, one.issued_at_ms, one.expires_at_ms, one.used_at_ms)
        .where(one.staff_id == staff_id, one.issued_at_ms >= now_ms - 86_400_000, one.deleted_at_ms.is_(None))
        .order_by(one.issued_at_ms.desc(), one.digits)
        .limit(20)
    )
    return tuple(InvitationInfo(r.digits, r.issued_at_ms, r.expires_at_ms, r.used_at_ms) for r in conn.execute(query))
