"""Audiences of a store as its managers keep and count them (DESIGN-UI.md 5.12)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from guidedesk.domain.access import Actor, may
from guidedesk.domain.contact_limits import ContactPolicy
from guidedesk.domain.errors import Refused
from guidedesk.domain.segments import Asking, Audience, check_name, read_audience
from guidedesk.domain.tiers import tier_rules
from guidedesk.domain.time import local_date, local_datetime, to_ms
from guidedesk.models.entities import upsert
from guidedesk.models.people import staff
from guidedesk.models.segment_tables import member_fact_mark, member_fact_word, segment, segment_member
from guidedesk.server.audit import record_audit
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.segment_columns import Columns, Counted, Mask
from guidedesk.server.segment_fold import folded_stores
from guidedesk.server.segment_stores import SegmentStores
from guidedesk.server.settings import read_settings
from guidedesk.server.visibility import granted_members
from guidedesk.services.queries.reference import contact_policy
from guidedesk.services.read_models import Bilingual
from guidedesk.services.segments import (
    AudienceCount,
    Board,
    Colleague,
    OutreachInfo,
    SegmentInfo,
    SegmentKind,
    Share,
    WordInfo,
    audience_document,
)

PERMISSION: Final = "segment.manage"
MOST_SEGMENTS: Final = 60
MOST_BY_HAND: Final = 5_000
COUNT_HOUR: Final = 2  # local time at which dynamic audiences are counted anew
_MOST_WORDS: Final = 60
_WORD_KINDS: Final = ("category", "product", "size", "colour", "tag")


@dataclass(frozen=True, slots=True)
class Shop:
    """What an audience of a store stands on besides its members: settings, the day, and who works where."""

    scope_id: str
    currency: str
    zone: str
    policy: ContactPolicy
    asking: Asking
    people: dict[str, Colleague]
    elsewhere: frozenset[str]  # who works in other stores


def read_shop(conn: Connection, chain_id: str, scope_id: str, now_ms: int) -> Shop:
    """The shop as it is now."""
    found = read_settings(conn, chain_id)
    s = staff.c
    rows = conn.execute(
        select(s.id, s.number, s.name, s.name_en, s.store_id, s.is_active).where(
            s.scope_id == chain_id, s.deleted_at_ms.is_(None)
        )
    ).all()
    people = {
        row.id: Colleague(row.id, row.number, Bilingual(row.name, row.name_en), bool(row.is_active))
        for row in sorted(rows, key=lambda row: row.number)
        if row.store_id == scope_id
    }
    elsewhere = frozenset(row.id for row in rows if row.store_id != scope_id and row.is_active)
    today = local_date(now_ms, found["zone"]).toordinal()
    asking = Asking(today, int(found["window_days"]), tier_rules(found))
    return Shop(scope_id, found["currency"], found["zone"], contact_policy(found), asking, people, elsewhere)


def check_manager(actor: Actor, scope_id: str) -> None:
    """`forbidden` for who keeps no audiences of this store."""
    if not may(actor, PERMISSION, scope_id):
        raise Refused("forbidden", permission=PERMISSION)


# --- keeping ---------------------------------------------------------------------------------------------------------


def read_board(context: ServerContext, scope_id: str, actor: Actor) -> Board:
    """What a store's managers keep, and the words they can ask with."""
    check_manager(actor, scope_id)
    database, now_ms = context.database, context.clock.wall_ms()
    with context.segments.using(database, scope_id) as (columns, _), database.read() as conn:
        shop = read_shop(conn, database.chain_id(), scope_id, now_ms)
        words = _words(conn, scope_id, columns)
        segments = tuple(_info(row) for row in _live(conn, scope_id))
    policy = shop.policy
    return Board(
        as_of_ms=now_ms, segments=segments, words=words, colleagues=tuple(shop.people.values()),
        currency=shop.currency, cap_week=policy.cap_week, quiet_from=f"{policy.quiet_from:%H:%M}",
        quiet_to=f"{policy.quiet_to:%H:%M}",
    )  # fmt: skip


def _words(conn: Connection, scope_id: str, columns: Columns) -> tuple[WordInfo, ...]:
    w = member_fact_word.c
    query = select(w.kind, w.word, w.name, w.name_en).where(w.scope_id == scope_id)
    names = {(row.kind, row.word): Bilingual(row.name, row.name_en) for row in conn.execute(query)}
    return tuple(
        WordInfo(kind, word, names.get((kind, word), Bilingual(word, word)))
        for kind in _WORD_KINDS
        for word in columns.popular(kind, _MOST_WORDS)
    )


def _live(conn: Connection, scope_id: str) -> Sequence[Any]:
    s = segment.c
    query = select(segment).where(s.scope_id == scope_id, s.deleted_at_ms.is_(None))
    return conn.execute(query.order_by(s.name, s.segment_id)).all()


def _info(row: Any) -> SegmentInfo:
    return SegmentInfo(
        id=row.segment_id, name=row.name, kind=row.kind, audience=json.loads(row.audience) if row.audience else None,
        version=row.version, changed_at_ms=row.changed_at_ms, members=row.members, counted_at_ms=row.counted_at_ms,
    )  # fmt: skip


def save_segment(
    context: ServerContext, scope_id: str, actor: Actor, *, segment_id: str, version: int, name: str,
    kind: SegmentKind, audience: Audience | None,
) -> SegmentInfo:  # fmt: skip
    """Keep an audience; `version` is the one it was changed from, 0 for a new one. Saving the same again is nothing.

    Refused: `segment_changed` when somebody else changed it meanwhile, `segment_too_many`, `segment_unnamed`,
    `not_found` for one that was removed.
    """
    check_manager(actor, scope_id)
    kept_name, now_ms = check_name(name), context.clock.wall_ms()
    text = "" if audience is None else json.dumps(audience_document(audience), ensure_ascii=False, sort_keys=True)

    def work(opened: ScopeWrite) -> SegmentInfo:
        conn, s = opened.conn, segment.c
        row = conn.execute(select(segment).where(s.scope_id == scope_id, s.segment_id == segment_id)).first()
        if row is None and version:
            raise Refused("not_found", what="segment")
        if row is not None:
            if row.deleted_at_ms is not None:
                raise Refused("not_found", what="segment")
            if (row.name, row.audience, row.kind) == (kept_name, text, kind):
                return _info(row)
            if row.version != version or row.kind != kind:
                raise Refused("segment_changed", name=row.name)
        elif len(_live(conn, scope_id)) >= MOST_SEGMENTS:
            raise Refused("segment_too_many", limit=MOST_SEGMENTS)
        values = {
            "scope_id": scope_id, "segment_id": segment_id, "name": kept_name, "kind": kind, "audience": text,
            "version": version + 1, "changed_by": actor.id, "changed_at_ms": now_ms,
            "members": 0 if row is None else row.members, "counted_at_ms": 0 if row is None else row.counted_at_ms,
            "deleted_at_ms": None,
        }  # fmt: skip
        upsert(conn, segment, [values])
        return _info(conn.execute(select(segment).where(s.scope_id == scope_id, s.segment_id == segment_id)).one())

    return context.database.write(scope_id, work)


def remove_segment(context: ServerContext, scope_id: str, actor: Actor, segment_id: str) -> None:
    """Take an audience off the list; what was sent for it stays. Twice is once."""
    check_manager(actor, scope_id)
    now_ms = context.clock.wall_ms()

    def work(opened: ScopeWrite) -> None:
        row = find_segment(opened.conn, scope_id, segment_id, is_live=False)
        s = segment.c
        if row.deleted_at_ms is None:
            gone = update(segment).where(s.scope_id == scope_id, s.segment_id == segment_id)
            opened.conn.execute(gone.values(deleted_at_ms=now_ms))
            record_audit(
                opened, at_ms=now_ms, actor=actor, action="segment.removed", subject=segment_id,
                detail={"name": row.name},
            )  # fmt: skip

    context.database.write(scope_id, work)


def put_member(
    context: ServerContext, scope_id: str, actor: Actor, segment_id: str, member_id: str, *, is_in: bool
) -> SegmentInfo:
    """Put somebody into a group kept by hand, or take her out. `not_found` for whom this store does not see."""
    check_manager(actor, scope_id)
    now_ms = context.clock.wall_ms()

    def work(opened: ScopeWrite) -> SegmentInfo:
        conn, g = opened.conn, segment_member.c
        row = find_segment(conn, scope_id, segment_id)
        if row.kind != "hand":
            raise Refused("segment_not_by_hand", name=row.name)
        if member_id not in granted_members(conn, scope_id, [member_id]):
            raise Refused("not_found", what="member")
        here = (g.scope_id == scope_id, g.segment_id == segment_id)
        if is_in:
            member = {"scope_id": scope_id, "segment_id": segment_id, "member_id": member_id}
            upsert(conn, segment_member, [member | {"added_by": actor.id, "added_at_ms": now_ms}])
        else:
            conn.execute(delete(segment_member).where(*here, g.member_id == member_id))
        members = conn.execute(select(func.count()).select_from(segment_member).where(*here)).scalar_one()
        if members > MOST_BY_HAND:
            raise Refused("segment_full", limit=MOST_BY_HAND)
        _note_count(conn, scope_id, segment_id, members, now_ms)
        return _info(find_segment(conn, scope_id, segment_id))

    return context.database.write(scope_id, work)


def groups_of(context: ServerContext, scope_id: str, actor: Actor, member_id: str) -> list[str]:
    """The groups kept by hand that somebody is in."""
    check_manager(actor, scope_id)
    g = segment_member.c
    with context.database.read() as conn:
        query = select(g.segment_id).where(g.scope_id == scope_id, g.member_id == member_id)
        return sorted(conn.execute(query).scalars())


def find_segment(conn: Connection, scope_id: str, segment_id: str, *, is_live: bool = True) -> Any:
    """A row; `not_found` for none, for another store's, and for a removed one."""
    s = segment.c
    row = conn.execute(select(segment).where(s.scope_id == scope_id, s.segment_id == segment_id)).first()
    if row is None or (is_live and row.deleted_at_ms is not None):
        raise Refused("not_found", what="segment")
    return row


def members_by_hand(conn: Connection, scope_id: str, segment_id: str) -> list[str]:
    """Who is in a group kept by hand."""
    g = segment_member.c
    query = select(g.member_id).where(g.scope_id == scope_id, g.segment_id == segment_id)
    return sorted(conn.execute(query).scalars())


# --- counting --------------------------------------------------------------------------------------------------------


def count_audience(
    context: ServerContext, scope_id: str, actor: Actor, *, audience: Audience | None, segment_id: str | None,
    channel: str, cap_week: int | None, outreaches: tuple[OutreachInfo, ...] = (),
) -> AudienceCount:  # fmt: skip
    """An audience counted now; without one, the group kept by hand. A saved audience keeps its count."""
    check_manager(actor, scope_id)
    database, now_ms = context.database, context.clock.wall_ms()
    with context.segments.using(database, scope_id) as (columns, is_whole):
        with database.read() as conn:
            shop = read_shop(conn, database.chain_id(), scope_id, now_ms)
            only = None
            if audience is None:
                row = find_segment(conn, scope_id, segment_id or "")
                only = members_by_hand(conn, scope_id, row.segment_id) if row.kind == "hand" else None
                audience = saved_audience(row)
        counted = columns.counted(
            audience, shop.asking, columns.base(shop.elsewhere, only), channel=channel, policy=shop.policy,
            cap_week=cap_week, now_ms=now_ms,
        )  # fmt: skip
    if segment_id is not None:
        _keep_count(database, scope_id, segment_id, audience, counted, now_ms)
    return _answer(counted, shop, actor.id, now_ms, is_whole=is_whole, outreaches=outreaches)


def saved_audience(row: Any) -> Audience:
    """The audience of a row; everybody of it for a group kept by hand."""
    return read_audience(json.loads(row.audience)) if row.audience else Audience()


def audience_mask(columns: Columns, shop: Shop, audience: Audience, only: Sequence[str] | None) -> Mask:
    """Whom an audience means now."""
    return columns.mask(audience, shop.asking, columns.base(shop.elsewhere, only))


def whose_task(shop: Shop, owner_id: str | None, sender_id: str) -> str:
    """Who speaks to a member: her own associate while she works here; else, as her members are the store's pool then
    (COMMISSION.md 2), whoever hands the tasks out."""
    colleague = shop.people.get(owner_id or "")
    return colleague.id if colleague is not None and colleague.is_active else sender_id


def _answer(
    counted: Counted, shop: Shop, sender_id: str, now_ms: int, *, is_whole: bool, outreaches: tuple[OutreachInfo, ...]
) -> AudienceCount:
    own: dict[str, int] = {}
    pool = 0
    for owner_id, count in counted.by_owner:
        if owner_id is not None and whose_task(shop, owner_id, "") == owner_id:
            own[owner_id] = own.get(owner_id, 0) + count
        else:
            pool += count
    shares = [
        Share(each.id, each.name, own.get(each.id, 0), True)
        for each in shop.people.values()
        if each.is_active and each.id in own
    ]
    shares.sort(key=lambda share: (-share.count, share.staff_id))
    if pool:
        sender = shop.people.get(sender_id)
        shares.append(Share(sender_id, Bilingual("", "") if sender is None else sender.name, pool, False))
    orders, matched = counted.orders, counted.matched
    return AudienceCount(
        as_of_ms=now_ms, total=counted.total, steps=counted.steps, matched=matched,
        reachable=counted.reasons.reachable, no_consent=counted.reasons.no_consent, muted=counted.reasons.muted,
        capped=counted.reasons.capped, shares=tuple(shares),
        average_minor=(2 * counted.spent_minor + orders) // (2 * orders) if orders else None,
        top_percent=(200 * counted.in_top_tier + matched) // (2 * matched) if matched else None,
        is_whole=is_whole, outreaches=outreaches,
    )  # fmt: skip


def _keep_count(
    database: ServerDatabase, scope_id: str, segment_id: str, audience: Audience, counted: Counted, now_ms: int
) -> None:
    """The list shows the count of what is saved, not of what is being typed."""
    with database.read() as conn:
        row = find_segment(conn, scope_id, segment_id)
    if saved_audience(row) == audience and row.members != counted.matched:
        database.write(scope_id, lambda opened: _note_count(opened.conn, scope_id, segment_id, counted.matched, now_ms))


def _note_count(conn: Connection, scope_id: str, segment_id: str, members: int, now_ms: int) -> None:
    s = segment.c
    noted = update(segment).where(s.scope_id == scope_id, s.segment_id == segment_id)
    conn.execute(noted.values(members=members, counted_at_ms=now_ms))


# --- at night --------------------------------------------------------------------------------------------------------


def sweep_segments(database: ServerDatabase, stores: SegmentStores, now_ms: int) -> int:
    """Follow the feeds of stores that keep audiences, and count them anew once after two at night; stores counted."""
    counted = 0
    chain_id = database.chain_id()
    for scope_id in folded_stores(database):
        with stores.using(database, scope_id, wait=True) as (columns, _):
            with database.read() as conn:
                shop = read_shop(conn, chain_id, scope_id, now_ms)
                m = member_fact_mark.c
                last = conn.execute(select(m.counted_at_ms).where(m.scope_id == scope_id)).scalar() or 0
                if last >= _last_count_due(now_ms, shop.zone):
                    continue
                rows = _live(conn, scope_id)
            members = {
                row.segment_id: len(columns.members(audience_mask(columns, shop, saved_audience(row), None)))
                for row in rows
                if row.kind == "dynamic"
            }

        def work(opened: ScopeWrite, scope_id: str = scope_id, members: dict[str, int] = members) -> None:
            for segment_id, count in members.items():
                _note_count(opened.conn, scope_id, segment_id, count, now_ms)
            mark = update(member_fact_mark).where(member_fact_mark.c.scope_id == scope_id)
            opened.conn.execute(mark.values(counted_at_ms=now_ms))

        database.write(scope_id, work)
        counted += 1
    return counted


def _last_count_due(now_ms: int, zone: str) -> int:
    """The moment of the last two o'clock at night, local time (UTC ms)."""
    now = local_datetime(now_ms, zone)
    due: datetime = now.replace(hour=COUNT_HOUR, minute=0, second=0, microsecond=0)
    return to_ms(due if due <= now else due - timedelta(days=1))
