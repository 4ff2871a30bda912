"""The table `member_fact`, kept after the feed of each store: whatever moves a pointer about somebody folds her anew.

A fold is idempotent and reads everything about the members it touches, so it comes out as a full recompute does
(`rebuild`). A store that was never folded is read whole first, a portion after the other.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.domain.segments import MemberFacts
from guidedesk.models.base import among
from guidedesk.models.entities import entity_tables, upsert
from guidedesk.models.segment_tables import member_fact, member_fact_mark, member_fact_word
from guidedesk.models.server_tables import feed, scope, scope_grant
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.feed import chunks, scope_state
from guidedesk.server.segment_facts import FactRules, Known, Named, read_facts
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import member_column

# Rows that say something an audience may ask for.
_ASKED_OF: Final = frozenset(
    {"member", "binding", "consent", "member_tag", "purchase", "purchase_return", "visit", "interaction", "follow_up"}
)
_POINTERS: Final = 2_000
_MEMBERS: Final = 500


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a store is folded; `rebuilt_to` names the last member of a rebuild that is under way."""

    epoch: int
    feed_seq: int
    fact_seq: int
    rebuilt_to: str | None


def fold_scope(database: ServerDatabase, scope_id: str, *, portions: int = 1_000_000) -> bool:
    """Fold what came since the last time, at most so many portions; whether all of it is folded now."""
    rules = fact_rules(database)
    return any(not _fold_portion(database, scope_id, rules) for _ in range(portions))


def rebuild(database: ServerDatabase, scope_id: str) -> None:
    """Read a store whole again, as if it had never been folded."""

    def forget(opened: ScopeWrite) -> None:
        gone = update(member_fact_mark).where(member_fact_mark.c.scope_id == scope_id).values(epoch=-1)
        opened.conn.execute(gone)

    database.write(scope_id, forget)
    fold_scope(database, scope_id)


def fact_rules(database: ServerDatabase) -> FactRules:
    """The chain's settings that facts depend on."""
    chain_id = database.chain_id()
    with database.read() as conn:
        found = read_settings(conn, chain_id)
    return FactRules(chain_id, found["zone"], found["currency"])


@cross_scope
def folded_stores(database: ServerDatabase) -> list[str]:
    """Stores that somebody asked an audience of: only these are kept up to date by themselves."""
    with database.read() as conn:
        return sorted(conn.execute(select(member_fact_mark.c.scope_id)).scalars())


def read_mark(conn: Connection, scope_id: str) -> Mark | None:
    """How far a store is folded, None before its first fold."""
    m = member_fact_mark.c
    row = conn.execute(select(m.epoch, m.feed_seq, m.fact_seq, m.rebuilt_to).where(m.scope_id == scope_id)).first()
    return None if row is None else Mark(*row)


def _fold_portion(database: ServerDatabase, scope_id: str, rules: FactRules) -> bool:
    """One portion; False where nothing was left to do."""
    names: dict[tuple[str, str], Named] = {}
    with database.read() as conn:
        mark = read_mark(conn, scope_id)
        epoch, head, floor = scope_state(conn, scope_id)
        if mark is None or mark.epoch != epoch or (mark.rebuilt_to is None and mark.feed_seq < floor):
            # What the feed holds from now on is folded after the whole was read.
            after = Mark(epoch, head, 0 if mark is None else mark.fact_seq, "")
            members = _granted_after(conn, scope_id, None)
        elif mark.rebuilt_to is not None:
            after = mark
            members = _granted_after(conn, scope_id, mark.rebuilt_to)
        elif mark.feed_seq >= head:
            return False
        else:
            members, reached = _touched(conn, scope_id, mark.feed_seq, head)
            after = Mark(epoch, reached, mark.fact_seq, None)
        known: dict[str, Known] = {}
        for chunk in chunks(sorted(members), _MEMBERS):
            known |= read_facts(conn, scope_id, chunk, rules, names)
    is_fresh = after.rebuilt_to == ""
    if after.rebuilt_to is not None:
        rebuilt_to = max(members) if len(members) >= _MEMBERS else None
        after = Mark(after.epoch, after.feed_seq, after.fact_seq, rebuilt_to)
    database.write(scope_id, lambda opened: _keep(opened, mark, after, known, names, is_fresh=is_fresh))
    return True


def _granted_after(conn: Connection, scope_id: str, member_id: str | None) -> set[str]:
    """The next members a store sees, in the order of their ids."""
    g = scope_grant.c
    query = select(g.member_id).where(g.scope_id == scope_id).distinct().order_by(g.member_id).limit(_MEMBERS)
    if member_id is not None:
        query = query.where(g.member_id > member_id)
    return set(conn.execute(query).scalars())


def _touched(conn: Connection, scope_id: str, after: int, head: int) -> tuple[set[str], int]:
    """Members about whom a pointer moved, and up to where the feed was looked at."""
    f = feed.c
    pointers = conn.execute(
        select(f.seq, f.tbl, f.row_id, f.row_scope_id)
        .where(f.scope_id == scope_id, f.seq > after)
        .order_by(f.seq)
        .limit(_POINTERS)
    ).all()
    reached = pointers[-1].seq if len(pointers) == _POINTERS else max([head, *(p.seq for p in pointers[-1:])])
    wanted: dict[tuple[str, str], list[str]] = defaultdict(list)
    for pointer in pointers:
        if pointer.tbl in _ASKED_OF:
            wanted[pointer.tbl, pointer.row_scope_id].append(pointer.row_id)
    members: set[str] = set()
    for (tbl, row_scope), row_ids in sorted(wanted.items()):
        table = entity_tables()[tbl]
        for chunk in chunks(row_ids):
            query = select(member_column(tbl)).where(
                table.c.scope_id == row_scope, among(conn, table.c.id, chunk), member_column(tbl).is_not(None)
            )
            members.update(conn.execute(query).scalars())
    return members, reached


def _keep(
    opened: ScopeWrite, before: Mark | None, after: Mark, known: Mapping[str, Known], names: Mapping[Any, Named], *,
    is_fresh: bool,
) -> None:  # fmt: skip
    """Write a portion, unless somebody else folded this store meanwhile: then it is not needed."""
    conn, scope_id = opened.conn, opened.scope_id
    if read_mark(conn, scope_id) != before:
        return
    numbers = _number_words(conn, scope_id, known.values(), names)
    seq = after.fact_seq + 1
    if is_fresh:
        # Whom the store no longer sees is not read again.
        away = update(member_fact).where(member_fact.c.scope_id == scope_id).values(is_here=0, seq=seq)
        conn.execute(away)
        seq += 1
    rows = [
        {"scope_id": scope_id, "member_id": member_id, "seq": seq}
        | pack(one.facts, numbers)
        | {"is_here": int(one.is_here), "is_home": int(one.is_home)}
        for member_id, one in sorted(known.items())
    ]
    upsert(conn, member_fact, rows)
    mark = {"epoch": after.epoch, "feed_seq": after.feed_seq, "fact_seq": seq, "rebuilt_to": after.rebuilt_to}
    m = member_fact_mark.c
    counted = conn.execute(select(m.counted_at_ms).where(m.scope_id == scope_id)).scalar() or 0
    upsert(conn, member_fact_mark, [{"scope_id": scope_id, "counted_at_ms": counted, **mark}])


def _number_words(
    conn: Connection, scope_id: str, known: Iterable[Known], names: Mapping[Any, Named]
) -> dict[tuple[str, str], int]:
    """Every word of these members with its number in this store; new ones get the next."""
    wanted = {key for one in known for key in (*one.facts.bought, *(("tag", tag) for tag in one.facts.tags))}
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, word in sorted(wanted):
        by_kind[kind].append(word)
    w = member_fact_word.c
    numbers: dict[tuple[str, str], int] = {}
    for kind, words in by_kind.items():
        for chunk in chunks(words):
            query = select(w.word, w.number).where(w.scope_id == scope_id, w.kind == kind, among(conn, w.word, chunk))
            numbers |= {(kind, row.word): row.number for row in conn.execute(query)}
    fresh = sorted(wanted - numbers.keys())
    if fresh:
        first = conn.execute(select(func.coalesce(func.max(w.number), 0)).where(w.scope_id == scope_id)).scalar_one()
        rows = []
        for number, (kind, word) in enumerate(fresh, first + 1):
            name = names.get((kind, word), Named(word, word))
            numbers[kind, word] = number
            row = {"scope_id": scope_id, "kind": kind, "word": word, "number": number}
            rows.append(row | {"name": name.name, "name_en": name.name_en})
        upsert(conn, member_fact_word, rows)
    return numbers


def pack(facts: MemberFacts, numbers: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    """Facts as the table keeps them."""
    words = [(numbers[key], day) for key, day in facts.bought.items()]
    words += [(numbers["tag", tag], at_ms) for tag, at_ms in facts.tags.items()]
    return {
        "owner_id": facts.owner_id,
        "consents": sum(1 << at for at, purpose in enumerate(CONSENT_PURPOSES) if purpose in facts.consents),
        "birthday": facts.birthday,
        "hour": -1 if facts.hour is None else facts.hour,
        "in_store_on": facts.in_store_on or 0,
        "contacted_on": facts.contacted_on or 0,
        "touched_on": facts.touched_on or 0,
        "tried_on": facts.tried_on or 0,
        "orders": _packed(sorted(facts.orders)),  # by day: `segment_pools.OrderPool` counts from the end
        "words": _packed(sorted(words)),
        "contacts_ms": _packed([(at_ms,) for at_ms in facts.contacts_ms]),
        "planned": facts.planned,
    }


def _packed(values: Sequence[tuple[int, ...]]) -> bytes:
    numbers = array("q", [number for each in values for number in each])
    if _is_big_endian():
        numbers.byteswap()
    return numbers.tobytes()


@cache
def _is_big_endian() -> bool:
    return array("q", [1]).tobytes()[0] == 0


@cross_scope
def stores_of(database: ServerDatabase) -> Collection[str]:
    """Every store of the chain."""
    with database.read() as conn:
        return set(conn.execute(select(scope.c.scope_id).where(scope.c.kind == "store")).scalars())
