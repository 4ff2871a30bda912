"""What the page of codes shows: an associate's own code, the store's, and what came of hers."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import Connection, func, select

from guidedesk.domain.time import local_date, local_midnight_ms
from guidedesk.models import people, sales
from guidedesk.services.queries.coupons import welcome_offer
from guidedesk.services.queries.reference import get_settings, get_staff, get_store
from guidedesk.services.read_models import CodeCounts, CodesInfo, InvitationInfo

_OWN_DIGITS: Final = 22  # the handle of a signed staff badge is shorter: customers never see that one


def get_codes(conn: Connection, staff_id: str, store_id: str, now_ms: int) -> CodesInfo:
    """Everything for one associate in one store; days and months are those of the chain's zone."""
    settings = get_settings(conn)
    today = local_date(now_ms, settings.zone)
    month = today.replace(day=1)
    return CodesInfo(
        staff=get_staff(conn, staff_id),
        store=get_store(conn, store_id),
        brand=settings.brand,
        host=settings.code_host,
        window_days=settings.window_days,
        own_digits=_own(conn, staff_id, now_ms),
        store_digits=_store(conn, store_id),
        today=_counts(conn, staff_id, today, settings.zone),
        month=_counts(conn, staff_id, month, settings.zone),
        invitations=_invitations(conn, staff_id, now_ms),
        welcome=welcome_offer(conn, now_ms),
    )


def _own(conn: Connection, staff_id: str, now_ms: int) -> str | None:
    code = people.staff_code.c
    query = (
        select(code.digits, code.expires_at_ms)
        .where(
            code.staff_id == staff_id, code.state == "live", code.deleted_at_ms.is_(None),
            func.length(code.digits) == _OWN_DIGITS,
        )
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


def _counts(conn: Connection, staff_id: str, since: date, zone: str) -> CodeCounts:
    """Scans and joinings as the server counted them; bindings and orders from the rows themselves, so that what is
    done here counts at once and what is taken back does not."""
    count, owned, order = people.code_count.c, people.binding.c, sales.purchase.c
    start_ms = local_midnight_ms(since, zone)
    scanned, joined = conn.execute(
        select(func.coalesce(func.sum(count.scanned), 0), func.coalesce(func.sum(count.joined), 0)).where(
            count.staff_id == staff_id, count.day >= since.isoformat(), count.deleted_at_ms.is_(None)
        )
    ).one()
    hers = (owned.owner_id == staff_id, owned.deleted_at_ms.is_(None))
    bound = conn.execute(
        select(func.count()).select_from(people.binding).where(*hers, owned.bound_at_ms >= start_ms)
    ).scalar_one()
    bought = conn.execute(
        select(func.count(func.distinct(order.id)))
        .select_from(people.binding.join(sales.purchase, order.member_id == owned.id))
        .where(
            *hers,
            order.paid_at_ms >= start_ms,
            order.paid_at_ms >= owned.bound_at_ms,
            order.deleted_at_ms.is_(None),
        )
    ).scalar_one()
    return CodeCounts(int(scanned), int(joined), bound, bought)


def _invitations(conn: Connection, staff_id: str, now_ms: int) -> tuple[InvitationInfo, ...]:
    one = people.invitation.c
    query = (
        select(one.digits, one.issued_at_ms, one.expires_at_ms, one.used_at_ms)
        .where(one.staff_id == staff_id, one.issued_at_ms >= now_ms - 86_400_000, one.deleted_at_ms.is_(None))
        .order_by(one.issued_at_ms.desc(), one.digits)
        .limit(20)
    )
    return tuple(InvitationInfo(r.digits, r.issued_at_ms, r.expires_at_ms, r.used_at_ms) for r in conn.execute(query))
