"""Somebody leaves, or moves to another store: her members and promises go to others before she does (COMMISSION.md 2).

Whoever gets members gets them by an assignment of its own, so the same rules of commission hold as for any other. What
nobody gets becomes the store's: when she leaves by her leaving, when she moves they stay hers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, func, select

from guidedesk.domain.access import Actor, may, outranks
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.sharing import share_out
from guidedesk.models.engagement import follow_up
from guidedesk.models.people import store
from guidedesk.models.server_tables import staff_session
from guidedesk.server.associates import (
    MemberFilter,
    StoreDesk,
    all_members,
    check_reassign,
    colleague,
    colleagues_of,
    loads,
    staff_of_store,
    store_desk,
)
from guidedesk.server.commission_book import refresh
from guidedesk.server.context import ServerContext
from guidedesk.server.reassign import Wanted, effects, owned, promises_to, reassign
from guidedesk.server.sharding import cross_scope
from guidedesk.server.staff import StaffOffice
from guidedesk.services.associates import (
    MOST_AT_ONCE,
    BatchKind,
    Colleague,
    EffectWarning,
    HandOver,
    HandOverRule,
    Share,
)


@dataclass(frozen=True, slots=True)
class HandOverWish:
    """What is to happen with whom: `kind` leave or move (to `store_id`), by which rule, among whom."""

    staff_id: str
    kind: Literal["leave", "move"]
    rule: HandOverRule
    colleague_ids: tuple[str, ...]
    store_id: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    desk: StoreDesk
    person: Colleague
    number: str
    shares: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]  # colleague -> members, other promises
    people: dict[str, Colleague]
    rest: int
    members: tuple[str, ...]
    promises: int


def preview_hand_over(
    context: ServerContext, store_id: str, wish: HandOverWish, actor: Actor
) -> HandOver:
    """Who would get what, and what would end. Refused as `hand_over`."""
    database, now_ms = context.database, context.clock.wall_ms()
    refresh(database, now_ms)
    plan = _plan(context, store_id, wish, actor, now_ms)
    with database.read() as conn:
        seen = effects(conn, plan.desk, wish.staff_id, plan.members)
        sessions = _sessions(conn, wish.staff_id)
        given = {
            who: len(promises_to(conn, plan.desk, wish.staff_id, set(members), more))
            for who, (members, more) in plan.shares.items()
        }
    warnings = list(seen.warnings)
    if plan.promises and not plan.shares:
        warnings.insert(0, EffectWarning("no_colleague", plan.promises))
    leaves = wish.kind == "leave"
    return HandOver(
        as_of_ms=now_ms,
        person=plan.person,
        shares=tuple(
            Share(plan.people[who], len(members), given[who], plan.people[who].open_windows + _open(plan, members))
            for who, (members, _) in plan.shares.items()
        ),
        to_pool=plan.rest if leaves else 0,
        stay=0 if leaves else plan.rest,
        follow_ups=sum(given.values()),
        sessions=sessions,
        orders=seen.orders,
        provisional_minor=seen.provisional_minor,
        currency=seen.currency,
        warnings=tuple(warnings),
    )


def hand_over(context: ServerContext, store_id: str, hand_over_id: str, wish: HandOverWish, actor: Actor) -> HandOver:
    """Carry it out: assignments first, then she leaves (sessions and PIN end) or moves. May be sent again.

    Refused: `forbidden`; `not_found` for somebody or a store that is not there; `validation` where the rule needs a
    colleague; `two_people` for herself; `staff_rank` for somebody of her own rank or above.
    """
    database, now_ms = context.database, context.clock.wall_ms()
    seen = preview_hand_over(context, store_id, wish, actor)
    plan = _plan(context, store_id, wish, actor, now_ms)
    for who, (members, promises) in plan.shares.items():
        if not members and not promises:
            continue
        kind: BatchKind = wish.kind
        for n in range(0, max(len(members), 1), MOST_AT_ONCE):
            wanted = Wanted(
                batch_id=derived_id("hand_over", hand_over_id, who, n),
                from_id=wish.staff_id,
                to_id=who,
                member_ids=members[n : n + MOST_AT_ONCE],
                reason="leaves" if wish.kind == "leave" else "moves",
                kind=kind,
                follow_up_ids=promises if n == 0 else (),
            )
            reassign(database, store_id, wanted, actor, now_ms)
    office = StaffOffice(database, context.secrets, context.clock, context.random)
    if wish.kind == "leave":
        office.leave(plan.number, actor)
    else:
        office.move(plan.number, wish.store_id, actor)
    return seen


def may_hand_over(actor: Actor, role: str, store_id: str) -> bool:
    """A manager lets associates go, who is above her lets managers go (SECURITY.md 2)."""
    return may(actor, "staff.manage", store_id) and outranks(actor, role)


def _plan(context: ServerContext, store_id: str, wish: HandOverWish, actor: Actor, now_ms: int) -> _Plan:
    check_reassign(actor, store_id)
    database = context.database
    with database.read() as conn:
        desk = store_desk(conn, database.chain_id(), store_id, now_ms)
        row = staff_of_store(conn, desk, wish.staff_id)
        if not row.is_active:
            raise Refused("not_found", what="staff")
        if row.id == actor.id:
            raise Refused("two_people")
        if not may_hand_over(actor, row.role, store_id):
            raise Refused("staff_rank")
        if wish.kind == "move":
            _check_store(conn, desk, wish.store_id)
        people = colleagues_of(conn, desk)
        person = people.get(row.id) or colleague(row, *loads(conn, [row.id], desk.open_since_ms).get(row.id, (0, 0)))
        chosen = {who: people[who] for who in wish.colleague_ids if who in people and who != row.id}
        if len(chosen) != len(set(wish.colleague_ids)):
            raise Refused("not_found", what="staff")
        wanted = {"pool": len(chosen) == 0, "one": len(chosen) == 1, "share": len(chosen) > 0}
        if not wanted[wish.rule]:
            raise Refused("validation", field="colleagues", why="missing")
    members = all_members(database, store_id, row.id, actor, now_ms, MemberFilter(), 1_000_000)
    with database.read() as conn:
        promises = _promises(conn, desk, row.id)
        hers = owned(conn, row.id, members)
    loads_now = {who: one.open_windows for who, one in chosen.items()}
    given = share_out(members, loads_now)
    others = [promise_id for promise_id, member_id in promises if member_id not in hers]
    more = share_out(others, dict.fromkeys(chosen, 0))
    return _Plan(
        desk=desk,
        person=person,
        number=row.number,
        shares={who: (given[who], more[who]) for who in chosen},
        people=people,
        rest=0 if chosen else len(members),
        members=members,
        promises=len(promises),
    )


def _open(plan: _Plan, members: Sequence[str]) -> int:
    """How many of these have an open window: the list begins with those."""
    first = set(plan.members[: plan.person.open_windows])
    return sum(one in first for one in members)


def _promises(conn: Connection, desk: StoreDesk, staff_id: str) -> list[tuple[str, str]]:
    f = follow_up.c
    query = select(f.id, f.member_id).where(
        f.scope_id == desk.store_id, f.associate_id == staff_id, f.state == "open", f.deleted_at_ms.is_(None)
    )
    return [(row.id, row.member_id) for row in conn.execute(query.order_by(f.due_date, f.id))]


def _check_store(conn: Connection, desk: StoreDesk, store_id: str) -> None:
    s = store.c
    known = select(s.id).where(s.scope_id == desk.chain_id, s.id == store_id, s.deleted_at_ms.is_(None))
    if store_id == desk.store_id or conn.execute(known).first() is None:
        raise Refused("not_found", what="store")


@cross_scope
def _sessions(conn: Connection, staff_id: str) -> int:
    s = staff_session.c
    query = select(func.count()).select_from(staff_session).where(s.staff_id == staff_id, s.ended_at_ms.is_(None))
    return int(conn.execute(query).scalar_one())
