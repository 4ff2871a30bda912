"""Members: met, registered, edited, tagged, asked for consent (SYNC.md 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from guidedesk.domain.consent import ConsentState, answered, state_of
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import check_phone_change, clean_birthday, clean_name, clean_tag
from guidedesk.models.entities import Row
from guidedesk.services.apply_core import ApplyContext, AuditNote, Effect, RowRef, canonical_member, write_row
from guidedesk.services.member_fields import change_id, change_values, latest
from guidedesk.services.names import search_keys
from guidedesk.services.operations import EditMember, MeetCard, RecordVisit, RegisterMember, SetConsent, SetTag
from guidedesk.services.queries.coupons import proof_of

STAND_IN_NAME: Final = "\N{MIDDLE DOT}" * 4 + " "  # and the last digits of the card: no word that needs a language


def apply_visit(conn: Connection, op: RecordVisit, context: ApplyContext) -> Effect:
    member_id, home = canonical_member(conn, context, op.member_id, is_fact=True)
    if context.rows.load(conn, "visit", context.scope_id, op.visit_id):
        return Effect(touched=(("visit", context.scope_id, op.visit_id),), member_id=member_id, home_scope_id=home)
    ref = write_row(
        conn,
        "visit",
        {
            "scope_id": context.scope_id,
            "id": op.visit_id,
            "member_id": member_id,
            "associate_id": context.actor.id,
            "device_id": context.device_id,
            "assurance": context.assurance,
            "occurred_at_ms": context.at_ms,
            "channel": op.channel,
        },
        context,
    )
    return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)


def apply_meet(conn: Connection, op: MeetCard, context: ApplyContext) -> Effect:
    """A stand-in for whoever holds the card: she herself on the server, an unnamed card until then on a counter."""
    scope_id = context.scope_id
    existing = context.rows.load(conn, "member", scope_id, op.member_id)
    if existing is not None:
        if context.side.is_server:
            raise Refused("validation", field="member_id", why="already_used")
        return Effect(touched=(("member", scope_id, op.member_id),), member_id=op.member_id, home_scope_id=scope_id)
    if context.assurance < 1:
        raise Refused("validation", field="assurance", why="not_scanned")
    holder = context.side.card_holder(op.code_digits)
    stand_in = {
        "scope_id": scope_id,
        "id": op.member_id,
        "name": STAND_IN_NAME + op.code_digits[-4:],
        "pinyin": "",
        "initials": "",
        "tier": "casual",
        "joined_at_ms": context.at_ms,
        "registered_by": context.actor.id,
        "merged_into": None if holder is None else holder[0],
        "is_incomplete": 1,
    }
    if holder is None:
        if context.side.is_server:
            raise Refused("not_found", what="member")
        card = _attach_code(conn, op.code_digits, None, op.member_id, context)
        touched = (write_row(conn, "member", stand_in, context), card)
        return Effect(touched=touched, member_id=op.member_id, home_scope_id=scope_id)
    owner_id, home = holder
    return Effect(
        status="merged",
        reason="known_card",
        params=(("member_id", owner_id),),
        touched=(write_row(conn, "member", stand_in, context),),
        member_id=owner_id,
        home_scope_id=home,
        audit=AuditNote("member.granted", owner_id, (("member_id", owner_id), ("reason", "scanned"))),
    )


def apply_register(conn: Connection, op: RegisterMember, context: ApplyContext) -> Effect:
    scope_id = context.scope_id
    existing = context.rows.load(conn, "member", scope_id, op.member_id)
    if existing is not None:
        if context.side.is_server:
            raise Refused("validation", field="member_id", why="already_used")
        # Laid over the cache before, or already the server's row while its answer was lost: nothing to add.
        return Effect(touched=(("member", scope_id, op.member_id),), member_id=op.member_id, home_scope_id=scope_id)
    owner_id, owner_home = op.member_id, scope_id
    if op.phone_hash:
        owner_id, owner_home = context.side.phone_owner(conn, op.phone_hash, op.member_id, scope_id)
    is_new = owner_id == op.member_id
    touched = [write_row(conn, "member", _member_values(op, context, None if is_new else owner_id), context)]
    code_taken = op.code_digits is not None and context.side.take_code(conn, scope_id, op.code_digits, owner_id)
    if op.code_digits and code_taken:
        touched.append(_attach_code(conn, op.code_digits, op.code_typed, owner_id, context))
    if is_new:
        touched += _write_consents(conn, op, context)
        if code_taken:
            touched += _bind_new(conn, op.member_id, context)
    params: tuple[tuple[str, Any], ...] = ()
    if op.code_digits and not code_taken:
        params = (("code", "refused"),)
    if is_new:
        return Effect(touched=tuple(touched), params=params, member_id=op.member_id, home_scope_id=scope_id)
    return Effect(
        status="merged",
        reason="same_phone",
        params=(*params, ("member_id", owner_id)),
        touched=tuple(touched),
        member_id=owner_id,
        home_scope_id=owner_home,
    )


def _member_values(op: RegisterMember, context: ApplyContext, merged_into: str | None) -> Row:
    name = clean_name(op.name)
    pinyin, initials = search_keys(name)
    return {
        "scope_id": context.scope_id,
        "id": op.member_id,
        "name": name,
        "pinyin": pinyin,
        "initials": initials,
        "card_no": op.code_typed,
        "phone_masked": op.phone_masked,
        "phone_tail": op.phone_tail,
        "phone_hash": op.phone_hash,
        "birthday": clean_birthday(op.birthday) if op.birthday else None,
        "tier": "casual",
        "joined_at_ms": context.at_ms,
        "registered_by": context.actor.id,
        "merged_into": merged_into,
        "is_incomplete": int(op.phone_hash is None),
    }


def _attach_code(conn: Connection, digits: str, typed: str | None, member_id: str, context: ApplyContext) -> RowRef:
    return write_row(
        conn,
        "member_code",
        {
            "scope_id": context.scope_id,
            "id": derived_id("code", digits),
            "digits": digits,
            "typed": typed,
            "member_id": member_id,
            "state": "live",
            "bound_at_ms": context.at_ms,
        },
        context,
    )


def _write_consents(conn: Connection, op: RegisterMember, context: ApplyContext) -> list[RowRef]:
    return [
        write_row(
            conn,
            "consent",
            {
                "scope_id": context.scope_id,
                "id": derived_id("consent", op.member_id, purpose),
                "member_id": op.member_id,
                "purpose": purpose,
                "is_given": int(given),
                "text_version": op.consent_version,
                "lang": op.consent_lang,
                "channel": "counter",
                "staff_id": context.actor.id,
                "answered_at_ms": context.at_ms,
                "op_id": context.op_id,
                "seen_ms": 0 if given else None,
            },
            context,
        )
        for purpose, given in op.consents
    ]


def _bind_new(conn: Connection, member_id: str, context: ApplyContext) -> list[RowRef]:
    # COMMISSION.md: registering a new person with a card code is a scan of that associate's code, assurance 1.
    ref = write_row(
        conn,
        "binding",
        {
            "scope_id": context.scope_id,
            "id": member_id,
            "owner_id": context.actor.id,
            "bound_at_ms": context.at_ms,
            "last_touch_ms": context.at_ms,
            "cause": "registered",
        },
        context,
    )
    event = write_row(
        conn,
        "binding_event",
        {
            "scope_id": context.scope_id,
            "id": derived_id("binding", member_id, "registered"),
            "member_id": member_id,
            "associate_id": context.actor.id,
            "store_id": context.scope_id,
            "kind": "registered",
            "occurred_at_ms": context.at_ms,
            "outcome": "bound",
            "owner_id": context.actor.id,
        },
        context,
    )
    return [ref, event]


def apply_tag(conn: Connection, op: SetTag, context: ApplyContext) -> Effect:
    member_id, home = canonical_member(conn, context, op.member_id)
    tag = clean_tag(op.tag)
    row_id = derived_id("tag", context.scope_id, member_id, tag)
    ref: RowRef = ("member_tag", context.scope_id, row_id)
    old = context.rows.load(conn, *ref)
    newer = old is not None and (old["changed_at_ms"], old["op_id"] or "") > (context.at_ms, context.op_id)
    if not newer and not (old is not None and old["op_id"] == context.op_id):
        write_row(
            conn,
            "member_tag",
            {
                "scope_id": context.scope_id,
                "id": row_id,
                "member_id": member_id,
                "tag": tag,
                "is_on": int(op.is_on),
                "changed_by": context.actor.id,
                "changed_at_ms": context.at_ms,
                "op_id": context.op_id,
            },
            context,
        )
    return Effect(touched=(ref,), member_id=member_id, home_scope_id=home)


def apply_edit(conn: Connection, op: EditMember, context: ApplyContext) -> Effect:
    """Each field by itself: kept as a change, and shown where it is the latest (SYNC.md 6).

    `phone_proof` for a number that is there, without head office's word that she herself asks (CODES.md Q-7).
    """
    member_id, home = canonical_member(conn, context, op.member_id)
    if "phone" in op.fields:
        now = context.rows.load(conn, "member", home, member_id)
        has_phone = now is not None and now["phone_masked"] is not None
        check_phone_change(has_phone, proof_of(conn, context.scope_id, member_id, context.at_ms))
    refused: list[str] = []
    touched: list[RowRef] = []
    for name in op.fields:
        values = change_values(op, name)
        is_taken = False
        if name == "phone" and op.phone_hash:
            owner_id, _ = context.side.phone_owner(conn, op.phone_hash, member_id, home)
            is_taken = owner_id != member_id
        if is_taken:
            refused.append(name)
        ref: RowRef = ("member_change", context.scope_id, change_id(context.op_id, name))
        touched.append(ref)
        if context.rows.load(conn, *ref) is None:
            row = values | {
                "scope_id": context.scope_id,
                "id": ref[2],
                "member_id": member_id,
                "field": name,
                "changed_by": context.actor.id,
                "changed_at_ms": context.at_ms,
                "op_id": context.op_id,
                "is_refused": int(is_taken),
            }
            write_row(conn, "member_change", row, context)
    changes = context.side.member_changes(conn, member_id)
    folded = context.side.fold_member(conn, member_id, home, changes, context)
    counted = latest(changes)
    lost = [name for name in op.fields if name not in refused and counted[name]["op_id"] != context.op_id]
    effect = Effect(touched=(*touched, *folded.rows), later=folded.later, member_id=member_id, home_scope_id=home)
    if refused:
        # Two people with one number stay two people until a person says otherwise.
        return replace(effect, status="merged", reason="phone_taken", params=(("fields", [*refused, *lost]),))
    if lost:
        return replace(effect, status="merged", reason="newer_edit", params=(("fields", lost),))
    return effect


def apply_consent(conn: Connection, op: SetConsent, context: ApplyContext) -> Effect:
    """The answer is kept for ever; the state of this store is folded from it. A withdrawal always wins."""
    member_id, home = canonical_member(conn, context, op.member_id)
    answer: RowRef = ("consent_answer", context.scope_id, derived_id("answer", context.op_id, op.purpose))
    ref: RowRef = ("consent", context.scope_id, derived_id("consent", member_id, op.purpose))
    if context.rows.load(conn, *answer) is None:
        said: Row = {
            "scope_id": context.scope_id,
            "member_id": member_id,
            "purpose": op.purpose,
            "is_given": int(op.is_given),
            "text_version": op.text_version,
            "lang": op.lang,
            "channel": "counter",
            "staff_id": context.actor.id,
            "answered_at_ms": context.at_ms,
            "op_id": context.op_id,
        }
        write_row(conn, "consent_answer", said | {"id": answer[2]}, context)
        old = context.rows.load(conn, *ref)
        before = _state(old)
        after = answered(before, is_given=op.is_given, at_ms=context.at_ms, seen_ms=op.seen_ms)
        told = said if _is_decisive(old, before, after, op, context) else {}
        row = (
            (old or {})
            | told
            | {
                "scope_id": context.scope_id,
                "id": ref[2],
                "is_given": int(after.is_given),
                "withdrawn_at_ms": after.withdrawn_at_ms,
                "seen_ms": after.seen_ms,
            }
        )
        write_row(conn, "consent", row, context)
    return Effect(touched=(answer, ref), member_id=member_id, home_scope_id=home)


def _state(row: Row | None) -> ConsentState:
    if row is None:
        return ConsentState()
    return state_of(bool(row["is_given"]), row["withdrawn_at_ms"], row["seen_ms"])


def _is_decisive(
    old: Row | None, before: ConsentState, after: ConsentState, op: SetConsent, context: ApplyContext
) -> bool:
    """Whether this answer is the one the state rests on, so that the row says who asked and when."""
    if old is None or before.is_given != after.is_given:
        return True
    if op.is_given != after.is_given:
        return False
    mine, theirs = (context.at_ms, context.op_id), (old["answered_at_ms"], old["op_id"] or "")
    if not op.is_given or after.seen_ms == before.seen_ms:
        return mine > theirs and after.seen_ms == _seen(op, context, after)
    return True


def _seen(op: SetConsent, context: ApplyContext, after: ConsentState) -> int | None:
    return min(op.seen_ms or 0, context.at_ms) if op.is_given else after.seen_ms
