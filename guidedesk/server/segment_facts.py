"""What is known of members as audiences ask for it, read from every row about them that their store may see.

`read_facts` is the whole truth; the table `member_fact` holds its answers, folded after the store's feed
(`segment_fold`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, Table, select

from guidedesk.domain.consent import ConsentState, joined, state_of
from guidedesk.domain.contact_limits import CAP_DAYS, CONTACT_KINDS
from guidedesk.domain.outreach import OUTREACH
from guidedesk.domain.segments import MemberFacts, WordKind, usual_hour
from guidedesk.domain.time import DAY_MS, local_datetime
from guidedesk.models.base import among
from guidedesk.models.engagement import follow_up, interaction, visit
from guidedesk.models.people import binding, consent, member, member_tag
from guidedesk.models.sales import purchase, purchase_line, purchase_return, purchase_return_line
from guidedesk.server.feed import chunks
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import granted_members, reach_of
from guidedesk.services.read_models import Bilingual

# Contacts older than the cap looks back cannot matter any more; a day more, so that no clock decides.
_CONTACTS_MS: Final = (CAP_DAYS + 1) * DAY_MS
_IDS: Final = 500


class Named(NamedTuple):
    """A word as people read it, in both languages."""

    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a store knows of one member; `is_here`: it may see her, and she is a person of her own."""

    facts: MemberFacts
    is_here: bool
    is_home: bool


@dataclass(slots=True)
class _Gathered:
    """Rows about one member, from wherever they live."""

    owner_id: str | None = None
    touched_ms: int | None = None
    birthday: int = 0
    is_home: bool = False
    is_person: bool = False
    consents: dict[str, list[ConsentState]] = field(default_factory=lambda: defaultdict(list))
    tags: dict[str, tuple[int, bool]] = field(default_factory=dict)
    orders: list[_Order] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)
    talks: list[tuple[int, str, str]] = field(default_factory=list)
    planned: int = 0


@dataclass(frozen=True, slots=True)
class _Order:
    at_ms: int
    channel: str
    currency: str
    net_minor: int
    words: tuple[tuple[WordKind, str], ...]


@dataclass(frozen=True, slots=True)
class FactRules:
    """The chain's settings that facts depend on, and its own scope, where online sales live."""

    chain_id: str
    zone: str
    currency: str


def read_facts(
    conn: Connection, scope_id: str, member_ids: Collection[str], rules: FactRules,
    names: dict[tuple[str, str], Named] | None = None,
) -> dict[str, Known]:  # fmt: skip
    """What `scope_id` knows of these members. `names` is told how words are called that nobody called yet."""
    found = {member_id: _Gathered() for member_id in member_ids}
    granted = granted_members(conn, scope_id, member_ids)
    called = {} if names is None else names
    for place, some in sorted(_places(conn, {scope_id, rules.chain_id}, found).items()):
        for chunk in chunks(sorted(some), _IDS):
            _read_people(conn, place, chunk, found, is_home=place == scope_id)
            _read_sales(conn, place, chunk, found, called)
            if place == scope_id:
                _read_here(conn, scope_id, chunk, found)
    return {
        member_id: Known(_facts(member_id, one, rules), one.is_person and member_id in granted, one.is_home)
        for member_id, one in found.items()
    }


def _places(conn: Connection, extra: Iterable[str], member_ids: Collection[str]) -> dict[str, set[str]]:
    places = {scope_id: set(member_ids) for scope_id in extra}
    for member_id, stores in reach_of(conn, member_ids).items():
        for scope_id in stores.keys() | set(stores.values()):
            places.setdefault(scope_id, set()).add(member_id)
    return places


def _of(table: Table, conn: Connection, scope_id: str, column: str, ids: Sequence[str]) -> Select[Any]:
    return select(table).where(table.c.scope_id == scope_id, among(conn, table.c[column], ids))


def _read_people(
    conn: Connection, place: str, ids: Sequence[str], found: Mapping[str, _Gathered], *, is_home: bool
) -> None:
    for row in conn.execute(_of(member, conn, place, "id", ids)):
        one = found[row.id]
        one.is_person = row.deleted_at_ms is None and row.merged_into is None
        one.is_home = is_home
        one.birthday = int(row.birthday.replace("-", "")) if row.birthday else 0
    for row in conn.execute(_of(binding, conn, place, "id", ids).where(binding.c.deleted_at_ms.is_(None))):
        found[row.id].owner_id, found[row.id].touched_ms = row.owner_id, row.last_touch_ms
    for row in conn.execute(_of(consent, conn, place, "member_id", ids).where(consent.c.deleted_at_ms.is_(None))):
        state = state_of(bool(row.is_given), row.withdrawn_at_ms, row.seen_ms)
        found[row.member_id].consents[row.purpose].append(state)
    for row in conn.execute(_of(member_tag, conn, place, "member_id", ids).where(member_tag.c.deleted_at_ms.is_(None))):
        known = found[row.member_id].tags.get(row.tag, (-1, False))
        found[row.member_id].tags[row.tag] = max(known, (row.changed_at_ms, bool(row.is_on)))


def _read_sales(
    conn: Connection, place: str, ids: Sequence[str], found: Mapping[str, _Gathered], names: dict[Any, Named]
) -> None:
    query = _of(purchase, conn, place, "member_id", ids).where(purchase.c.deleted_at_ms.is_(None))
    orders = {row.id: row for row in conn.execute(query)}
    if not orders:
        return
    back, came_back = _read_returns(conn, place, sorted(orders))
    words: dict[str, list[tuple[WordKind, str]]] = defaultdict(list)
    for chunk in chunks(sorted(orders), _IDS):
        for line in conn.execute(_of(purchase_line, conn, place, "purchase_id", chunk)):
            if line.qty > came_back.get((line.purchase_id, line.line_no), 0):
                for kind, word, name, name_en in _words_of(line):
                    words[line.purchase_id].append((kind, word))
                    names.setdefault((kind, word), Named(name, name_en or name))
    for order_id, row in orders.items():
        net = row.total_minor - back.get(order_id, 0)
        order = _Order(row.paid_at_ms, row.channel, row.currency, net, tuple(words[order_id]))
        found[row.member_id].orders.append(order)


def _read_returns(
    conn: Connection, place: str, order_ids: Sequence[str]
) -> tuple[dict[str, int], dict[tuple[str, int], int]]:
    """Order -> what went back to the customer; (order, line) -> how many pieces came back."""
    amounts: dict[str, int] = defaultdict(int)
    pieces: dict[tuple[str, int], int] = defaultdict(int)
    order_of: dict[str, str] = {}
    for chunk in chunks(order_ids, _IDS):
        query = _of(purchase_return, conn, place, "purchase_id", chunk).where(purchase_return.c.deleted_at_ms.is_(None))
        for row in conn.execute(query):
            amounts[row.purchase_id] += row.total_minor
            order_of[row.id] = row.purchase_id
    for chunk in chunks(sorted(order_of), _IDS):
        for line in conn.execute(_of(purchase_return_line, conn, place, "return_id", chunk)):
            pieces[order_of[line.return_id], line.line_no] += line.qty
    return amounts, pieces


def _words_of(line: Any) -> Iterable[tuple[WordKind, str, str, str | None]]:
    if line.category:
        yield "category", line.category, line.category, line.category_en
    yield "product", line.sku, line.name, line.name_en
    if line.size:
        yield "size", line.size, line.size, line.size
    if line.colour:
        yield "colour", line.colour, line.colour, line.colour_en


def _read_here(conn: Connection, scope_id: str, ids: Sequence[str], found: Mapping[str, _Gathered]) -> None:
    """What a store keeps to itself: its visits, its talks, its tasks."""
    query = _of(interaction, conn, scope_id, "member_id", ids).where(
        interaction.c.deleted_at_ms.is_(None), interaction.c.is_withdrawn == 0
    )
    for row in conn.execute(query):
        found[row.member_id].talks.append((row.occurred_at_ms, row.kind, row.outcome))
    for row in conn.execute(_of(visit, conn, scope_id, "member_id", ids).where(visit.c.deleted_at_ms.is_(None))):
        found[row.member_id].visits.append(row.occurred_at_ms)
    query = _of(follow_up, conn, scope_id, "member_id", ids).where(
        follow_up.c.deleted_at_ms.is_(None), follow_up.c.state == "open", follow_up.c.reason == OUTREACH
    )
    for row in conn.execute(query):
        found[row.member_id].planned += 1


def _facts(member_id: str, one: _Gathered, rules: FactRules) -> MemberFacts:
    orders: list[tuple[int, int]] = []
    bought: dict[tuple[WordKind, str], int] = {}
    hours: list[int] = []
    seen = [_day(at_ms, rules.zone) for at_ms in one.visits]
    for order in one.orders:
        at = local_datetime(order.at_ms, rules.zone)
        day = at.toordinal()
        if order.channel == "store":
            seen.append(day)
        if order.net_minor <= 0:
            continue  # all of it came back
        orders.append((day, order.net_minor if order.currency == rules.currency else 0))
        if order.channel == "store":
            hours.append(at.hour)
        for key in order.words:
            bought[key] = max(bought.get(key, 0), day)
    contacts = sorted(at_ms for at_ms, kind, _ in one.talks if kind in CONTACT_KINDS)
    tried = max((_day(at_ms, rules.zone) for at_ms, _, outcome in one.talks if outcome == "tried"), default=None)
    last_order = max((day for day, _ in orders), default=0)
    return MemberFacts(
        member_id=member_id,
        owner_id=one.owner_id,
        consents=frozenset(purpose for purpose, states in one.consents.items() if joined(states).is_given),
        birthday=one.birthday,
        hour=usual_hour(hours),
        in_store_on=max(seen, default=None),
        contacted_on=_day(contacts[-1], rules.zone) if contacts else None,
        touched_on=None if one.owner_id is None or one.touched_ms is None else _day(one.touched_ms, rules.zone),
        tried_on=tried if tried is not None and tried > last_order else None,
        orders=tuple(sorted(orders)),
        bought=bought,
        tags={tag: at_ms for tag, (at_ms, is_on) in one.tags.items() if is_on},
        contacts_ms=tuple(at_ms for at_ms in contacts if at_ms > contacts[-1] - _CONTACTS_MS),
        planned=one.planned,
    )


def _day(at_ms: int, zone: str) -> int:
    return local_datetime(at_ms, zone).toordinal()


@cross_scope
def contacts_elsewhere(conn: Connection, scope_id: str, member_ids: Collection[str], since_ms: int) -> dict[str, int]:
    """Member -> contacts since then that other stores made: the cap is over everybody (SECURITY.md P-1)."""
    counts: dict[str, int] = defaultdict(int)
    i = interaction.c
    for place, some in sorted(_places(conn, (), member_ids).items()):
        if place == scope_id:
            continue
        for chunk in chunks(sorted(some), _IDS):
            query = select(i.member_id).where(
                i.scope_id == place, among(conn, i.member_id, chunk), i.deleted_at_ms.is_(None), i.is_withdrawn == 0,
                i.kind.in_(CONTACT_KINDS), i.occurred_at_ms > since_ms,
            )  # fmt: skip
            for member_id in conn.execute(query).scalars():
                counts[member_id] += 1
    return counts


def homes_of(conn: Connection, member_ids: Collection[str]) -> dict[str, set[str]]:
    """Home scope -> those of these members who are at home there."""
    homes: dict[str, set[str]] = defaultdict(set)
    for member_id, stores in reach_of(conn, member_ids).items():
        for home in stores.values():
            homes[home].add(member_id)
    return homes


def last_items(conn: Connection, scope_id: str, chain_id: str, member_ids: Collection[str]) -> dict[str, Bilingual]:
    """Member -> what she bought last, the dearest line of her last sale."""
    last: dict[str, tuple[int, str, str]] = {}
    for place, some in sorted(_places(conn, {scope_id, chain_id}, member_ids).items()):
        for chunk in chunks(sorted(some), _IDS):
            query = _of(purchase, conn, place, "member_id", chunk).where(purchase.c.deleted_at_ms.is_(None))
            for row in conn.execute(query):
                last[row.member_id] = max(last.get(row.member_id, (0, "", "")), (row.paid_at_ms, place, row.id))
    wanted: dict[str, list[str]] = defaultdict(list)
    for _, place, order_id in last.values():
        wanted[place].append(order_id)
    dearest: dict[str, tuple[int, str, str]] = {}
    for place, order_ids in sorted(wanted.items()):
        for chunk in chunks(sorted(order_ids), _IDS):
            for line in conn.execute(_of(purchase_line, conn, place, "purchase_id", chunk)):
                found = (line.amount_minor, line.name, line.name_en or line.name)
                dearest[line.purchase_id] = max(dearest.get(line.purchase_id, (-1, "", "")), found)
    return {
        member_id: Bilingual(*dearest[order_id][1:])
        for member_id, (_, _, order_id) in last.items()
        if order_id in dearest
    }


def seen_since(
    conn: Connection, scope_id: str, chain_id: str, member_ids: Collection[str], since_ms: int, until_ms: int
) -> tuple[set[str], set[str]]:
    """Of these members, who came to the store, and who bought anything anywhere, after one moment up to another."""
    came: set[str] = set()
    bought: set[str] = set()
    for place, some in sorted(_places(conn, {scope_id, chain_id}, member_ids).items()):
        for chunk in chunks(sorted(some), _IDS):
            p = purchase.c
            query = select(p.member_id, p.channel).where(
                p.scope_id == place, among(conn, p.member_id, chunk), p.deleted_at_ms.is_(None),
                p.paid_at_ms > since_ms, p.paid_at_ms <= until_ms,
            )  # fmt: skip
            for row in conn.execute(query):
                bought.add(row.member_id)
                if place == scope_id and row.channel == "store":
                    came.add(row.member_id)
    v = visit.c
    for chunk in chunks(sorted(member_ids), _IDS):
        query = select(v.member_id).where(
            v.scope_id == scope_id, among(conn, v.member_id, chunk), v.deleted_at_ms.is_(None),
            v.occurred_at_ms > since_ms, v.occurred_at_ms <= until_ms,
        )  # fmt: skip
        came.update(conn.execute(query).scalars())
    return came, bought
