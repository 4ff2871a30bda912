"""Staff accounts of a store for its manager, and a forgotten PIN (SECURITY.md D-7, D-9)."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from guidedesk.domain.access import Actor, may, outranks
from guidedesk.domain.errors import Refused
from guidedesk.models.people import staff, store
from guidedesk.models.server_tables import staff_pin, staff_session
from guidedesk.server.context import ServerContext
from guidedesk.server.hand_over import may_hand_over
from guidedesk.server.staff import NewStaff, StaffOffice, end_sessions
from guidedesk.services.associates import StaffAccount, StaffAccounts, StoreName
from guidedesk.services.read_models import Bilingual


def read_accounts(context: ServerContext, store_id: str, actor: Actor) -> StaffAccounts:
    """Everybody of this store, with what whoever asks may do about each. `forbidden`."""
    _check(actor, store_id)
    database = context.database
    with database.read() as conn:
        chain_id = database.chain_id()
        s, p = staff.c, staff_pin.c
        rows = conn.execute(
            select(staff, p.verifier.is_not(None).label("has_pin"), p.locked_until_ms)
            .outerjoin(staff_pin, (p.scope_id == chain_id) & (p.staff_id == s.id))
            .where(s.scope_id == chain_id, s.store_id == store_id, s.deleted_at_ms.is_(None))
            .order_by(s.is_active.desc(), s.number)
        ).all()
        signed_in = _last_sign_ins(conn, store_id)
        t = store.c
        stores = conn.execute(
            select(t.id, t.name, t.name_en)
            .where(t.scope_id == chain_id, t.id != store_id, t.kind == "store", t.deleted_at_ms.is_(None))
            .order_by(t.code)
        ).all()
    now_ms = context.clock.wall_ms()
    people = tuple(
        StaffAccount(
            id=row.id,
            number=row.number,
            name=Bilingual(row.name, row.name_en or ""),
            role=row.role,
            is_active=bool(row.is_active),
            joined_at_ms=row.joined_at_ms,
            has_pin=bool(row.has_pin),
            locked_until_ms=row.locked_until_ms if row.locked_until_ms and row.locked_until_ms > now_ms else None,
            last_sign_in_ms=signed_in.get(row.id),
            may_reset_pin=bool(row.is_active) and may_reset(actor, row.id, row.role, store_id),
            may_hand_over=bool(row.is_active)
            and may_hand_over(actor, row.role, store_id)
            and may(actor, "member.reassign", store_id),
            is_self=row.id == actor.id,
        )
        for row in rows
    )
    return StaffAccounts(
        now_ms, people, tuple(StoreName(row.id, Bilingual(row.name, row.name_en or "")) for row in stores)
    )


def may_reset(actor: Actor, staff_id: str, role: str, store_id: str) -> bool:
    """Her own PIN anybody changes; another's who decides about accounts here and stands above her."""
    return staff_id == actor.id or (may(actor, "staff.manage", store_id) and outranks(actor, role))


def reset_pin(context: ServerContext, store_id: str, actor: Actor, staff_id: str, new_pin: str) -> None:
    """A new PIN, typed by whom it is for; it ends every wait and every session of hers but the one it is done in.

    Refused: `forbidden`, `not_found` for somebody of another store, `staff_rank`, `pin_refused` (problem).
    """
    if staff_id != actor.id:
        _check(actor, store_id)
    database = context.database
    with database.read() as conn:
        s = staff.c
        row = conn.execute(
            select(s.number, s.role).where(
                s.scope_id == database.chain_id(), s.id == staff_id, s.store_id == store_id, s.is_active == 1,
                s.deleted_at_ms.is_(None),
            )
        ).first()  # fmt: skip
    if row is None:
        raise Refused("not_found", what="staff")
    if not may_reset(actor, staff_id, row.role, store_id):
        raise Refused("staff_rank")
    _office(context).set_pin(row.number, new_pin, actor)
    if staff_id != actor.id:
        end_sessions(database, staff_id, context.clock.wall_ms())


def add_associate(context: ServerContext, store_id: str, actor: Actor, number: str, name: str, name_en: str) -> str:
    """Somebody begins in this store as an associate; her id. She needs a PIN before she can sign in.

    Refused: `forbidden`, `staff_number_taken`, `staff_number_invalid`, and what `clean_name` says of an empty name.
    """
    _check(actor, store_id)
    person = NewStaff(number=number, name=name, name_en=name_en, role="associate", store_id=store_id)
    return _office(context).add(person, actor)


def _office(context: ServerContext) -> StaffOffice:
    return StaffOffice(context.database, context.secrets, context.clock, context.random)


def _last_sign_ins(conn: Connection, store_id: str) -> dict[str, int]:
    s = staff_session.c
    query = select(s.staff_id, func.max(s.started_at_ms)).where(s.scope_id == store_id).group_by(s.staff_id)
    return {row[0]: int(row[1]) for row in conn.execute(query)}


def _check(actor: Actor, store_id: str) -> None:
    if not may(actor, "staff.manage", store_id):
        raise Refused("forbidden", permission="staff.manage")
