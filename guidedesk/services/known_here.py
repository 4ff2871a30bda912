"""What a counter knew when something was done: conflicts are decided by it, not by whose clock runs ahead."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, func, select

from guidedesk.domain.errors import Refused
from guidedesk.models import people
from guidedesk.services.operations import BindMember, Operation, SetConsent
from guidedesk.services.queries.members import get_member_row


def with_what_was_known(conn: Connection, operation: Operation) -> Operation:
    """The operation with the withdrawal, or the owner, that this counter's copy shows now."""
    if isinstance(operation, SetConsent):
        return replace(operation, seen_ms=_withdrawn_at(conn, operation) if operation.is_given else None)
    if isinstance(operation, BindMember):
        owner = people.binding.c
        query = select(owner.owner_id).where(owner.id == _person(conn, operation.member_id))
        return replace(operation, seen_owner_id=conn.execute(query).scalar())
    return operation


def _withdrawn_at(conn: Connection, operation: SetConsent) -> int | None:
    consent = people.consent.c
    query = select(func.max(consent.withdrawn_at_ms)).where(
        consent.member_id == _person(conn, operation.member_id), consent.purpose == operation.purpose
    )
    found: int | None = conn.execute(query).scalar()
    return found


def _person(conn: Connection, member_id: str) -> str:
    try:
        return str(get_member_row(conn, member_id)["id"])
    except Refused:
        return member_id
