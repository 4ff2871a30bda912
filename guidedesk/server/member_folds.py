"""A member's row and her binding, folded where she is at home from what every store wrote (SYNC.md 6).

Stores write changes and meetings in their own scopes, each in its own transaction. Whoever is last folds all of
them: the home row is locked first and everything is read after that, so no committed change is left out.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from guidedesk.domain.attribution import AttributionRules
from guidedesk.domain.binding_story import Meeting, StaffFact, known_before, tell
from guidedesk.models.commission_tables import commission_event
from guidedesk.models.entities import Row, load_row, upsert
from guidedesk.models.people import binding, binding_event, member, member_change
from guidedesk.models.server_tables import member_contact, member_phone, op_personal, phone_directory
from guidedesk.server.coupon_desk import spend
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.fanout_tasks import add_tasks
from guidedesk.server.points_birthday import thank_for_birthday
from guidedesk.server.rows import put_row
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import granted_members, insert_missing, reach_of
from guidedesk.services.binding_rows import binding_row, event_row
from guidedesk.services.member_fields import before_rows, folded, latest

_STAFF_KINDS: Final = ("staff.join", "staff.move", "staff.leave")
WITHDRAWN: Final = "withdrawn"  # a contact that was taken back: kept, but no meeting any more


def fold(database: ServerDatabase, kind: str, home: str, member_id: str) -> str | None:
    """Bring her row, or her binding, to what all stores say; the scope that was written, None for nobody there.

    A "card" is one row, by its own id: it is void from now on. So is a "coupon": it says what its directory says.
    """
    if kind == "coupon":
        return home if database.write(home, lambda opened: _spend_coupon(opened, member_id)) else None
    if kind == "card":
        return home if database.write(home, lambda opened: _void_card(opened, member_id)) else None
    with database.read() as conn:
        scopes = scopes_of(conn, member_id) | {home}
        rules = attribution_rules(conn, database.chain_id())
        home = _home(conn, member_id, home, scopes)
    if kind == "member":
        chain_id = database.chain_id()
        numbers = database.write(home, lambda opened: _fold_fields(opened, member_id, scopes, chain_id))
        if numbers is None:
            return None
        _settle_numbers(database, member_id, home, numbers)
        return home
    chain_id = database.chain_id()
    is_there = database.write(home, lambda opened: _fold_binding(opened, member_id, scopes, rules, chain_id))
    return home if is_there else None


def scopes_of(conn: Connection, member_id: str) -> set[str]:
    """Every scope where something about her may have been written."""
    stores = reach_of(conn, [member_id])[member_id]
    return set(stores) | set(stores.values())


def attribution_rules(conn: Connection, chain_id: str) -> AttributionRules:
    """The chain's windows, as the counters show them."""
    found = read_settings(conn, chain_id)
    return AttributionRules(int(found["window_days"]), int(found["protection_days"]), found["zone"])


def changes_of(conn: Connection, scopes: Iterable[str], member_id: str) -> list[Row]:
    """Changes of her fields in these scopes, one query each (SCALE.md 3.3)."""
    c = member_change.c
    return [
        dict(row._mapping)
        for scope_id in sorted(scopes)
        for row in conn.execute(select(member_change).where(c.scope_id == scope_id, c.member_id == member_id))
    ]


def meetings_of(conn: Connection, scopes: Iterable[str], member_id: str, binding: Row | None) -> list[Meeting]:
    """Every meeting known of her; a binding that none of them explains stands for meetings of its own."""
    c = member_contact.c
    contacts = [
        (scope_id, row)
        for scope_id in sorted(scopes)
        for row in conn.execute(select(member_contact).where(c.scope_id == scope_id, c.member_id == member_id))
    ]
    found = [
        Meeting(
            event_id=row.event_id,
            member_id=member_id,
            associate_id=row.associate_id,
            kind=row.kind,
            at_ms=row.occurred_at_ms,
            store_id=scope_id,
            seen_owner_id=row.seen_owner_id,
            given_by=row.given_by,
            reason=row.reason,
        )
        for scope_id, row in contacts
        if row.kind != WITHDRAWN
    ]
    causes = {(row.associate_id, row.occurred_at_ms) for _, row in contacts}
    return [*_unexplained(binding, found, causes), *found]


def staff_facts(conn: Connection, chain_id: str) -> list[StaffFact]:
    """Who joined, moved and left, where anybody left at all: before that nobody's binding depends on it."""
    e = commission_event.c
    left = select(e.seq).where(e.scope_id == chain_id, e.type == "staff.leave").limit(1)
    if conn.execute(left).first() is None:
        return []
    rows = conn.execute(
        select(e.event_id, e.type, e.at_ms, e.payload).where(e.scope_id == chain_id, e.type.in_(_STAFF_KINDS))
    )
    return [_staff_fact(row) for row in rows]


def _staff_fact(row: Any) -> StaffFact:
    document = json.loads(row.payload)
    return StaffFact(
        event_id=row.event_id,
        kind=row.type.removeprefix("staff."),
        associate_id=document["associate"],
        store_id=document.get("store"),
        at_ms=row.at_ms,
    )


@cross_scope
def owned_by(conn: Connection, staff_id: str) -> list[tuple[str, str]]:
    """(home scope, member) of everybody she owns."""
    b = binding.c
    query = select(b.scope_id, b.id).where(b.owner_id == staff_id, b.deleted_at_ms.is_(None))
    return sorted((row.scope_id, row.id) for row in conn.execute(query))


def _unexplained(
    binding: Row | None, found: list[Meeting], causes: set[tuple[str, int]]
) -> tuple[Meeting, ...]:
    if binding is None or binding["owner_id"] is None or binding["deleted_at_ms"] is not None:
        return ()
    explained = (binding["owner_id"], binding["bound_at_ms"]) in causes
    if explained:
        return ()
    known = {m.event_id for m in found}
    before = known_before(
        binding["id"], binding["owner_id"], binding["bound_at_ms"], binding["last_touch_ms"], binding["cause"]
    )
    return tuple(meeting for meeting in before if meeting.event_id not in known)


def contact_row(meeting: Meeting, scope_id: str, op_id: str | None) -> dict[str, Any]:
    """A meeting as the server keeps it."""
    return {
        "scope_id": scope_id,
        "event_id": meeting.event_id,
        "member_id": meeting.member_id,
        "associate_id": meeting.associate_id,
        "kind": meeting.kind,
        "occurred_at_ms": meeting.at_ms,
        "seen_owner_id": meeting.seen_owner_id,
        "op_id": op_id,
        "given_by": meeting.given_by,
        "reason": meeting.reason,
    }


def _home(conn: Connection, member_id: str, told: str, scopes: set[str]) -> str:
    """Where her row is now: she may have moved since the task was written."""
    for scope_id in (told, *sorted(scopes - {told})):
        query = select(member.c.id).where(member.c.scope_id == scope_id, member.c.id == member_id)
        if conn.execute(query).first() is not None:
            return scope_id
    return told


def _lock(opened: ScopeWrite, member_id: str) -> Row | None:
    m = member.c
    opened.conn.execute(select(m.id).where(m.scope_id == opened.scope_id, m.id == member_id).with_for_update())
    return load_row(opened.conn, "member", opened.scope_id, member_id)


@dataclass(frozen=True, slots=True)
class _Numbers:
    current: str | None
    left: frozenset[str]


def _fold_fields(opened: ScopeWrite, member_id: str, scopes: set[str], chain_id: str) -> _Numbers | None:
    row = _lock(opened, member_id)
    if row is None or row["deleted_at_ms"] is not None:
        return None  # nobody there, or erased: what a change brings back of her is not hers to show
    changes = changes_of(opened.conn, scopes, member_id)
    kept = before_rows(row, changes)
    _put(opened, "member_change", kept)
    after = folded(row, changes)
    _put(opened, "member", [after])
    thank_for_birthday(opened, member_id, [*changes, *kept], scopes, chain_id)
    _hide_from_strangers(opened, member_id)
    phone = latest(changes).get("phone")
    if phone is not None:
        _keep_box(opened, member_id, phone)
    was = {c["phone_hash"] for c in (*changes, *kept) if c["field"] == "phone" and c["phone_hash"]}
    return _Numbers(after["phone_hash"], frozenset(was - {after["phone_hash"]}))


def _put(opened: ScopeWrite, name: str, rows: list[Row]) -> None:
    for row in rows:
        old = load_row(opened.conn, name, opened.scope_id, row["id"])
        values = {key: value for key, value in row.items() if key != "row_ver"}
        new = put_row(opened, name, values)
        if old is None or new["row_ver"] != old["row_ver"]:
            add_tasks(opened, [(name, row["id"], new["row_ver"])])


def _events_elsewhere(conn: Connection, scopes: set[str], member_id: str) -> dict[str, Row]:
    """Lines written where she was at home before she moved, the newest of each."""
    e = binding_event.c
    found: dict[str, Row] = {}
    for scope_id in sorted(scopes):
        for row in conn.execute(select(binding_event).where(e.scope_id == scope_id, e.member_id == member_id)):
            known = found.get(row.id)
            if known is None or known["row_ver"] < row.row_ver:
                found[row.id] = dict(row._mapping)
    return found


def _put_events(opened: ScopeWrite, lines: list[Row], elsewhere: dict[str, Row]) -> None:
    """Write lines that are new or say something else now; a reader takes the newest of one event."""
    for line in lines:
        there = elsewhere.get(line["id"])
        here = load_row(opened.conn, "binding_event", opened.scope_id, line["id"])
        if there is not None and here is None:
            if all(there[name] == value for name, value in line.items() if name != "scope_id"):
                continue
            # The new home's line begins where the old one stood, so that its next version is the newest.
            upsert(opened.conn, binding_event, [there | {"scope_id": opened.scope_id}])
        _put(opened, "binding_event", [line])


def _spend_coupon(opened: ScopeWrite, row_id: str) -> bool:
    row = spend(opened, row_id)
    if row is not None:
        add_tasks(opened, [("coupon", row_id, row["row_ver"])])
        _hide_from_strangers(opened, row["member_id"])
    return row is not None


def _void_card(opened: ScopeWrite, row_id: str) -> bool:
    row = load_row(opened.conn, "member_code", opened.scope_id, row_id)
    if row is None or row["state"] != "live":
        return False
    _put(opened, "member_code", [row | {"state": "revoked"}])
    _hide_from_strangers(opened, row["member_id"])
    return True


def _keep_box(opened: ScopeWrite, member_id: str, change: Row) -> None:
    """The sealed number of the change that counts goes where she is at home."""
    o = op_personal.c
    text = opened.conn.execute(
        select(o.json).where(o.scope_id == change["scope_id"], o.op_id == change["op_id"])
    ).scalar()
    sealed = json.loads(text).get("phone_sealed") if text else None
    try:
        box = base64.b64decode(sealed, validate=True) if sealed else None
    except binascii.Error:
        box = None
    if change["phone_hash"] is None:
        m = member_phone.c
        opened.conn.execute(delete(member_phone).where(m.scope_id == opened.scope_id, m.member_id == member_id))
    elif box is not None:
        row = {"scope_id": opened.scope_id, "member_id": member_id, "phone": None, "phone_sealed": box}
        upsert(opened.conn, member_phone, [row])


def _settle_numbers(database: ServerDatabase, member_id: str, home: str, numbers: _Numbers) -> None:
    """Her number is hers in the directory; the ones she had are free for whoever has them now."""
    if not numbers.left and numbers.current is None:
        return

    def work(conn: Connection) -> None:
        d = phone_directory.c
        for text in sorted(numbers.left):
            conn.execute(delete(phone_directory).where(d.phone_hash == text, d.member_id == member_id))
        if numbers.left and numbers.current is not None:
            row = {"phone_hash": numbers.current, "member_id": member_id, "home_scope_id": home}
            insert_missing(conn, phone_directory, [row])

    database.write_directory(work)


def _hide_from_strangers(opened: ScopeWrite, member_id: str) -> None:
    """Her rows live here, but the store need not see her any more (a grant that ended, the cap of a counter): what is
    folded for others is then none of its counters' news. A grant that comes back brings everything."""
    if not granted_members(opened.conn, opened.scope_id, [member_id], hold=True):
        opened.rewind({})


def _fold_binding(
    opened: ScopeWrite, member_id: str, scopes: set[str], rules: AttributionRules, chain_id: str
) -> bool:
    is_there = _tell_binding(opened, member_id, scopes, rules, chain_id)
    _hide_from_strangers(opened, member_id)
    return is_there


def _tell_binding(
    opened: ScopeWrite, member_id: str, scopes: set[str], rules: AttributionRules, chain_id: str
) -> bool:
    if _lock(opened, member_id) is None:
        return False
    home = opened.scope_id
    old = load_row(opened.conn, "binding", home, member_id)
    meetings = meetings_of(opened.conn, scopes, member_id, old)
    story = tell(meetings, rules, staff_facts(opened.conn, chain_id))
    _forget_withdrawn(opened, member_id, scopes)
    if story is None:
        if old is None or old["owner_id"] is None:
            return False
        nobody = {"owner_id": None, "pool_store_id": None, "previous_owner_id": None}
        _put(opened, "binding", [old | nobody])  # what bound her was taken back
        return True
    mine = [contact_row(m, home, None) for m in meetings if m.store_id is None]
    insert_missing(opened.conn, member_contact, mine)
    lines = [event_row(m, story.settled[m.event_id], home) for m in meetings if m.kind != "touched"]
    _put_events(opened, lines, _events_elsewhere(opened.conn, scopes - {home}, member_id))
    if story.owner_id is not None or old is not None:
        row = binding_row(member_id, story, old, home)
        if story.owner_id is None and old is not None:
            row["cause"] = old["cause"]
        _put(opened, "binding", [row])
    return True


def _forget_withdrawn(opened: ScopeWrite, member_id: str, scopes: set[str]) -> None:
    """The lines of her history about meetings that were taken back go."""
    c = member_contact.c
    for scope_id in sorted(scopes):
        query = select(c.event_id, c.occurred_at_ms).where(
            c.scope_id == scope_id, c.member_id == member_id, c.kind == WITHDRAWN
        )
        for row in opened.conn.execute(query):
            line = load_row(opened.conn, "binding_event", opened.scope_id, row.event_id)
            if line is not None and line["deleted_at_ms"] is None:
                _put(opened, "binding_event", [line | {"deleted_at_ms": row.occurred_at_ms}])
