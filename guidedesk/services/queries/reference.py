"""Stores, staff and settings: small, read often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, bindparam, select

from guidedesk.domain.channels import channel_url
from guidedesk.domain.contact_limits import ContactPolicy, hour_of
from guidedesk.domain.errors import Refused
from guidedesk.domain.scripts import Script, parse_scripts
from guidedesk.domain.tiers import tier_rules
from guidedesk.models import people
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.read_models import NOBODY, Bilingual, ChainSettings, StaffInfo, StoreInfo

_SETTINGS: Final = Prepared(select(people.setting.c.name, people.setting.c.value))
_STAFF: Final = Prepared(select(people.staff).where(people.staff.c.id == bindparam("staff_id")))
_BADGE: Final = Prepared(
    select(people.staff_code.c.staff_id, people.staff_code.c.expires_at_ms).where(
        people.staff_code.c.digits == bindparam("digits"),
        people.staff_code.c.state == "live",
        people.staff_code.c.deleted_at_ms.is_(None),
    )
)
_STAFF_NAMES: Final = Prepared(select(people.staff.c.id, people.staff.c.name, people.staff.c.name_en))
_STORE_NAMES: Final = Prepared(select(people.store.c.id, people.store.c.name, people.store.c.name_en))


def get_settings(conn: Connection) -> ChainSettings:
    """The chain's settings, with defaults where head office sent none."""
    found = {r.name: r.value for r in _SETTINGS.all(conn)}
    default = ChainSettings()
    return ChainSettings(
        brand=Bilingual(found.get("brand", ""), found.get("brand_en", "")),
        zone=found.get("zone", default.zone),
        currency=found.get("currency", default.currency),
        window_days=int(found.get("window_days", default.window_days)),
        protection_days=int(found.get("protection_days", default.protection_days)),
        owner_bp=int(found.get("owner_bp", default.owner_bp)),
        seller_bp=int(found.get("seller_bp", default.seller_bp)),
        contact_cap_week=int(found.get("contact_cap_week", default.contact_cap_week)),
        code_host=found.get("code_host", default.code_host),
        welcome_coupon=int(found.get("welcome_coupon", default.welcome_coupon)),
        coupon_cap_minor=int(found.get("coupon_cap_minor", default.coupon_cap_minor)),
        channel_wechat=channel_url(found.get("channel_wechat", default.channel_wechat)),
        channel_sms=channel_url(found.get("channel_sms", default.channel_sms)),
        contact_policy=contact_policy(found),
        tier_rules=tier_rules(found),
        keeps_children=found.get("family_under_14", "0") == "1",
    )


def contact_policy(found: Mapping[str, str]) -> ContactPolicy:
    """When and how often members may be contacted, from settings by name (the server reads its own the same way)."""
    default = ContactPolicy()
    tags = [tag.strip().casefold() for tag in found.get("complaint_tags", "").split(",")]
    return ContactPolicy(
        cap_week=int(found.get("contact_cap_week", default.cap_week)),
        quiet_from=hour_of(found.get("quiet_from", ""), default.quiet_from),
        quiet_to=hour_of(found.get("quiet_to", ""), default.quiet_to),
        mute_days=int(found.get("complaint_mute_days", default.mute_days)),
        complaint_tags=frozenset(tag for tag in tags if tag) or default.complaint_tags,
    )


def get_scripts(conn: Connection) -> tuple[Script, ...]:
    """The chain's own scripts; none where what was sent cannot be read."""
    found = next((r.value for r in _SETTINGS.all(conn) if r.name == "scripts"), "")
    try:
        return parse_scripts(found)
    except Refused:
        return ()


def list_staff(conn: Connection, store_id: str | None = None) -> tuple[StaffInfo, ...]:
    """Staff by number; of one store, or everybody this counter knows."""
    table = people.staff
    query = select(table).where(table.c.deleted_at_ms.is_(None)).order_by(table.c.number)
    if store_id is not None:
        query = query.where(table.c.store_id == store_id)
    return tuple(
        StaffInfo(r.id, r.number, Bilingual(r.name, r.name_en), r.role, r.store_id, bool(r.is_active))
        for r in conn.execute(query)
    )


def get_staff(conn: Connection, staff_id: str) -> StaffInfo:
    """One person of the staff; `not_found` when this counter does not know her."""
    r = _STAFF.first(conn, staff_id=staff_id)
    if r is None:
        raise Refused("not_found", what="staff")
    return StaffInfo(r.id, r.number, Bilingual(r.name, r.name_en), r.role, r.store_id, bool(r.is_active))


def find_associate_by_code(conn: Connection, digits: str, now_ms: int) -> str | None:
    """Whose badge a scanned associate code is; None for one this counter does not know or that is over."""
    row = _BADGE.first(conn, digits=digits)
    return None if row is None or (row.expires_at_ms or now_ms) < now_ms else str(row.staff_id)


def staff_names(conn: Connection) -> dict[str, Bilingual]:
    """Names by id."""
    return {r.id: Bilingual(r.name, r.name_en) for r in _STAFF_NAMES.all(conn)}


def store_names(conn: Connection) -> dict[str, Bilingual]:
    """Names by id."""
    return {r.id: Bilingual(r.name, r.name_en) for r in _STORE_NAMES.all(conn)}


def get_store(conn: Connection, store_id: str) -> StoreInfo:
    """One store; an unknown one has no name yet (before the first pull)."""
    table = people.store
    r = conn.execute(select(table).where(table.c.id == store_id)).first()
    return (
        StoreInfo(store_id, "", NOBODY)
        if r is None
        else StoreInfo(r.id, r.code, Bilingual(r.name, r.name_en))
    )
