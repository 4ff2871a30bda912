"""Operations about somebody who was erased: money facts stay, personal fields go before anything else (P-3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, or_, select

from guidedesk.domain.errors import Refused
from guidedesk.models.base import among_named, named_values
from guidedesk.models.people import erasure
from guidedesk.models.server_tables import op_log, op_personal
from guidedesk.server.database import ScopeWrite
from guidedesk.server.feed import chunks
from guidedesk.server.incoming import Incoming
from guidedesk.services.apply_core import MEMBER_ERASED
from guidedesk.services.operations import parse


def erased_among(conn: Connection, chain_id: str, member_ids: Collection[str]) -> set[str]:
    """Those of these ids that mean somebody who was erased."""
    found: set[str] = set()
    for chunk in chunks(sorted(member_ids)):
        given = {"the_chain": chain_id, "these": named_values(conn, chunk)}
        found.update(conn.execute(_erased(conn.dialect.name), given).scalars())
    return found


@cache
def _erased(dialect_name: str) -> Select[Any]:
    """Put together once: each push asks."""
    e = erasure.c
    return select(e.id).where(e.scope_id == bindparam("the_chain"), among_named(dialect_name, e.id, "these"))


def without_erased(conn: Connection, chain_id: str, ops: Sequence[Incoming]) -> tuple[Incoming, ...]:
    """Operations as they may be decided and kept: those about erased people without their personal fields.

    Asked in the transaction that decides them: an erasure committed after it finds them in the log of this scope.
    """
    lanes = {op.envelope.lane for op in ops if op.envelope is not None}
    erased = erased_among(conn, chain_id, lanes) if lanes else set()
    if not erased:
        return tuple(ops)
    return tuple(_stripped(op) if op.envelope is not None and op.envelope.lane in erased else op for op in ops)


def _stripped(op: Incoming) -> Incoming:
    """The digest of what is left out stays, so that the chain can be proved as before (SYNC.md 4)."""
    if op.envelope is None:
        return op
    digest = op.envelope.personal_hash()
    bare = replace(op.envelope, personal_salt=None, personal={}, personal_digest=digest)
    try:
        return replace(op, envelope=bare, operation=parse(op.type, op.v, bare.body, {}), unfit=None)
    except Refused:
        # It says nothing but what was personal: a name, a tag, a wish.
        return replace(op, envelope=bare, operation=None, unfit=Refused("stale_precondition", why=MEMBER_ERASED))


def forget_personal(opened: ScopeWrite, op_ids: Collection[str]) -> None:
    """Delete the personal fields of these operations of the open scope; body, hash and answer stay as they are."""
    p = op_personal.c
    for some in chunks(sorted(op_ids)):
        opened.conn.execute(delete(op_personal).where(p.scope_id == opened.scope_id, p.op_id.in_(some)))


def personal_about(conn: Connection, scope_id: str, member_ids: Collection[str], since_ms: int = 0) -> set[str]:
    """Operations of a scope about these people that have personal fields, of those received from a time on.

    The log is looked through: what is asked for once in a while needs no index that each operation pays for.
    """
    o, p = op_log.c, op_personal.c
    is_about = or_(*(o.body.contains(f'"lane":"{member_id}"') for member_id in sorted(member_ids)))
    query = (
        select(o.op_id)
        .join(op_personal, p.op_id == o.op_id)
        .where(o.scope_id == scope_id, p.scope_id == scope_id, o.received_at_ms >= since_ms, is_about)
    )
    return set(conn.execute(query).scalars())
