"""Finding a member, and the card of one: the four-hop scan ends here."""

from __future__ import annotations

from collections import Counter
from typing import Final, TypeVar

from sqlalchemy import Connection, func, select

from guidedesk.domain.attribution import AttributionRules, owner_state, owner_window
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.domain.time import local_datetime
from guidedesk.models import engagement, people, sales
from guidedesk.models.entities import Row
from guidedesk.services.queries.follow_ups import list_follow_ups
from guidedesk.services.queries.reference import get_settings, get_staff
from guidedesk.services.queries.timeline import count_timeline, list_timeline
from guidedesk.services.read_models import (
    Bilingual,
    ChainSettings,
    ConsentInfo,
    MemberCard,
    OwnerInfo,
    Preferences,
    StaffInfo,
)

TIMELINE_PAGE: Final = 64
_T = TypeVar("_T")


def find_member_by_code(conn: Connection, digits: str) -> str | None:
    """Member id of a live 22-digit code; None where this counter does not know it."""
    table = people.member_code
    return conn.execute(
        select(table.c.member_id).where(
            table.c.digits == digits, table.c.state == "live", table.c.deleted_at_ms.is_(None)
        )
    ).scalar()


def find_revoked_code(conn: Connection, digits: str) -> bool:
    """Whether this counter knows the code as cancelled."""
    table = people.member_code
    return (
        conn.execute(select(table.c.id).where(table.c.digits == digits, table.c.state != "live")).first()
        is not None
    )


def find_member_by_card_no(conn: Connection, card_no: str) -> str | None:
    """Member id of the 12 digits printed for the eye."""
    table = people.member_code
    return conn.execute(
        select(table.c.member_id).where(table.c.typed == card_no, table.c.state == "live")
    ).scalar()


def get_member_row(conn: Connection, member_id: str) -> Row:
    """The row of the person an id means, merges followed; `not_found` when this counter has no copy."""
    table = people.member
    for _ in range(8 if is_id(member_id) else 0):
        found = conn.execute(select(table).where(table.c.id == member_id)).first()
        if found is None:
            break
        if found.merged_into is None:
            return dict(found._mapping)
        member_id = found.merged_into
    raise Refused("not_found", what="member")


def get_member_card(conn: Connection, member_id: str, viewer_id: str, now_ms: int) -> MemberCard:
    """Everything the card shows, from this PC's copy.

    `viewer_id` is the associate signed in; `now_ms` is trusted time.
    """
    row = get_member_row(conn, member_id)
    settings = get_settings(conn)
    erased = row["deleted_at_ms"] is not None
    return MemberCard(
        member_id=row["id"],
        asked_id=member_id,
        name=row["name"],
        name_en=row["name_en"] or "",
        tier=row["tier"],
        card_no=row["card_no"],
        phone_masked=row["phone_masked"],
        birthday=row["birthday"],
        joined_at_ms=row["joined_at_ms"],
        is_incomplete=bool(row["is_incomplete"]),
        is_erased=erased,
        is_pending=row["row_ver"] == 0,
        owner=get_owner(conn, row["id"], viewer_id, now_ms, settings),
        consents=list_consents(conn, row["id"]),
        tags=list_tags(conn, row["id"]),
        timeline=list_timeline(conn, row["id"], limit=TIMELINE_PAGE),
        timeline_counts=count_timeline(conn, row["id"]),
        preferences=count_preferences(conn, row["id"], settings.zone),
        follow_ups=list_follow_ups(conn, now_ms, settings.zone, member_id=row["id"]),
        last_visit_ms=_last_visit(conn, row["id"]),
        store_share=(settings.owner_bp, settings.seller_bp),
    )


def get_owner(
    conn: Connection, member_id: str, viewer_id: str, now_ms: int, settings: ChainSettings
) -> OwnerInfo:
    """Whose member it is and until when, by the server's last word plus what was decided here."""
    table = people.binding
    found = conn.execute(
        select(table).where(table.c.id == member_id, table.c.deleted_at_ms.is_(None))
    ).first()
    if found is None:
        return OwnerInfo("none", None, None, None, settings.window_days, False)
    if found.owner_id is None:
        return OwnerInfo("pool", None, found.bound_at_ms, None, settings.window_days, False)
    rules = AttributionRules(settings.window_days, settings.protection_days, settings.zone)
    window = owner_window(found.bound_at_ms, found.last_touch_ms, now_ms, rules)
    staff: StaffInfo | None
    try:
        staff = get_staff(conn, found.owner_id)
    except Refused:
        staff = None
    state = owner_state(found.owner_id, False, viewer_id, window)
    return OwnerInfo(state, staff, found.bound_at_ms, window, settings.window_days, found.row_ver == 0)


def list_consents(conn: Connection, member_id: str) -> tuple[ConsentInfo, ...]:
    """The newest answer per purpose, over every scope that asked; a withdrawal of the same moment wins."""
    table = people.consent
    newest: dict[str, ConsentInfo] = {p: ConsentInfo(p, None, None) for p in CONSENT_PURPOSES}
    rows = conn.execute(
        select(table.c.purpose, table.c.is_given, table.c.answered_at_ms)
        .where(table.c.member_id == member_id, table.c.deleted_at_ms.is_(None))
        .order_by(table.c.answered_at_ms, table.c.is_given.desc())
    )
    for row in rows:
        newest[row.purpose] = ConsentInfo(row.purpose, bool(row.is_given), row.answered_at_ms)
    return tuple(newest.values())


def list_tags(conn: Connection, member_id: str) -> tuple[str, ...]:
    """Tags that are on, in the order they were put on; of several scopes' rows the latest change counts."""
    table = people.member_tag
    latest: dict[str, bool] = {}
    rows = conn.execute(
        select(table.c.tag, table.c.is_on)
        .where(table.c.member_id == member_id, table.c.deleted_at_ms.is_(None))
        .order_by(table.c.changed_at_ms, table.c.op_id)
    )
    for row in rows:
        latest[row.tag] = bool(row.is_on)
    return tuple(tag for tag, is_on in latest.items() if is_on)


def count_preferences(conn: Connection, member_id: str, zone: str) -> Preferences:
    """Sizes, colours, categories and hours of her own purchases, most frequent first."""
    orders, lines = sales.purchase, sales.purchase_line
    mine = (orders.c.member_id == member_id, orders.c.deleted_at_ms.is_(None))
    sizes: Counter[str] = Counter()
    colours: Counter[Bilingual] = Counter()
    categories: Counter[Bilingual] = Counter()
    rows = conn.execute(
        select(
            lines.c.size, lines.c.colour, lines.c.colour_en, lines.c.category, lines.c.category_en,
            func.count().label("times"),
        )
        .join(orders, (orders.c.scope_id == lines.c.scope_id) & (orders.c.id == lines.c.purchase_id))
        .where(*mine)
        .group_by(lines.c.size, lines.c.colour, lines.c.colour_en, lines.c.category, lines.c.category_en)
    )  # fmt: skip
    for row in rows:
        if row.size:
            sizes[row.size] += row.times
        if row.colour:
            colours[Bilingual(row.colour, row.colour_en or row.colour)] += row.times
        if row.category:
            categories[Bilingual(row.category, row.category_en or row.category)] += row.times
    hours = [0] * 24
    times = conn.execute(select(orders.c.paid_at_ms).where(*mine)).scalars().all()
    for at_ms in times:
        hours[local_datetime(at_ms, zone).hour] += 1
    return Preferences(
        tuple(_ranked(sizes)[:6]),
        tuple(_ranked(colours)[:4]),
        tuple(_ranked(categories)[:4]),
        tuple(hours),
        len(times),
    )


def _ranked(counts: Counter[_T]) -> list[tuple[_T, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))


def _last_visit(conn: Connection, member_id: str) -> int | None:
    table = engagement.visit
    return conn.execute(
        select(func.max(table.c.occurred_at_ms)).where(table.c.member_id == member_id)
    ).scalar()
