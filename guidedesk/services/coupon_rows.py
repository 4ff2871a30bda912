"""What both sides count of coupons from their rows: a week's gifts, a day's uses."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from guidedesk.domain.coupons import Allowance, week_start
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import local_date, local_midnight_ms
from guidedesk.models.coupons import coupon, coupon_use
from guidedesk.models.entities import Row


def coupon_id(handle: str) -> str:
    """The row of a coupon: one code is one row."""
    return derived_id("coupon", handle)


def campaign_id(number: int) -> str:
    """The row of a campaign."""
    return derived_id("coupon_campaign", str(number))


@dataclass(frozen=True, slots=True)
class UsedToday:
    """Minor units that one counter let pass on its local day: on a manager's word, and before the server decided."""

    overridden_minor: int
    provisional_minor: int


def allowance_of(
    conn: Connection, campaign: Row, scope_id: str, staff_id: str, at_ms: int, zone: str, leave_out: str
) -> Allowance:
    """What an associate may still give of a campaign in the week of `at_ms`; `leave_out` is not counted."""
    c = coupon.c
    start_ms = local_midnight_ms(week_start(local_date(at_ms, zone)), zone)
    count, minor = conn.execute(
        select(func.count(), func.coalesce(func.sum(c.value_minor), 0)).where(
            c.scope_id == scope_id,
            c.staff_id == staff_id,
            c.campaign_no == campaign["number"],
            c.issued_at_ms >= start_ms,
            c.id != leave_out,
            c.deleted_at_ms.is_(None),
        )
    ).one()
    return Allowance(campaign["week_count"], campaign["week_minor"], int(count), int(minor))


def used_today(
    conn: Connection, scope_id: str, device_id: str, at_ms: int, zone: str, leave_out: str
) -> UsedToday:
    """What a counter took on the local day of `at_ms`; a use counts as provisional until the server has given its row
    a version."""
    u = coupon_use.c
    start_ms = local_midnight_ms(local_date(at_ms, zone), zone)
    overridden = provisional = 0
    for row in conn.execute(
        select(u.value_minor, u.override_by, u.is_final, u.row_ver).where(
            u.scope_id == scope_id,
            u.device_id == device_id,
            u.used_at_ms >= start_ms,
            u.id != leave_out,
            u.deleted_at_ms.is_(None),
        )
    ):
        overridden += row.value_minor if row.override_by is not None else 0
        provisional += row.value_minor if not row.is_final and row.row_ver == 0 else 0
    return UsedToday(overridden, provisional)
