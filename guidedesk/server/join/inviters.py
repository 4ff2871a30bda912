"""Whose code a phone opened, and what the page may say about it (CODES.md Q-2, Q-9).

What is unknown, revoked, over or somebody else's is None alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection, select

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import Role
from guidedesk.models.people import staff, staff_code, store, store_code
from guidedesk.server.invitations import find_invitation

InviterKind = Literal["associate", "store", "invitation"]


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A store as customers read its name."""

    id: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Inviter:
    """Who invites: an associate in her store, or a store by its own code (`staff_id` None: nobody is bound)."""

    kind: InviterKind
    store: StorePlace
    staff_id: str | None = None
    name: str = ""
    name_en: str = ""
    role: Role = "associate"


def kind_of(digits: str) -> CodeType | None:
    """What a code in an address is by its form alone; None for what is no code of ours."""
    found = decode(digits)
    return found.type if isinstance(found, CodeOk) and found.form == "short" else None


def find_inviter(conn: Connection, chain_id: str, digits: str, seen_at_ms: int) -> Inviter | None:
    """Who invites with this code, if it was good when the page was opened and she works here still."""
    kind = kind_of(digits)
    if kind is CodeType.STORE:
        return _by_store(conn, chain_id, digits)
    if kind is CodeType.INVITATION:
        invited = find_invitation(conn, digits, seen_at_ms)
        who = None if invited is None else associate(conn, chain_id, invited.staff_id, "invitation")
        place = None if invited is None else store_place(conn, chain_id, invited.scope_id)
        return None if who is None or place is None else replace(who, store=place)
    if kind is not CodeType.ASSOCIATE:
        return None
    code = staff_code.c
    row = conn.execute(
        select(code.staff_id, code.expires_at_ms).where(
            code.scope_id == chain_id,
            code.id == derived_id("staff_code", digits),
            code.state == "live",
            code.deleted_at_ms.is_(None),
        )
    ).first()
    if row is None or (row.expires_at_ms is not None and row.expires_at_ms < seen_at_ms):
        return None
    return associate(conn, chain_id, row.staff_id, "associate")


def _by_store(conn: Connection, chain_id: str, digits: str) -> Inviter | None:
    """By the code on a store's door or receipt: nobody is bound by it."""
    c = store_code.c
    store_id = conn.execute(
        select(c.store_id).where(
            c.scope_id == chain_id,
            c.id == derived_id("store_code", digits),
            c.state == "live",
            c.deleted_at_ms.is_(None),
        )
    ).scalar()
    place = None if store_id is None else store_place(conn, chain_id, store_id)
    return None if place is None else Inviter("store", place)


def associate(conn: Connection, chain_id: str, staff_id: str, kind: InviterKind) -> Inviter | None:
    """Somebody of the staff, in her store; None once she left."""
    s = staff.c
    who = conn.execute(
        select(s.name, s.name_en, s.role, s.store_id).where(
            s.scope_id == chain_id, s.id == staff_id, s.is_active == 1, s.deleted_at_ms.is_(None)
        )
    ).first()
    place = None if who is None else store_place(conn, chain_id, who.store_id)
    if who is None or place is None:
        return None
    return Inviter(kind, place, staff_id, who.name, who.name_en, who.role)


def store_place(conn: Connection, chain_id: str, store_id: str) -> StorePlace | None:
    """A store that is still there."""
    row = conn.execute(
        select(store.c.name, store.c.name_en).where(
            store.c.scope_id == chain_id, store.c.id == store_id, store.c.deleted_at_ms.is_(None)
        )
    ).first()
    return None if row is None else StorePlace(store_id, row.name, row.name_en)
