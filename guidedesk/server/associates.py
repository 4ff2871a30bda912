"""What a manager is shown of an associate: her activity, her members by window left, what was given away (mockup 11).

Her members may be at home in any store; what was bought is looked for where the page's members are seen.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, case, desc, func, or_, select

from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS, local_date, local_midnight_ms
from guidedesk.models.base import among
from guidedesk.models.engagement import follow_up, interaction
from guidedesk.models.people import binding, member, staff
from guidedesk.models.sales import purchase, purchase_return
from guidedesk.models.server_tables import assignment_batch, scope
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_documents import read_earnings
from guidedesk.server.commission_reads import lines_of, states_of
from guidedesk.server.database import ServerDatabase
from guidedesk.server.feed import chunks
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import reach_of
from guidedesk.services.associates import (
    PAGE,
    UNDO_MS,
    Activity,
    Associate,
    Batch,
    Colleague,
    MembersPage,
    TeamMember,
)
from guidedesk.services.read_models import NOBODY, Bilingual

_YEAR_DAYS: Final = 365
_BATCHES_SHOWN: Final = 10
SELLING: Final = ("associate", "manager", "area_manager")


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """Which of her members: only with an open window, of a tier, with a promise due by today."""

    only_open: bool = False
    tier: str = ""
    only_due: bool = False


@dataclass(frozen=True, slots=True)
class StoreDesk:
    """What every answer about a store's people begins from."""

    chain_id: str
    store_id: str
    zone: str
    window_days: int
    currency: str
    now_ms: int

    @property
    def today(self) -> Any:
        """The local day."""
        return local_date(self.now_ms, self.zone)

    @property
    def open_since_ms(self) -> int:
        """The earliest last touch whose window is open today (COMMISSION.md 1.5)."""
        return local_midnight_ms(self.today - timedelta(days=self.window_days), self.zone)


def store_desk(conn: Connection, chain_id: str, store_id: str, now_ms: int) -> StoreDesk:
    """The desk of one store."""
    found = read_settings(conn, chain_id)
    return StoreDesk(chain_id, store_id, found["zone"], int(found["window_days"]), found["currency"], now_ms)


def staff_of_store(conn: Connection, desk: StoreDesk, staff_id: str) -> Any:
    """Somebody of this store, working or not; anybody else is `not_found`, like nobody (SECURITY.md A-2)."""
    s = staff.c
    row = conn.execute(
        select(s.id, s.number, s.name, s.name_en, s.role, s.store_id, s.is_active).where(
            s.scope_id == desk.chain_id, s.id == staff_id, s.store_id == desk.store_id, s.deleted_at_ms.is_(None)
        )
    ).first()
    if row is None:
        raise Refused("not_found", what="staff")
    return row


def check_reassign(actor: Actor, store_id: str) -> None:
    """`forbidden` for who may not give members of this store to others."""
    if not may(actor, "member.reassign", store_id):
        raise Refused("forbidden", permission="member.reassign")


def read_associate(database: ServerDatabase, store_id: str, staff_id: str, actor: Actor, now_ms: int) -> Associate:
    """Her page. Refused: `forbidden`, `not_found` for somebody of another store."""
    check_reassign(actor, store_id)
    chain_id = database.chain_id()
    with database.read() as conn:
        desk = store_desk(conn, chain_id, store_id, now_ms)
        staff_of_store(conn, desk, staff_id)
    month = read_earnings(database, staff_id, None, now_ms)
    with database.read() as conn:
        row = staff_of_store(conn, desk, staff_id)
        people = colleagues_of(conn, desk)
        me = people.get(staff_id) or colleague(row, *loads(conn, [staff_id], desk.open_since_ms).get(staff_id, (0, 0)))
        did = _activity(conn, desk, staff_id)
        return Associate(
            as_of_ms=now_ms,
            person=me,
            is_active=bool(row.is_active),
            period=desk.today.isoformat()[:7],
            currency=month.currency,
            window_days=desk.window_days,
            activity=Activity(
                *did,
                confirmed_minor=month.totals.confirmed.amount_minor,
                confirmed_lines=month.totals.confirmed.count,
                provisional_minor=month.totals.provisional.amount_minor,
                provisional_lines=month.totals.provisional.count,
            ),
            colleagues=tuple(one for one in people.values() if one.id != staff_id),
            batches=batches_about(conn, desk, actor, staff_id),
        )


def colleagues_of(conn: Connection, desk: StoreDesk) -> dict[str, Colleague]:
    """Everybody who sells in this store now, by number."""
    s = staff.c
    query = select(s.id, s.number, s.name, s.name_en, s.role).where(
        s.scope_id == desk.chain_id, s.store_id == desk.store_id, s.is_active == 1, s.deleted_at_ms.is_(None),
        s.role.in_(SELLING),
    )  # fmt: skip
    rows = conn.execute(query.order_by(s.number)).all()
    known = loads(conn, [row.id for row in rows], desk.open_since_ms)
    return {row.id: colleague(row, *known.get(row.id, (0, 0))) for row in rows}


def colleague(row: Any, members: int, open_windows: int) -> Colleague:
    """A row of staff as a document."""
    return Colleague(row.id, row.number, Bilingual(row.name, row.name_en or ""), row.role, members, open_windows)


@cross_scope
def loads(conn: Connection, staff_ids: Collection[str], open_since_ms: int) -> dict[str, tuple[int, int]]:
    """Associate -> (members, open windows)."""
    b = binding.c
    is_open = func.sum(case((b.last_touch_ms >= open_since_ms, 1), else_=0))
    query = (
        select(b.owner_id, func.count(), is_open)
        .where(among(conn, b.scope_id, _stores(conn)), among(conn, b.owner_id, sorted(staff_ids)))
        .where(b.deleted_at_ms.is_(None))
        .group_by(b.owner_id)
    )
    return {row[0]: (int(row[1]), int(row[2] or 0)) for row in conn.execute(query)} if staff_ids else {}


@cross_scope
def _stores(conn: Connection) -> list[str]:
    """Where members are at home: her index is asked once a store, whoever she is."""
    return sorted(conn.execute(select(scope.c.scope_id).where(scope.c.kind == "store")).scalars())


# --- Her members --------------------------------------------------------------------------------------------------


def read_members(
    database: ServerDatabase, store_id: str, staff_id: str, actor: Actor, now_ms: int, wanted: MemberFilter, after: str
) -> MembersPage:
    """A page of her members. Refused as `read_associate`; `validation` for a place that is none."""
    check_reassign(actor, store_id)
    chain_id = database.chain_id()
    if not after:
        refresh(database, now_ms)
    with database.read() as conn:
        desk = store_desk(conn, chain_id, store_id, now_ms)
        staff_of_store(conn, desk, staff_id)
        due = _promises(conn, desk, staff_id)
        only = _with_due(desk, due) if wanted.only_due else None
        rows = _page(conn, desk, staff_id, wanted, only, after, PAGE + 1)
        more, rows = rows[PAGE:], rows[:PAGE]
        bought = _bought(conn, desk, [row.id for row in rows])
        earned = provisional_by_member(conn, desk, staff_id)[0] if rows else {}
        matching = _count(conn, desk, staff_id, wanted, only)
    members = tuple(
        _member(desk, row, due.get(row.id), bought.get(row.id, 0), earned.get(row.id, 0)) for row in rows
    )
    last = rows[-1] if more and rows else None
    place = "" if last is None else f"{int(last.last_touch_ms >= desk.open_since_ms)}:{last.last_touch_ms}:{last.id}"
    return MembersPage(now_ms, members, matching, place)


def all_members(database: ServerDatabase, store_id: str, staff_id: str, actor: Actor, now_ms: int,
                wanted: MemberFilter, most: int) -> tuple[str, ...]:
    """The ids of everybody that matches, most urgent first, `most` at most: "select all"."""
    check_reassign(actor, store_id)
    with database.read() as conn:
        desk = store_desk(conn, database.chain_id(), store_id, now_ms)
        staff_of_store(conn, desk, staff_id)
        only = _with_due(desk, _promises(conn, desk, staff_id)) if wanted.only_due else None
        return tuple(row.id for row in _page(conn, desk, staff_id, wanted, only, "", most))


def _member(desk: StoreDesk, row: Any, promise: Any, bought: int, earned: int) -> TeamMember:
    ends = local_date(row.last_touch_ms, desk.zone) + timedelta(days=desk.window_days)
    return TeamMember(
        id=row.id,
        name=row.name,
        tier=row.tier,
        days_left=(ends - desk.today).days,
        earns_until=ends.isoformat(),
        follow_up_on="" if promise is None else promise.due_date,
        follow_up_time="" if promise is None else promise.due_time or "",
        bought_minor=bought,
        provisional_minor=earned,
    )


def _with_due(desk: StoreDesk, promises: Mapping[str, Any]) -> list[str]:
    today = desk.today.isoformat()
    return sorted(member_id for member_id, row in promises.items() if row.due_date <= today)


def _promises(conn: Connection, desk: StoreDesk, staff_id: str) -> dict[str, Any]:
    """Member -> her next open promise to her, made in this store."""
    f = follow_up.c
    query = (
        select(f.id, f.member_id, f.due_date, f.due_time)
        .where(f.scope_id == desk.store_id, f.associate_id == staff_id, f.state == "open", f.deleted_at_ms.is_(None))
        .order_by(desc(f.due_date), desc(f.due_time))
    )
    return {row.member_id: row for row in conn.execute(query)}


@cross_scope
def _page(
    conn: Connection, desk: StoreDesk, staff_id: str, wanted: MemberFilter, only: Sequence[str] | None, after: str,
    most: int,
) -> list[Any]:  # fmt: skip
    """Rows in the order of the list: open windows by rising last touch, then those over by falling last touch."""
    b, since = binding.c, desk.open_since_ms
    query = _hers(conn, staff_id, wanted, only, desk)
    found: list[Any] = []
    at = _place(after)
    if at is None or at[0]:
        first = query.where(b.last_touch_ms >= since)
        if at is not None:
            first = first.where(or_(b.last_touch_ms > at[1], and_(b.last_touch_ms == at[1], b.id > at[2])))
        found += conn.execute(first.order_by(b.last_touch_ms, b.id).limit(most))
    if len(found) < most and not wanted.only_open:
        rest = query.where(b.last_touch_ms < since)
        if at is not None and not at[0]:
            rest = rest.where(or_(b.last_touch_ms < at[1], and_(b.last_touch_ms == at[1], b.id > at[2])))
        found += conn.execute(rest.order_by(desc(b.last_touch_ms), b.id).limit(most - len(found)))
    return found


def _hers(
    conn: Connection, staff_id: str, wanted: MemberFilter, only: Sequence[str] | None, desk: StoreDesk
) -> Select[Any]:
    b, m = binding.c, member.c
    query = (
        select(b.id, b.scope_id, b.last_touch_ms, m.name, m.tier)
        .join(member, and_(m.scope_id == b.scope_id, m.id == b.id))
        .where(among(conn, b.scope_id, _stores(conn)), b.owner_id == staff_id, b.deleted_at_ms.is_(None))
        .where(m.deleted_at_ms.is_(None), m.merged_into.is_(None))
    )
    if wanted.only_open:
        query = query.where(b.last_touch_ms >= desk.open_since_ms)
    if wanted.tier:
        query = query.where(m.tier == wanted.tier)
    return query if only is None else query.where(among(conn, b.id, only))


@cross_scope
def _count(
    conn: Connection, desk: StoreDesk, staff_id: str, wanted: MemberFilter, only: Sequence[str] | None
) -> int:
    query = _hers(conn, staff_id, wanted, only, desk).subquery()
    return int(conn.execute(select(func.count()).select_from(query)).scalar_one())


def _place(text: str) -> tuple[bool, int, str] | None:
    if not text:
        return None
    parts = text.split(":")
    if len(parts) != 3 or parts[0] not in "01" or not parts[1].isdecimal():
        raise Refused("validation", field="after", why="bad_value")
    return parts[0] == "1", int(parts[1]), parts[2]


@cross_scope
def _bought(conn: Connection, desk: StoreDesk, member_ids: Sequence[str]) -> dict[str, int]:
    """Member -> what she bought in twelve months, less what came back, in the chain's currency."""
    since = desk.now_ms - _YEAR_DAYS * DAY_MS
    places = {store for stores in reach_of(conn, member_ids).values() for store in stores} | {desk.chain_id}
    sums: dict[str, int] = defaultdict(int)
    for table, at, sign in ((purchase, "paid_at_ms", 1), (purchase_return, "returned_at_ms", -1)):
        c = table.c
        for some in chunks(list(member_ids)):
            query = (
                select(c.member_id, func.sum(c.total_minor))
                .where(among(conn, c.scope_id, sorted(places)), among(conn, c.member_id, some), c[at] >= since)
                .where(c.currency == desk.currency, c.deleted_at_ms.is_(None))
                .group_by(c.member_id)
            )
            for member_id, total in conn.execute(query):
                sums[member_id] += sign * int(total)
    return sums


def provisional_by_member(
    conn: Connection, desk: StoreDesk, staff_id: str
) -> tuple[dict[str, int], dict[str, set[str]], dict[str, int]]:
    """By member: what of hers is provisional, on which orders, and how many of her lines are disputed."""
    waiting = [
        line
        for line in lines_of(conn, desk.chain_id, beneficiary=staff_id)
        if line.ref is not None and line.line is not None
        and (line.confirms_at_ms is None or line.confirms_at_ms > desk.now_ms)
    ]  # fmt: skip
    states = states_of(conn, desk.chain_id, waiting, desk.now_ms)
    buyers = _buyers(conn, {str(line.ref) for line in waiting})
    sums: dict[str, int] = defaultdict(int)
    orders: dict[str, set[str]] = defaultdict(set)
    disputed: dict[str, int] = defaultdict(int)
    for line in waiting:
        who, state = buyers.get(str(line.ref)), states[line.entry_id].state
        if who is None:
            continue
        if state == "provisional":
            sums[who] += line.amount
            orders[who].add(str(line.ref))
        elif state == "disputed":
            disputed[who] += 1
            orders[who].add(str(line.ref))
    return sums, orders, disputed


@cross_scope
def _buyers(conn: Connection, orders: Iterable[str]) -> dict[str, str]:
    """Order -> member."""
    p, places = purchase.c, conn.execute(select(scope.c.scope_id)).scalars().all()
    found: dict[str, str] = {}
    for some in chunks(sorted(orders)):
        query = select(p.id, p.member_id).where(
            among(conn, p.scope_id, sorted(places)), among(conn, p.id, some), p.member_id.is_not(None)
        )
        found |= {row.id: row.member_id for row in conn.execute(query)}
    return found


# --- What she did -------------------------------------------------------------------------------------------------


def _activity(conn: Connection, desk: StoreDesk, staff_id: str) -> tuple[int, int, int, int]:
    """This month: people she took in, conversations, promises due, promises kept in time."""
    first = desk.today.replace(day=1)
    since = local_midnight_ms(first, desk.zone)
    m, i, f = member.c, interaction.c, follow_up.c
    new = select(func.count()).where(
        m.scope_id == desk.store_id, m.registered_by == staff_id, m.joined_at_ms >= since, m.merged_into.is_(None),
        m.deleted_at_ms.is_(None),
    )  # fmt: skip
    talks = select(func.count()).where(
        i.scope_id == desk.store_id, i.associate_id == staff_id, i.occurred_at_ms >= since, i.is_withdrawn == 0,
        i.deleted_at_ms.is_(None),
    )  # fmt: skip
    due = select(f.state, f.due_date, f.done_at_ms).where(
        f.scope_id == desk.store_id, f.associate_id == staff_id, f.state.in_(("open", "done")),
        f.due_date >= first.isoformat(), f.due_date <= desk.today.isoformat(), f.deleted_at_ms.is_(None),
    )  # fmt: skip
    # A promise for today that is still open is not late yet: it counts from tomorrow on.
    today = desk.today.isoformat()
    rows = [row for row in conn.execute(due) if row.state == "done" or row.due_date < today]
    in_time = sum(
        row.state == "done" and local_date(row.done_at_ms, desk.zone).isoformat() <= row.due_date for row in rows
    )
    return conn.execute(new).scalar_one(), conn.execute(talks).scalar_one(), len(rows), in_time


# --- What was given away ------------------------------------------------------------------------------------------


def batches_about(conn: Connection, desk: StoreDesk, actor: Actor, staff_id: str) -> tuple[Batch, ...]:
    """The last steps that took members from her or gave some to her, newest first."""
    a = assignment_batch.c
    query = (
        select(assignment_batch)
        .where(a.scope_id == desk.store_id, or_(a.from_id == staff_id, a.to_id == staff_id))
        .order_by(desc(a.made_at_ms), a.batch_id)
        .limit(_BATCHES_SHOWN)
    )
    rows = conn.execute(query).all()
    return tuple(batch_of(row, names_of(conn, desk, rows), desk.now_ms, actor) for row in rows)


def names_of(conn: Connection, desk: StoreDesk, rows: Sequence[Any]) -> dict[str, Bilingual]:
    """The names of whoever these steps are about."""
    s = staff.c
    wanted = {who for row in rows for who in (row.from_id, row.to_id, row.made_by)}
    found: dict[str, Bilingual] = {}
    for some in chunks(sorted(wanted)):
        query = select(s.id, s.name, s.name_en).where(s.scope_id == desk.chain_id, among(conn, s.id, some))
        found |= {row.id: Bilingual(row.name, row.name_en or "") for row in conn.execute(query)}
    return found


def batch_of(row: Any, names: Mapping[str, Bilingual], now_ms: int, actor: Actor | None = None) -> Batch:
    """A step as a document."""
    until = row.made_at_ms + UNDO_MS
    may_undo = (
        actor is not None and row.kind == "reassign" and row.voided_at_ms is None and now_ms <= until
    )  # fmt: skip
    return Batch(
        id=row.batch_id,
        kind=row.kind,
        giver_id=row.from_id,
        giver=names.get(row.from_id, NOBODY),
        taker_id=row.to_id,
        taker=names.get(row.to_id, NOBODY),
        reason=row.reason,
        members=row.members,
        follow_ups=row.follow_ups,
        made_at_ms=row.made_at_ms,
        made_by=names.get(row.made_by, NOBODY),
        undo_until_ms=until if may_undo else None,
        voided_at_ms=row.voided_at_ms,
    )


def told_of(row: Any) -> list[str]:
    """Who of the two has seen it."""
    found: list[str] = json.loads(row.told)
    return found
