"""Coupons on a counter: what may be given, what is on a member's card, and how one that was scanned stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from guidedesk.models.coupons import coupon, coupon_campaign
from guidedesk.models.engagement import visit
from guidedesk.services.coupon_rows import allowance_of, campaign_id, coupon_id, used_today
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.read_models import Bilingual, CouponInfo, CouponRoom, OfferInfo

_c, _o = coupon.c, coupon_campaign.c
_ON_CARD: Final = Prepared(
    select(coupon_campaign, _c.expires_at_ms, _c.value_minor.label("worth_minor"), _c.handle)
    .select_from(coupon)
    .join(coupon_campaign, _o.number == _c.campaign_no)
    .where(
        _c.member_id == bindparam("member_id"), _c.state == "issued", _c.expires_at_ms > bindparam("now_ms"),
        _c.deleted_at_ms.is_(None), _o.deleted_at_ms.is_(None),
    )
    .order_by(_c.expires_at_ms, _c.handle)
)  # fmt: skip
_APART_MS: Final = 120_000  # two counters' corrected clocks are this near to each other (SECURITY.md D-5)
_PROOF_MS: Final = 10 * 60_000  # as long as a scanned member counts as standing here (DESIGN-UI.md 5.5)


def list_offers(conn: Connection, store_id: str, staff_id: str, now_ms: int) -> tuple[OfferInfo, ...]:
    """What she may give now, the one that ends first before the others."""
    c = coupon_campaign.c
    query = select(coupon_campaign).where(
        c.is_active == 1, c.ends_at_ms > now_ms, c.week_count > 0, c.deleted_at_ms.is_(None)
    )
    rows = [dict(row._mapping) for row in conn.execute(query.order_by(c.ends_at_ms, c.number))]
    zone = get_settings(conn).zone
    return tuple(_offer(conn, row, store_id, staff_id, now_ms, zone) for row in rows)


def list_loaded(conn: Connection, member_id: str, now_ms: int) -> tuple[CouponInfo, ...]:
    """Coupons on a member's card that can still be used, the one that ends first before the others."""
    c = coupon.c
    query = select(coupon).where(
        c.member_id == member_id, c.state == "issued", c.expires_at_ms > now_ms, c.deleted_at_ms.is_(None)
    )
    return tuple(
        CouponInfo(handle=row.handle, offer=_bare(conn, row.campaign_no), member_id=member_id, state=row.state)
        for row in conn.execute(query.order_by(c.expires_at_ms, c.handle))
    )


def list_card_offers(conn: Connection, member_id: str, now_ms: int) -> tuple[OfferInfo, ...]:
    """As `list_loaded`, only what is offered and until when: one statement for the card that a scan opens."""
    return tuple(
        replace(
            _info(row._asdict(), 0, 0), ends_at_ms=row.expires_at_ms, value_minor=row.worth_minor, handle=row.handle
        )
        for row in _ON_CARD.all(conn, member_id=member_id, now_ms=now_ms)
    )


def welcome_offer(conn: Connection, now_ms: int) -> OfferInfo | None:
    """What new members get, while it is open."""
    c, number = coupon_campaign.c, get_settings(conn).welcome_coupon
    query = select(coupon_campaign).where(
        c.id == campaign_id(number), c.is_active == 1, c.ends_at_ms > now_ms, c.deleted_at_ms.is_(None)
    )
    row = conn.execute(query).first() if number else None
    return None if row is None else _info(dict(row._mapping), 0, 0)


def find_coupon(conn: Connection, handle: str, campaign_no: int, device_id: str) -> CouponInfo:
    """How a coupon stands whose signature was found good; one this counter never heard of is `unknown`."""
    c = coupon.c
    row = conn.execute(select(coupon).where(c.id == coupon_id(handle), c.deleted_at_ms.is_(None))).first()
    offer = _bare(conn, campaign_no)
    if row is None:
        return CouponInfo(handle=handle, offer=offer, member_id=None, state="unknown")
    return CouponInfo(
        handle=handle, offer=offer, member_id=row.member_id, state=row.state, redeemed_at_ms=row.redeemed_at_ms,
        is_own=row.device_id == device_id,
    )  # fmt: skip


def proof_of(conn: Connection, store_id: str, member_id: str, now_ms: int) -> int:
    """The best proof that this member stands here: the assurance of her scans of the last ten minutes (Q-7). On the
    server level 3 is in a visit only by its own word."""
    v = visit.c
    found = conn.execute(
        select(func.max(v.assurance)).where(
            v.member_id == member_id, v.scope_id == store_id,
            v.occurred_at_ms.between(now_ms - _PROOF_MS, now_ms + _APART_MS),
        )
    ).scalar()
    return int(found or 0)


def coupon_room(conn: Connection, store_id: str, device_id: str, now_ms: int) -> CouponRoom:
    """What this counter may still let pass today."""
    settings = get_settings(conn)
    used = used_today(conn, store_id, device_id, now_ms, settings.zone, "")
    cap = settings.coupon_cap_minor
    return CouponRoom(max(0, cap - used.overridden_minor), max(0, cap - used.provisional_minor))


def _offer(
    conn: Connection, row: dict[str, Any], store_id: str, staff_id: str, now_ms: int, zone: str
) -> OfferInfo:
    allowed = allowance_of(conn, row, store_id, staff_id, now_ms, zone, "")
    return _info(row, allowed.left, allowed.left_minor)


def _bare(conn: Connection, number: int) -> OfferInfo | None:
    c = coupon_campaign.c
    row = conn.execute(select(coupon_campaign).where(c.id == campaign_id(number), c.deleted_at_ms.is_(None))).first()
    return None if row is None else _info(dict(row._mapping), 0, 0)


def _info(row: dict[str, Any], left: int, left_minor: int) -> OfferInfo:
    return OfferInfo(
        number=row["number"], name=Bilingual(row["name"], row["name_en"]),
        terms=Bilingual(row["terms"], row["terms_en"]), kind=row["kind"], value_minor=row["value_minor"],
        currency=row["currency"], ends_at_ms=row["ends_at_ms"], week_count=row["week_count"],
        week_minor=row["week_minor"], left=left, left_minor=left_minor,
    )  # fmt: skip
