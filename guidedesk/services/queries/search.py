"""Finding people by what a customer says: name, pinyin, initials, last four, tail + surname, card, receipt, tag.

Everything is an indexed half-open range: `LIKE '%x%'` costs a quarter of a second on a full counter (FACTS.md).
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from guidedesk.models import people, sales
from guidedesk.services.queries.reference import staff_names
from guidedesk.services.read_models import NOBODY, MemberHit

_PERSON = people.member
# Kind, clause and the columns to order by where it is not the name: always those of the index that finds the rows,
# so that the first hits are found without reading all of them.
Match = tuple[str, ColumnElement[bool], *tuple[ColumnElement[Any], ...]]


def search_members(
    conn: Connection, text: str, *, limit: int = 20, phone_hash: str | None = None
) -> tuple[MemberHit, ...]:
    """Members on this PC that a few typed characters mean, best kind of match first, at most `limit`.

    `phone_hash` is given by the caller when the text is a whole phone number. Any text is safe.
    """
    typed = " ".join(text.split())
    if not typed:
        return ()
    found: dict[str, tuple[Any, str]] = {}
    for kind, clause, *order in _matches(conn, typed, phone_hash):
        rows = conn.execute(
            select(_PERSON)
            .where(clause, _PERSON.c.deleted_at_ms.is_(None), _PERSON.c.merged_into.is_(None))
            .order_by(*(order or (_PERSON.c.name,)))
            .limit(limit)
        )
        for row in rows:
            found.setdefault(row.id, (row, kind))
        if len(found) >= limit:
            break
    return _hits(conn, list(found.values())[:limit])


def _matches(conn: Connection, typed: str, phone_hash: str | None) -> list[Match]:
    matches: list[Match] = []
    lowered = typed.lower().replace(" ", "")
    if phone_hash is not None:
        matches.append(("phone", _PERSON.c.phone_hash == phone_hash))
    if typed[0] in "#＃":
        return [("tag", _PERSON.c.id.in_(_tagged(typed[1:].strip())), _PERSON.c.id)]
    tail = re.fullmatch(r"([0-9]{4}) ?(\D+)|(\D+?) ?([0-9]{4})", typed)
    if tail:
        digits, surname = tail[1] or tail[4], (tail[2] or tail[3]).strip()
        matches += [("tail", and_(_PERSON.c.phone_tail == digits, clause)) for _, clause, *_ in _named(surname)]
    if re.fullmatch(r"[0-9]+", lowered):
        if len(lowered) == 4:
            matches.append(("tail", _PERSON.c.phone_tail == lowered))
        if len(lowered) >= 4:
            matches.append(("card", _prefix(_PERSON.c.card_no, lowered), _PERSON.c.card_no))
    if len(lowered) >= 6:
        matches.append(("receipt", _PERSON.c.id.in_(_buyers(typed))))
    return matches + _named(typed)


def _named(typed: str) -> list[Match]:
    lowered = typed.lower().replace(" ", "")
    if not lowered.isascii():
        return [("name", _prefix(_PERSON.c.name, typed))]
    if not lowered.isalpha():
        return []
    return [
        ("initials", _PERSON.c.initials == lowered),
        ("pinyin", _prefix(_PERSON.c.pinyin, lowered), _PERSON.c.pinyin, _PERSON.c.name),
        ("initials", _prefix(_PERSON.c.initials, lowered), _PERSON.c.initials, _PERSON.c.name),
    ]


def _prefix(column: ColumnElement[Any], start: str) -> ColumnElement[bool]:
    return and_(column >= start, column < start + "\U0010ffff")


def _tagged(tag: str) -> Any:
    table = people.member_tag
    return select(table.c.member_id).where(table.c.tag == tag, table.c.is_on == 1)


def _buyers(order_no: str) -> Any:
    table = sales.purchase
    return select(table.c.member_id).where(table.c.order_no == order_no, table.c.member_id.is_not(None))


def _hits(conn: Connection, found: list[tuple[Any, str]]) -> tuple[MemberHit, ...]:
    if not found:
        return ()
    member_ids = [row.id for row, _ in found]
    owners = people.binding
    owner_of = {
        r.id: r.owner_id
        for r in conn.execute(select(owners.c.id, owners.c.owner_id).where(owners.c.id.in_(member_ids)))
    }
    orders = sales.purchase
    last = {
        r.member_id: r.at_ms
        for r in conn.execute(
            select(orders.c.member_id, func.max(orders.c.paid_at_ms).label("at_ms"))
            .where(orders.c.member_id.in_(member_ids))
            .group_by(orders.c.member_id)
        )
    }
    names = staff_names(conn)
    return tuple(
        MemberHit(
            member_id=row.id,
            name=row.name,
            tier=row.tier,
            card_no=row.card_no,
            phone_masked=row.phone_masked,
            owner=names.get(owner_of.get(row.id, ""), NOBODY),
            last_purchase_ms=last.get(row.id),
            match=kind,
        )
        for row, kind in found
    )


def list_members(conn: Connection, *, limit: int = 100_000) -> tuple[MemberHit, ...]:
    """Everybody this PC has a copy of, by name; for scripts and support."""
    rows = conn.execute(
        select(_PERSON)
        .where(_PERSON.c.deleted_at_ms.is_(None), _PERSON.c.merged_into.is_(None))
        .order_by(_PERSON.c.name, _PERSON.c.id)
        .limit(limit)
    ).all()
    hits: list[MemberHit] = []
    for start in range(0, len(rows), 500):
        hits += _hits(conn, [(row, "all") for row in rows[start : start + 500]])
    return tuple(hits)


def find_by_phone_hash(conn: Connection, phone_hash: str) -> MemberHit | None:
    """The member on this PC who has this whole number, for the check while it is typed."""
    row = conn.execute(
        select(_PERSON).where(
            _PERSON.c.phone_hash == phone_hash,
            _PERSON.c.merged_into.is_(None),
            _PERSON.c.deleted_at_ms.is_(None),
        )
    ).first()
    return None if row is None else _hits(conn, [(row, "phone")])[0]
