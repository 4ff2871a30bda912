"""Changed fields of a member and what her row says after all of them: last writer by corrected time (SYNC.md 6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import clean_birthday, clean_name
from guidedesk.models.entities import Row
from guidedesk.services.names import search_keys
from guidedesk.services.operations import EDITABLE, EditMember

CARD_NO: Final = "card_no"  # changed by giving her another card, not by editing
_PHONE: Final = ("phone_masked", "phone_tail", "phone_hash")


def change_id(op_id: str, field: str) -> str:
    """The row of one changed field of one operation."""
    return derived_id("member_change", op_id, field)


def base_id(member_id: str, field: str) -> str:
    """The row that keeps what a field said before its first change."""
    return derived_id("member_change", member_id, "before", field)


def change_values(op: EditMember, field: str) -> Row:
    """The value columns of a change; the rules of `domain.people` refuse what cannot be."""
    if field == "name":
        return {"value": clean_name(op.name or "")}
    if field == "birthday":
        return {"value": clean_birthday(op.birthday) if op.birthday else None}
    given = [getattr(op, name) for name in _PHONE]
    if any(given) and not all(given):
        raise Refused("validation", field="phone", why="missing")
    return {"value": op.phone_masked, "phone_tail": op.phone_tail, "phone_hash": op.phone_hash}


def order_of(change: Row) -> tuple[int, str]:
    """Which of two changes of one field is later: corrected time, then the operation's id."""
    return change["changed_at_ms"], change["op_id"] or ""


def latest(changes: Iterable[Row]) -> dict[str, Row]:
    """Field -> the change that counts. What was there before any change, and refused numbers, never do."""
    found: dict[str, Row] = {}
    for change in changes:
        if change["op_id"] is None or change["is_refused"] or change["deleted_at_ms"] is not None:
            continue
        best = found.get(change["field"])
        if best is None or order_of(change) > order_of(best):
            found[change["field"]] = change
    return found


def folded(member: Row, changes: Iterable[Row]) -> Row:
    """Her row after these changes."""
    row = dict(member)
    for field, change in latest(changes).items():
        row |= _columns(field, change)
    return row


def before_rows(member: Row, changes: Iterable[Row]) -> list[Row]:
    """Rows that keep what changed fields said before their first change; none where they are kept already."""
    known = list(changes)
    kept = {change["field"] for change in known if change["op_id"] is None}
    changed = set(latest(known)) - kept
    return [_before(member, field) for field in (*EDITABLE, CARD_NO) if field in changed]


def _before(member: Row, field: str) -> Row:
    values: dict[str, Any] = {"value": member["phone_masked" if field == "phone" else field]}
    if field == "phone":
        values |= {"phone_tail": member["phone_tail"], "phone_hash": member["phone_hash"]}
    return values | {
        "scope_id": member["scope_id"],
        "id": base_id(member["id"], field),
        "member_id": member["id"],
        "field": field,
        "changed_by": member["registered_by"],
        "changed_at_ms": member["joined_at_ms"],
        "op_id": None,
        "is_refused": 0,
    }


def _columns(field: str, change: Row) -> Row:
    if field == "name":
        pinyin, initials = search_keys(change["value"])
        return {"name": change["value"], "pinyin": pinyin, "initials": initials}
    if field in ("birthday", CARD_NO):
        return {field: change["value"]}
    return {
        "phone_masked": change["value"],
        "phone_tail": change["phone_tail"],
        "phone_hash": change["phone_hash"],
        "is_incomplete": int(change["phone_hash"] is None),
    }
