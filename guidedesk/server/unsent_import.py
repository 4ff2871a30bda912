"""Bringing in what a counter could not send itself: its sealed file, decided like its own pushes (SYNC.md 7, I12)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import select

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import new_id
from guidedesk.models.server_tables import device, device_directory
from guidedesk.server.audit import record_audit
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.push import apply_batch
from guidedesk.sync.protocol import MAX_OPS, SCHEMA
from guidedesk.sync.unsent_file import UnsentWork, open_unsent

_KNOWN: Final = "already_applied"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file: operations by status; `known` of them head office had already."""

    device_id: str
    store_id: str
    made_at_ms: int
    operations: int
    known: int
    counts: dict[str, int]


def import_unsent(context: ServerContext, data: bytes) -> Imported:
    """Decide every operation of a sealed file as if its counter had sent it; what is known stays as it was decided.

    The counter's own numbers are not touched: it may come back and send the same, before or after. What a suspended,
    revoked or wiped counter made waits in quarantine. Raises `unsent_file_unreadable`, and `unsent_file_forged` for a
    file that no counter of this chain made.
    """
    opened = open_unsent(data, context.secrets.sealing_key)
    work = opened.work
    found = _find(context, work.device_id)
    if found is None or not opened.is_of(bytes(found.public_key)):
        raise Refused("unsent_file_forged")
    who = AuthenticatedDevice(
        device_id=work.device_id,
        scope_id=found.scope_id,
        state=found.state,
        session_id=None,
        nonce="",
        schema_ver=SCHEMA,
        is_by_file=True,
    )
    results = [result for body in _batches(context, work) for result in apply_batch(context, who, body)["results"]]
    counts = Counter(str(result["status"]) for result in results)
    known = counts.pop(_KNOWN, 0)
    made = Imported(work.device_id, found.scope_id, work.made_at_ms, len(results), known, dict(counts))
    _note(context, made)
    return made


def _find(context: ServerContext, device_id: str) -> Any:
    d = device.c
    with context.database.read() as conn:
        query = select(device_directory.c.scope_id).where(device_directory.c.device_id == device_id)
        scope_id = conn.execute(query).scalar()
        if scope_id is None:
            return None
        mine = (d.scope_id == scope_id, d.device_id == device_id)
        return conn.execute(select(d.scope_id, d.state, d.public_key).where(*mine)).first()


def _batches(context: ServerContext, work: UnsentWork) -> list[dict[str, Any]]:
    waiting, found = iter(work.ops), []
    while ops := list(islice(waiting, MAX_OPS)):
        batch_id = new_id(context.clock.wall_ms(), context.random.bytes(10))
        first = ops[0].get("device_seq") if isinstance(ops[0], dict) else None
        found.append({"batch_id": batch_id, "epoch": work.epoch, "first_seq": first, "ops": ops})
    return found


def _note(context: ServerContext, made: Imported) -> None:
    detail = {"operations": made.operations, "known": made.known, "made_at_ms": made.made_at_ms}

    def work(opened: ScopeWrite) -> None:
        at_ms = context.clock.wall_ms()
        action = "operations.imported"
        record_audit(opened, at_ms=at_ms, actor=None, action=action, subject=made.device_id, detail=detail)

    context.database.write(made.store_id, work)
