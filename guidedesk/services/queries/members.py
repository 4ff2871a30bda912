"""Finding a member, and the card of one: the four-hop scan ends here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from guidedesk.domain.access import Actor, may
from guidedesk.domain.attribution import AttributionRules, owner_state, owner_window
from guidedesk.domain.consent import ConsentState, joined, state_of
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.models import care, engagement, people
from guidedesk.models.entities import Row
from guidedesk.services.member_models import ConsentInfo, MemberCard, OwnerInfo, TimelineEntry
from guidedesk.services.queries.coupons import list_card_offers
from guidedesk.services.queries.follow_ups import list_follow_ups
from guidedesk.services.queries.preferences import get_preferences
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.queries.reference import get_settings, get_staff
from guidedesk.services.queries.timeline import count_timeline, list_timeline
from guidedesk.services.read_models import ChainSettings, StaffInfo

TIMELINE_PAGE: Final = 64

_code = people.member_code.c
_who: Final[Any] = bindparam("member_id")
_CODE: Final = Prepared(
    select(_code.member_id).where(
        _code.digits == bindparam("digits"), _code.state == "live", _code.deleted_at_ms.is_(None)
    )
)
_REVOKED: Final = Prepared(select(_code.id).where(_code.digits == bindparam("digits"), _code.state != "live"))
_MEMBER: Final = Prepared(select(people.member).where(people.member.c.id == _who))
_BINDING: Final = Prepared(
    select(people.binding).where(people.binding.c.id == _who, people.binding.c.deleted_at_ms.is_(None))
)
_consent, _tag = people.consent.c, people.member_tag.c
_CONSENTS: Final = Prepared(
    select(
        _consent.purpose, _consent.is_given, _consent.answered_at_ms, _consent.withdrawn_at_ms, _consent.seen_ms
    )
    .where(_consent.member_id == _who, _consent.deleted_at_ms.is_(None))
    .order_by(_consent.answered_at_ms, _consent.is_given.desc())
)
_TAGS: Final = Prepared(
    select(_tag.tag, _tag.is_on)
    .where(_tag.member_id == _who, _tag.deleted_at_ms.is_(None))
    .order_by(_tag.changed_at_ms, _tag.op_id)
)
_own = care.own_tag.c
_OWN_TAGS: Final = Prepared(
    select(_own.tag, _own.is_on)
    .where(_own.member_id == _who, _own.owner_id == bindparam("owner_id"), _own.deleted_at_ms.is_(None))
    .order_by(_own.changed_at_ms, _own.op_id)
)
_LAST_VISIT: Final = Prepared(
    select(func.max(engagement.visit.c.occurred_at_ms).label("at_ms")).where(engagement.visit.c.member_id == _who)
)


def find_member_by_code(conn: Connection, digits: str) -> str | None:
    """Member id of a live 22-digit code; None where this counter does not know it."""
    found: str | None = _CODE.scalar(conn, digits=digits)
    return found


def find_revoked_code(conn: Connection, digits: str) -> bool:
    """Whether this counter knows the code as cancelled."""
    return _REVOKED.first(conn, digits=digits) is not None


def find_member_by_card_no(conn: Connection, card_no: str) -> str | None:
    """Member id of the 12 digits printed for the eye."""
    table = people.member_code
    return conn.execute(
        select(table.c.member_id).where(table.c.typed == card_no, table.c.state == "live")
    ).scalar()


def get_member_row(conn: Connection, member_id: str) -> Row:
    """The row of the person an id means, merges followed; `not_found` when this counter has no copy."""
    for _ in range(8 if is_id(member_id) else 0):
        found = _MEMBER.first(conn, member_id=member_id)
        if found is None:
            break
        if found.merged_into is None:
            return dict(found._asdict())
        member_id = found.merged_into
    raise Refused("not_found", what="member")


def get_member_card(conn: Connection, member_id: str, viewer_id: str, now_ms: int) -> MemberCard:
    """Everything the card shows, from this PC's copy.

    `viewer_id` is the associate signed in; `now_ms` is trusted time.
    """
    row = get_member_row(conn, member_id)
    settings = get_settings(conn)
    erased = row["deleted_at_ms"] is not None
    owner = get_owner(conn, row["id"], viewer_id, now_ms, settings)
    private_of = _private_of(conn, owner, viewer_id)
    promises = list_follow_ups(conn, now_ms, settings.zone, member_id=row["id"])
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
        owner=owner,
        consents=list_consents(conn, row["id"]),
        tags=list_tags(conn, row["id"]),
        timeline=list_timeline(conn, row["id"], limit=TIMELINE_PAGE, private_of=private_of),
        timeline_counts=count_timeline(conn, row["id"]),
        preferences=get_preferences(conn, row["id"], settings.zone, now_ms),
        follow_ups=tuple(replace(one, text="") if one.associate_id == private_of else one for one in promises),
        last_visit_ms=_last_visit(conn, row["id"]),
        store_share=(settings.owner_bp, settings.seller_bp),
        coupons=() if erased else list_card_offers(conn, row["id"], now_ms),
        hides_notes=private_of is not None,
        own_tags=() if erased else list_own_tags(conn, row["id"], viewer_id),
    )


def list_timeline_of(card: MemberCard, conn: Connection, before_ms: int) -> tuple[TimelineEntry, ...]:
    """The next page of a card's timeline, without what its reader does not see."""
    owner = card.owner.staff
    private_of = owner.id if card.hides_notes and owner is not None else None
    return list_timeline(conn, card.member_id, limit=TIMELINE_PAGE, before_ms=before_ms, private_of=private_of)


def _private_of(conn: Connection, owner: OwnerInfo, viewer_id: str) -> str | None:
    """Whose notes on a protected member of hers are not for the viewer (mockup 07b)."""
    if owner.state != "other" or owner.staff is None:
        return None
    if not viewer_id:  # `counter show` for scripts and support, with the PC's own key (COMMANDS.md): the whole card
        return None
    viewer = get_staff(conn, viewer_id)
    reader = Actor(viewer.id, viewer.role, frozenset({viewer.store_id}))
    return None if may(reader, "note.read_private", viewer.store_id) else owner.staff.id


def get_owner(
    conn: Connection, member_id: str, viewer_id: str, now_ms: int, settings: ChainSettings
) -> OwnerInfo:
    """Whose member it is and until when, by the server's last word plus what was decided here."""
    found = _BINDING.first(conn, member_id=member_id)
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
    """The answer per purpose that counts, over every scope that asked: a withdrawal wins over whoever did not know
    of it (SYNC.md 6)."""
    shown: dict[str, ConsentInfo] = {p: ConsentInfo(p, None, None) for p in CONSENT_PURPOSES}
    states: dict[str, ConsentState] = {}
    for row in _CONSENTS.all(conn, member_id=member_id):
        state = state_of(bool(row.is_given), row.withdrawn_at_ms, row.seen_ms)
        states[row.purpose] = state = joined((states.get(row.purpose, ConsentState()), state))
        shown[row.purpose] = ConsentInfo(row.purpose, state.is_given, row.answered_at_ms)
    return tuple(shown.values())


def list_tags(conn: Connection, member_id: str) -> tuple[str, ...]:
    """Tags that are on, in the order they were put on; of several scopes' rows the latest change counts."""
    latest: dict[str, bool] = {}
    for row in _TAGS.all(conn, member_id=member_id):
        latest[row.tag] = bool(row.is_on)
    return tuple(tag for tag, is_on in latest.items() if is_on)


def list_own_tags(conn: Connection, member_id: str, owner_id: str) -> tuple[str, ...]:
    """The tags of one author that are on; nobody else's are read."""
    if not owner_id:
        return ()
    latest = {row.tag: bool(row.is_on) for row in _OWN_TAGS.all(conn, member_id=member_id, owner_id=owner_id)}
    return tuple(tag for tag, is_on in latest.items() if is_on)


def _last_visit(conn: Connection, member_id: str) -> int | None:
    found: int | None = _LAST_VISIT.scalar(conn, member_id=member_id)
    return found
