"""Finding people by what a customer says: name, pinyin, initials, last four, tail + surname, card, receipt, tag.

Everything is an indexed half-open range: `LIKE '%x%'` costs a quarter of a second on a full counter (FACTS.md).
Each statement brings what a row of the list shows, in the order of its index, so that it stops at the first hits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, exists, select

from guidedesk.domain.search import NameKey, Query, read_query
from guidedesk.models import people, sales
from guidedesk.services.member_models import MemberHit
from guidedesk.services.names import SURNAMES, other_initials, other_readings, search_keys
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.queries.reference import staff_names
from guidedesk.services.read_models import NOBODY

LIMIT: Final = 20
_END: Final = "\U0010ffff"
_PERSON, _OWNER, _ORDER, _TAG = people.member, people.binding, sales.purchase, people.member_tag
_start: Final[Any] = bindparam("start")
_end: Final[Any] = bindparam("end")
_owner: Final = (
    select(_OWNER.c.owner_id)
    .where(_OWNER.c.id == _PERSON.c.id, _OWNER.c.deleted_at_ms.is_(None))
    .correlate(_PERSON)
    .limit(1)
    .scalar_subquery()
)
_last: Final = (
    select(_ORDER.c.paid_at_ms)
    .where(_ORDER.c.member_id == _PERSON.c.id)
    .order_by(_ORDER.c.paid_at_ms.desc())
    .limit(1)
    .correlate(_PERSON)
    .scalar_subquery()
)
_HIT: Final[tuple[Any, ...]] = (
    _PERSON.c.id, _PERSON.c.name, _PERSON.c.tier, _PERSON.c.card_no, _PERSON.c.phone_masked,
    _owner.label("owner_id"), _last.label("last_ms"),
)  # fmt: skip
_LIVE: Final = (_PERSON.c.deleted_at_ms.is_(None), _PERSON.c.merged_into.is_(None))


def _people(*where: Any, order: tuple[Any, ...]) -> Select[Any]:
    return select(*_HIT).where(*where, *_LIVE).order_by(*order).limit(bindparam("limit"))


def _between(column: Any, start: str = "start", end: str = "end") -> Any:
    return (column >= bindparam(start)) & (column < bindparam(end))


_name, _pinyin, _initials, _tail = _PERSON.c.name, _PERSON.c.pinyin, _PERSON.c.initials, _PERSON.c.phone_tail
_by_name: Final = (_name,)
_is_tail: Final = _tail == bindparam("tail")
# Not the plain column: its own index must not be taken for a condition that only narrows a range of another.
_narrowing_name: Final = _name.concat("")
_BY_NAME: Final = Prepared(_people(_between(_name), order=_by_name))
_BY_PINYIN: Final = Prepared(_people(_between(_pinyin), order=(_pinyin,)))
_BY_EXACT_INITIALS: Final = Prepared(_people(_initials == _start, order=_by_name))
_BY_INITIALS: Final = Prepared(_people(_between(_initials), order=(_initials, _name)))
# A surname in its other reading: a range of the index of the reading kept, less those of other surnames.
_BY_OTHER_PINYIN: Final = Prepared(
    _people(_between(_pinyin), _between(_narrowing_name, "name", "name_end"), order=(_pinyin,))
)
_BY_OTHER_INITIALS: Final = Prepared(
    _people(_between(_initials), _between(_narrowing_name, "name", "name_end"), order=(_initials, _name))
)
_BY_PHONE: Final = Prepared(_people(_PERSON.c.phone_hash == _start, order=_by_name))
_BY_TAIL: Final = Prepared(_people(_is_tail, order=_by_name))
_BY_TAIL_AND_NAME: Final = Prepared(_people(_is_tail, _between(_name), order=_by_name))
_BY_TAIL_AND_LETTERS: Final = Prepared(
    _people(_is_tail, _between(_pinyin) | _between(_initials), order=_by_name)
)
_BY_CARD: Final = Prepared(_people(_between(_PERSON.c.card_no), order=(_PERSON.c.card_no,)))
_BY_RECEIPT: Final = Prepared(
    select(*_HIT, _ORDER.c.order_no.label("matched"))
    .select_from(_ORDER)
    .join(_PERSON, _PERSON.c.id == _ORDER.c.member_id)
    .where(_between(_ORDER.c.order_no), _ORDER.c.deleted_at_ms.is_(None), *_LIVE)
    .order_by(_ORDER.c.order_no)
    .limit(bindparam("limit"))
)
_later = _TAG.alias("later")
_BY_TAG: Final = Prepared(
    select(*_HIT, _TAG.c.tag.label("matched"))
    .select_from(_TAG)
    .join(_PERSON, _PERSON.c.id == _TAG.c.member_id)
    .where(
        _between(_TAG.c.tag),
        _TAG.c.is_on == 1,
        _TAG.c.deleted_at_ms.is_(None),
        # One row a scope: taken off later in another store, it is off (SYNC.md 6: sets).
        ~exists().where(
            _later.c.member_id == _TAG.c.member_id,
            _later.c.tag == _TAG.c.tag,
            _later.c.is_on == 0,
            _later.c.deleted_at_ms.is_(None),
            _later.c.changed_at_ms > _TAG.c.changed_at_ms,
        ),
        *_LIVE,
    )
    .order_by(_TAG.c.tag, _TAG.c.member_id)
    .limit(bindparam("limit"))
)
_EVERYBODY: Final = Prepared(_people(order=(_name, _PERSON.c.id)))
Found = Iterator[tuple[str, list[Any]]]


def search_members(
    conn: Connection, text: str, *, limit: int = LIMIT, phone_hash: str | None = None, nobody: NameKey | None = None
) -> tuple[MemberHit, ...]:
    """Members on this PC that a few typed characters mean, best kind of match first, at most `limit`.

    `phone_hash` is given by the caller when the text is a whole phone number. `nobody`: the beginning of a name that
    was found to be nobody's a moment ago, so that what continues it need not be asked. Any text is safe.
    """
    query = read_query(text)
    found: dict[str, tuple[Any, str]] = {}
    for kind, rows in _matches(conn, query, limit, phone_hash, nobody or NameKey()):
        for row in rows:
            found.setdefault(row.id, (row, kind))
        if len(found) >= limit:
            break
    return _hits(conn, list(found.values())[:limit])


def _matches(conn: Connection, query: Query, limit: int, phone_hash: str | None, nobody: NameKey) -> Found:
    if query.tag:
        for tag in dict.fromkeys((query.tag, query.tag.lower(), query.tag.capitalize())):
            # A member may have several tags that begin alike.
            yield "tag", _BY_TAG.all(conn, **_range(tag), limit=3 * limit)
        return
    if phone_hash is not None:
        yield "phone", _BY_PHONE.all(conn, start=phone_hash, limit=limit)
    if query.tail and not nobody.begins(query.tail_name):
        yield "tail", _tail_and_name(conn, query.tail, query.tail_name, limit)
    if len(query.digits) == 4:
        yield "tail", _BY_TAIL.all(conn, tail=query.digits, limit=limit)
    if len(query.digits) >= 4:
        yield "card", _BY_CARD.all(conn, **_range(query.digits), limit=limit)
    if query.receipt:
        for number in dict.fromkeys((query.receipt, query.receipt.upper())):
            yield "receipt", _BY_RECEIPT.all(conn, **_range(number), limit=limit)
    if query.name and not nobody.begins(query.name):
        yield from _named(conn, query.name, limit)


def _named(conn: Connection, name: NameKey, limit: int) -> Found:
    if name.written:
        yield "name", _BY_NAME.all(conn, **_range(name.written), limit=limit)
        return
    typed = name.letters
    yield "initials", _BY_EXACT_INITIALS.all(conn, start=typed, limit=limit)
    yield "pinyin", _BY_PINYIN.all(conn, **_range(typed), limit=limit)
    for surname, kept in other_readings(typed):
        yield "pinyin", _BY_OTHER_PINYIN.all(conn, **_range(kept), **_names(surname), limit=limit)
    yield "initials", _BY_INITIALS.all(conn, **_range(typed), limit=limit)
    for surname, kept in other_initials(typed):
        yield "initials", _BY_OTHER_INITIALS.all(conn, **_range(kept), **_names(surname), limit=limit)


def _tail_and_name(conn: Connection, tail: str, name: NameKey, limit: int) -> list[Any]:
    if name.written:
        return _BY_TAIL_AND_NAME.all(conn, tail=tail, **_range(name.written), limit=limit)
    rows = _BY_TAIL_AND_LETTERS.all(conn, tail=tail, **_range(name.letters), limit=limit)
    for surname, _ in (*other_readings(name.letters), *other_initials(name.letters)):
        more = _BY_TAIL_AND_NAME.all(conn, tail=tail, **_range(surname), limit=limit)
        rows += [row for row in more if _is_read_so(row.name, name.letters)]
    return rows


def _is_read_so(name: str, letters: str) -> bool:
    """Whether a name, its surname in any other reading, begins as typed."""
    pinyin, initials = search_keys(name)
    kept, *others = SURNAMES[name[0]]
    return any(
        (other + pinyin[len(kept) :]).startswith(letters) or (other[0] + initials[1:]).startswith(letters)
        for other in others
    )


def _range(start: str) -> dict[str, str]:
    return {"start": start, "end": start + _END}


def _names(surname: str) -> dict[str, str]:
    return {"name": surname, "name_end": surname + _END}


def _hits(conn: Connection, found: list[tuple[Any, str]]) -> tuple[MemberHit, ...]:
    names = staff_names(conn) if found else {}
    return tuple(
        MemberHit(
            member_id=row.id,
            name=row.name,
            tier=row.tier,
            card_no=row.card_no,
            phone_masked=row.phone_masked,
            owner=names.get(row.owner_id, NOBODY),
            last_purchase_ms=row.last_ms,
            match=kind,
            matched=getattr(row, "matched", ""),
        )
        for row, kind in found
    )


def list_members(conn: Connection, *, limit: int = 100_000) -> tuple[MemberHit, ...]:
    """Everybody this PC has a copy of, by name; for scripts and support."""
    return _hits(conn, [(row, "all") for row in _EVERYBODY.all(conn, limit=limit)])


def find_by_phone_hash(conn: Connection, phone_hash: str) -> MemberHit | None:
    """The member on this PC who has this whole number, for the check while it is typed."""
    rows = _BY_PHONE.all(conn, start=phone_hash, limit=1)
    return next(iter(_hits(conn, [(row, "phone") for row in rows])), None)
