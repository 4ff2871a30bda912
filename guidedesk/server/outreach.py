"""Tasks handed out for an audience: one a member, for her own associate, in one transaction (DESIGN-UI.md 5.12).

Who may be contacted is decided once more inside that transaction, by the one rule and from the rows themselves, with
what other stores did as well: nobody is asked to contact somebody who may not be (DESIGN-UI.md 16.4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, update

from guidedesk.domain.access import Actor
from guidedesk.domain.contact_limits import CAP_DAYS, CONTACT_CHANNELS, ContactFacts, is_muted_by, why_not_contact
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.outreach import OUTREACH, RECALL_MS, RESULT_MS, check_due, check_template, fill
from guidedesk.domain.segments import Audience, MemberFacts
from guidedesk.domain.time import DAY_MS, local_date
from guidedesk.models.base import among
from guidedesk.models.engagement import follow_up
from guidedesk.models.entities import load_rows, upsert
from guidedesk.models.people import member, store
from guidedesk.models.segment_tables import outreach, outreach_task
from guidedesk.server.audit import record_audit
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.feed import chunks
from guidedesk.server.rows import put_rows
from guidedesk.server.segment_facts import contacts_elsewhere, homes_of, last_items, read_facts, seen_since
from guidedesk.server.segment_fold import fact_rules
from guidedesk.server.segments import (
    Shop,
    audience_mask,
    check_manager,
    find_segment,
    members_by_hand,
    read_shop,
    saved_audience,
    whose_task,
)
from guidedesk.services.read_models import Bilingual
from guidedesk.services.segments import Case, OutreachInfo, OutreachPreview

MOST_TASKS: Final = 1_000
CASES: Final = 5
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a manager wants to hand out: for which saved audience, how, until when, with which words."""

    segment_id: str
    channel: str
    due_date: str
    template: str
    cap_week: int
    lang: str


@dataclass(frozen=True, slots=True)
class _Chosen:
    member_id: str
    name: str
    associate_id: str
    text: str


def preview_outreach(context: ServerContext, scope_id: str, actor: Actor, wanted: Wanted) -> OutreachPreview:
    """A few real cases as they would go out, spread over the associates, and how many there would be."""
    check_manager(actor, scope_id)
    shop, template, candidates = _candidates(context, scope_id, wanted)
    with context.database.read() as conn:
        allowed = _allowed(conn, context, shop, candidates, wanted)
        cases = _worded(conn, context, shop, _spread(allowed, shop, actor.id), template, wanted, actor.id)
    names = {each.id: each.name for each in shop.people.values()}
    return OutreachPreview(
        len(allowed),
        tuple(Case(one.member_id, one.name, names.get(one.associate_id, Bilingual("", "")), one.text) for one in cases),
    )


def send_outreach(
    context: ServerContext, scope_id: str, actor: Actor, outreach_id: str, wanted: Wanted
) -> OutreachInfo:
    """Hand the tasks out. Sent again under the same id it is what it was.

    Refused: `outreach_nobody` when nobody may be contacted, `outreach_too_many`, `outreach_due`, `outreach_template`,
    `outreach_cap`, `not_found`.
    """
    check_manager(actor, scope_id)
    database, now_ms = context.database, context.clock.wall_ms()
    with database.read() as conn:
        before = _find(conn, scope_id, outreach_id)
    if before is not None:
        return read_outreach(context, scope_id, before, now_ms)
    shop, template, candidates = _candidates(context, scope_id, wanted)

    def work(opened: ScopeWrite) -> None:
        conn = opened.conn
        if _find(conn, scope_id, outreach_id) is not None:
            return
        row = find_segment(conn, scope_id, wanted.segment_id)
        allowed = _allowed(conn, context, shop, candidates, wanted)
        if not allowed:
            raise Refused("outreach_nobody")
        chosen = _worded(conn, context, shop, list(allowed.values()), template, wanted, actor.id)
        _write(opened, outreach_id, row.name, chosen, wanted, template, actor, now_ms)
        detail = {"segment": wanted.segment_id, "channel": wanted.channel, "tasks": len(chosen)}
        record_audit(opened, at_ms=now_ms, actor=actor, action="outreach.sent", subject=outreach_id, detail=detail)

    database.write(scope_id, work)
    with database.read() as conn:
        sent = _find(conn, scope_id, outreach_id)
    return read_outreach(context, scope_id, sent, now_ms)


def recall_outreach(context: ServerContext, scope_id: str, actor: Actor, outreach_id: str) -> OutreachInfo:
    """Take back every task of an outreach that is not done yet; what was done stays done.

    Refused: `not_found`, `outreach_too_late` ten minutes after it was sent. Twice is once.
    """
    check_manager(actor, scope_id)
    database, now_ms = context.database, context.clock.wall_ms()

    def work(opened: ScopeWrite) -> None:
        conn = opened.conn
        row = _find(conn, scope_id, outreach_id)
        if row is None:
            raise Refused("not_found", what="outreach")
        if row.recalled_at_ms is not None:
            return
        if now_ms - row.sent_at_ms > RECALL_MS:
            raise Refused("outreach_too_late", minutes=RECALL_MS // 60_000)
        ids = [task.follow_up_id for task in _tasks(conn, scope_id, outreach_id)]
        waiting = [
            task for chunk in chunks(ids) for task in load_rows(conn, "follow_up", scope_id, chunk)
            if task["state"] == "open" and task["deleted_at_ms"] is None
        ]  # fmt: skip
        back = {"state": "cancelled", "done_by": actor.id, "done_at_ms": now_ms}
        put_rows(opened, "follow_up", [{"id": task["id"], **back} for task in waiting])
        o = outreach.c
        noted = update(outreach).where(o.scope_id == scope_id, o.outreach_id == outreach_id)
        conn.execute(noted.values(recalled_at_ms=now_ms, recalled=len(waiting)))
        detail = {"tasks": len(waiting), "sent": row.sent}
        record_audit(opened, at_ms=now_ms, actor=actor, action="outreach.recalled", subject=outreach_id, detail=detail)

    database.write(scope_id, work)
    with database.read() as conn:
        row = _find(conn, scope_id, outreach_id)
    return read_outreach(context, scope_id, row, now_ms)


def outreaches_of(context: ServerContext, scope_id: str, segment_id: str) -> tuple[OutreachInfo, ...]:
    """What was handed out for an audience lately, newest first, with what came of it."""
    o = outreach.c
    with context.database.read() as conn:
        rows = conn.execute(
            select(outreach)
            .where(o.scope_id == scope_id, o.segment_id == segment_id)
            .order_by(o.sent_at_ms.desc(), o.outreach_id)
            .limit(_SHOWN)
        ).all()
    now_ms = context.clock.wall_ms()
    return tuple(read_outreach(context, scope_id, row, now_ms) for row in rows)


def read_outreach(context: ServerContext, scope_id: str, row: Any, now_ms: int) -> OutreachInfo:
    """One outreach with what came of it so far."""
    database = context.database
    with database.read() as conn:
        shop = read_shop(conn, database.chain_id(), scope_id, now_ms)
        tasks = _tasks(conn, scope_id, row.outreach_id)
        ids = [task.follow_up_id for task in tasks]
        follow_ups = [one for chunk in chunks(ids) for one in load_rows(conn, "follow_up", scope_id, chunk)]
        until = min(now_ms, row.sent_at_ms + RESULT_MS)
        kept = [one["member_id"] for one in follow_ups if one["state"] != "cancelled"]
        came, bought = seen_since(conn, scope_id, database.chain_id(), kept, row.sent_at_ms, until)
    states = Counter(one["state"] for one in follow_ups)
    on_time = sum(
        one["state"] == "done" and local_date(one["done_at_ms"], shop.zone).isoformat() <= row.due_date
        for one in follow_ups
    )
    sender = shop.people.get(row.sent_by)
    return OutreachInfo(
        id=row.outreach_id, name=row.name, channel=row.channel, due_date=row.due_date, sent=row.sent,
        sent_by=Bilingual("", "") if sender is None else sender.name, sent_at_ms=row.sent_at_ms,
        recall_until_ms=row.sent_at_ms + RECALL_MS, recalled_at_ms=row.recalled_at_ms, recalled=row.recalled,
        open=states["open"], done=states["done"], on_time=on_time, came=len(came), bought=len(bought),
    )  # fmt: skip


def _find(conn: Connection, scope_id: str, outreach_id: str) -> Any:
    o = outreach.c
    return conn.execute(select(outreach).where(o.scope_id == scope_id, o.outreach_id == outreach_id)).first()


def _tasks(conn: Connection, scope_id: str, outreach_id: str) -> Sequence[Any]:
    t = outreach_task.c
    query = select(outreach_task).where(t.scope_id == scope_id, t.outreach_id == outreach_id)
    return conn.execute(query.order_by(t.member_id)).all()


def _candidates(context: ServerContext, scope_id: str, wanted: Wanted) -> tuple[Shop, str, list[str]]:
    """Everybody the audience means who may be contacted as far as the columns know; the rows have the last word."""
    database, now_ms = context.database, context.clock.wall_ms()
    template = check_template(wanted.template)
    if wanted.channel not in CONTACT_CHANNELS:
        raise Refused("validation", field="channel", why="unknown")
    with context.segments.using(database, scope_id, wait=True) as (columns, _), database.read() as conn:
        shop = read_shop(conn, database.chain_id(), scope_id, now_ms)
        if not 1 <= wanted.cap_week <= shop.policy.cap_week:
            raise Refused("outreach_cap", cap=shop.policy.cap_week)
        check_due(wanted.due_date, local_date(now_ms, shop.zone))
        row = find_segment(conn, scope_id, wanted.segment_id)
        only = members_by_hand(conn, scope_id, wanted.segment_id) if row.kind == "hand" else None
        audience: Audience = saved_audience(row)
        found = audience_mask(columns, shop, audience, only)
        free, _ = columns.reachable(
            found, channel=wanted.channel, policy=shop.policy, cap_week=wanted.cap_week, now_ms=now_ms
        )
        candidates = columns.members(free)
    if len(candidates) > MOST_TASKS:
        raise Refused("outreach_too_many", tasks=len(candidates), limit=MOST_TASKS)
    return shop, template, candidates


def _allowed(
    conn: Connection, context: ServerContext, shop: Shop, members: Sequence[str], wanted: Wanted
) -> dict[str, MemberFacts]:
    """Those who may be contacted, by the one rule and from the rows as they are now."""
    now_ms = context.clock.wall_ms()
    known = read_facts(conn, shop.scope_id, members, fact_rules(context.database))
    since_ms = now_ms - CAP_DAYS * DAY_MS
    elsewhere = contacts_elsewhere(conn, shop.scope_id, members, since_ms)
    allowed: dict[str, MemberFacts] = {}
    for member_id in sorted(known):
        one = known[member_id]
        facts = contact_facts(one.facts, shop, now_ms, elsewhere.get(member_id, 0))
        why = why_not_contact(wanted.channel, facts, shop.policy, cap_week=wanted.cap_week)
        if one.is_here and why is None:
            allowed[member_id] = one.facts
    return allowed


def contact_facts(facts: MemberFacts, shop: Shop, now_ms: int, elsewhere: int = 0) -> ContactFacts:
    """What the rule about contacts asks, from what is known of a member; `elsewhere`: contacts by other stores."""
    since_ms = now_ms - CAP_DAYS * DAY_MS
    return ContactFacts(
        consents=facts.consents,
        contacts=sum(at_ms > since_ms for at_ms in facts.contacts_ms) + elsewhere,
        planned=facts.planned,
        is_muted=is_muted_by(facts.tags.items(), shop.policy, now_ms),
    )


def _spread(allowed: Mapping[str, MemberFacts], shop: Shop, sender_id: str) -> list[MemberFacts]:
    """A few of them, of different associates where there are."""
    by_staff: dict[str, list[MemberFacts]] = {}
    for facts in allowed.values():
        by_staff.setdefault(whose_task(shop, facts.owner_id, sender_id), []).append(facts)
    found: list[MemberFacts] = []
    while len(found) < min(CASES, len(allowed)):
        for staff_id in sorted(by_staff):
            if by_staff[staff_id] and len(found) < CASES:
                found.append(by_staff[staff_id].pop(0))
    return found


def _worded(
    conn: Connection, context: ServerContext, shop: Shop, people: Collection[MemberFacts], template: str,
    wanted: Wanted, sender_id: str,
) -> list[_Chosen]:  # fmt: skip
    """Each member's task: whose it is and its words."""
    ids = [facts.member_id for facts in people]
    chain_id = context.database.chain_id()
    names = member_names(conn, ids)
    items = last_items(conn, shop.scope_id, chain_id, ids) if "{item}" in template else {}
    s = store.c
    shop_row = conn.execute(select(s.name, s.name_en).where(s.scope_id == chain_id, s.id == shop.scope_id)).first()
    shop_name = Bilingual("", "") if shop_row is None else Bilingual(shop_row.name, shop_row.name_en)
    chosen: list[_Chosen] = []
    for facts in people:
        staff_id = whose_task(shop, facts.owner_id, sender_id)
        colleague = shop.people.get(staff_id)
        name = names.get(facts.member_id, Bilingual("", ""))
        values = {
            "name": name.pick(wanted.lang),
            "item": items.get(facts.member_id, Bilingual("", "")).pick(wanted.lang),
            "hours": "" if facts.hour is None else f"{facts.hour:02d}:00–{facts.hour + 1:02d}:00",
            "associate": "" if colleague is None else colleague.name.pick(wanted.lang),
            "store": shop_name.pick(wanted.lang),
        }
        chosen.append(_Chosen(facts.member_id, name.zh, staff_id, fill(template, values)))
    return chosen


def member_names(conn: Connection, ids: Sequence[str]) -> dict[str, Bilingual]:
    """What these members are called, wherever they are at home."""
    found: dict[str, Bilingual] = {}
    for home, members in sorted(homes_of(conn, ids).items()):
        for chunk in chunks(sorted(members)):
            query = select(member.c.id, member.c.name, member.c.name_en).where(
                member.c.scope_id == home, among(conn, member.c.id, chunk)
            )
            found |= {row.id: Bilingual(row.name, row.name_en or row.name) for row in conn.execute(query)}
    return found


def _write(
    opened: ScopeWrite, outreach_id: str, name: str, chosen: Sequence[_Chosen], wanted: Wanted, template: str,
    actor: Actor, now_ms: int,
) -> None:  # fmt: skip
    scope_id = opened.scope_id
    tasks = {one.member_id: derived_id(OUTREACH, outreach_id, one.member_id) for one in chosen}
    put_rows(
        opened,
        follow_up.name,
        [
            {
                "id": tasks[one.member_id], "member_id": one.member_id, "associate_id": one.associate_id,
                "due_date": wanted.due_date, "reason": OUTREACH, "text": one.text, "channel": wanted.channel,
                "created_at_ms": now_ms, "state": "open",
            }
            for one in chosen
        ],
    )  # fmt: skip
    key = {"scope_id": scope_id, "outreach_id": outreach_id}
    sent = {
        "segment_id": wanted.segment_id, "name": name, "channel": wanted.channel, "due_date": wanted.due_date,
        "template": template, "cap_week": wanted.cap_week, "sent": len(chosen), "sent_by": actor.id,
        "sent_at_ms": now_ms, "recalled_at_ms": None, "recalled": 0,
    }  # fmt: skip
    upsert(opened.conn, outreach, [key | sent])
    rows = [
        key | {"member_id": one.member_id, "follow_up_id": tasks[one.member_id], "associate_id": one.associate_id}
        for one in chosen
    ]
    upsert(opened.conn, outreach_task, rows)
