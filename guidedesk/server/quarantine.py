"""What a counter sent while nobody could say whether to believe it: kept apart until a manager decides (SYNC.md 5).

Accepting decides the operations now, in their order and with the time they were received; rejecting ends them. Both
are final, and the counter hears of it when it asks about them again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.models.server_tables import device, device_directory, device_op, op_log, op_parked, op_personal
from guidedesk.server import fanout
from guidedesk.server.audit import record_audit
from guidedesk.server.batch_run import BatchRun, NotAsAWhole
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.erased_ops import without_erased
from guidedesk.server.incoming import Incoming, read_logged
from guidedesk.server.op_actors import OpActors
from guidedesk.server.op_answers import Answer
from guidedesk.server.op_records import OTHER_CONTENT, REFUSED_CONTENT, OpRecords
from guidedesk.server.preparing import Prepared, Sender, prepare, release_claims
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.services.apply_core import CLAIM_HELD
from guidedesk.sync.protocol import canonical

_DECIDED_BY_A_PERSON: Final = "manager"
_STILL: Final = "quarantined"


@dataclass(frozen=True, slots=True)
class Released:
    """What became of a counter's quarantine: operations by status."""

    device_id: str
    store_id: str
    state: str
    counts: dict[str, int]


def release_device(
    context: ServerContext,
    device_id: str,
    *,
    is_accepted: bool,
    reason: str,
    actor: Actor | None = None,
    only: str | None = None,
) -> Released:
    """End a counter's quarantine; accepting also lets it work again, rejecting leaves it off. One that is being taken
    off stays so, whatever becomes of what it brought. `only`: that one operation, and the counter stays as it is (a
    code that was used elsewhere, CODES.md Q-6).

    `actor` None is the operator at the command line. Refused: `device_unknown`, `forbidden`.
    Repeating it changes nothing that was decided.
    """
    store_id = _store_of(context, device_id)
    if actor is not None and not may(actor, "device.approve", store_id):
        raise Refused("forbidden", permission="device.approve")
    with context.database.read() as conn:
        waiting = _waiting(conn, store_id, device_id)
        chain_id = context.database.chain_id()
        settings = read_settings(conn, chain_id)
    since_ms = history_since_ms(settings, context.clock.wall_ms())
    max_lag_hours = int(settings["max_offline_lag_hours"])
    wanted = [row for row in waiting if only in (None, row.op_id)]
    if only is not None and not wanted:
        raise Refused("not_found", what="operation")
    ops = [read_logged(_wire(row), row.device_seq, device_id, row.device_epoch) for row in wanted]
    prepared = prepare(context, Sender(store_id, device_id, is_last=True), ops if is_accepted else [])

    def work(opened: ScopeWrite, *, is_one_by_one: bool) -> tuple[list[Answer], dict[str, int], bool]:
        state, is_leaving = _lock_state(opened, device_id)
        now = {row.op_id: row for row in _waiting(opened.conn, store_id, device_id)}
        mine = without_erased(opened.conn, chain_id, [op for op in ops if op.op_id in now])
        if is_accepted:
            run = _run(opened, context, device_id, chain_id, since_ms, max_lag_hours, prepared)
            run.is_one_by_one = is_one_by_one
            answers = _accept(opened, run, mine, now)
            counts = dict(Counter(_STILL if answer.status == "retry" else str(answer.status) for answer in answers))
            if not is_leaving and only is None:
                _set_state(opened, device_id, "active")
        else:
            run, answers = None, []
            counts = _reject(opened, mine)
        ended = _end_other_content(opened, device_id) if only is None else 0
        if ended:
            counts["rejected"] = counts.get("rejected", 0) + ended
        detail = {"accepted": int(is_accepted), "reason": reason, "was": state, "operations": len(mine)}
        if only is not None:
            detail["operation"] = only
        at_ms = context.clock.wall_ms()
        record_audit(opened, at_ms=at_ms, actor=actor, action="device.released", subject=device_id, detail=detail)
        return answers, counts, run is not None and run.has_tasks

    try:
        answers, counts, has_tasks = context.database.write(store_id, partial(work, is_one_by_one=False))
    except (NotAsAWhole, IntegrityError):
        answers, counts, has_tasks = context.database.write(store_id, partial(work, is_one_by_one=True))
    release_claims(context, store_id, prepared, answers)
    if has_tasks:
        fanout.run(context.database, store_id)
    if any(answer.status == "retry" and answer.reason == CLAIM_HELD for answer in answers):
        # Nobody brings these again: what they waited for is decided and free by now.
        rest = release_device(context, device_id, is_accepted=True, reason=reason, actor=actor, only=only)
        counts = dict(Counter({status: n for status, n in counts.items() if status != _STILL}) + Counter(rest.counts))
    with context.database.read() as conn:
        query = select(device.c.state).where(device.c.scope_id == store_id, device.c.device_id == device_id)
        state = str(conn.execute(query).scalar())
    return Released(device_id, store_id, state, counts)


def _store_of(context: ServerContext, device_id: str) -> str:
    with context.database.read() as conn:
        query = select(device_directory.c.scope_id).where(device_directory.c.device_id == device_id)
        store_id = conn.execute(query).scalar() if is_id(device_id) else None
    if store_id is None:
        raise Refused("device_unknown", device=device_id[:40])
    return str(store_id)


def _waiting(conn: Connection, store_id: str, device_id: str) -> Sequence[Any]:
    """In quarantine, or parked because they rest on something that was; in the order they were made.

    What came again with other content under a known id is not here: see `_end_other_content`.
    """
    o, p = op_log.c, op_personal.c
    personal = (p.scope_id == o.scope_id) & (p.op_id == o.op_id) & (p.scope_id == store_id)
    return conn.execute(
        select(o.op_id, o.device_seq, o.device_epoch, o.body, o.received_at_ms, p.salt, p.json)
        .select_from(op_log.outerjoin(op_personal, personal))
        .where(
            o.scope_id == store_id,
            o.device_id == device_id,
            or_(o.status == "quarantined", (o.status == "parked") & o.result.contains('"reason":"dependency"')),
        )
        .order_by(o.device_epoch, o.device_seq)
    ).all()


def _wire(row: Row[Any]) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(row.body) | {"device_seq": row.device_seq, "prev_hash": bytes(32).hex()}
    if row.salt is not None:
        wire["personal"] = {"salt": row.salt, "fields": json.loads(row.json)}
    return wire


def _run(
    opened: ScopeWrite,
    context: ServerContext,
    device_id: str,
    chain_id: str,
    since_ms: int,
    max_lag_hours: int,
    prepared: Prepared,
) -> BatchRun:
    now_ms = context.clock.wall_ms()
    return BatchRun(
        opened=opened,
        records=OpRecords(opened, device_id, 0, now_ms),
        actors=OpActors(opened.conn, chain_id, opened.scope_id, device_id),
        device_id=device_id,
        is_suspended=False,
        oldest_ms=0,
        max_lag_hours=max_lag_hours,
        chain_id=chain_id,
        since_ms=since_ms,
        received_at_ms=now_ms,
        side=prepared.side,
        boxes=prepared.boxes,
        faults=prepared.faults,
    )


def _accept(opened: ScopeWrite, run: BatchRun, ops: Sequence[Incoming], now: dict[str, Row[Any]]) -> list[Answer]:
    """Decide them as if they came now; each keeps the epoch it was numbered in and the time it was received.

    What fails by a fault of ours stays as it was, to be released again.
    """
    before: list[tuple[Table, str, dict[str, Any]]] = []
    for op in ops:
        for table in (op_log, op_personal):
            this = (table.c.scope_id == opened.scope_id, table.c.op_id == op.op_id)
            found = opened.conn.execute(select(table).where(*this)).mappings()
            before += [(table, op.op_id, dict(row)) for row in found]
            opened.conn.execute(delete(table).where(*this))
    answers = run.decide(ops)
    failed = {answer.op_id for answer in answers if answer.status == "retry"}
    for table, op_id, kept in before:
        if op_id in failed:
            opened.conn.execute(insert(table), [kept])
    if failed:
        opened.conn.execute(
            delete(op_parked).where(op_parked.c.scope_id == opened.scope_id, op_parked.c.op_id.in_(sorted(failed)))
        )
    for op in ops:
        row = now[op.op_id]
        opened.conn.execute(
            update(op_log)
            .where(op_log.c.scope_id == opened.scope_id, op_log.c.op_id == op.op_id)
            .values(device_epoch=row.device_epoch, received_at_ms=row.received_at_ms)
        )
    return answers


def _reject(opened: ScopeWrite, ops: Sequence[Incoming]) -> dict[str, int]:
    result = {"status": "rejected", "reason": "forbidden", "params": {"why": _DECIDED_BY_A_PERSON}}
    for op in ops:
        kept = opened.conn.execute(
            select(op_log.c.result).where(op_log.c.scope_id == opened.scope_id, op_log.c.op_id == op.op_id)
        ).scalar_one()
        text = canonical(result | {"refs": json.loads(kept)["refs"]})
        opened.conn.execute(
            update(op_log)
            .where(op_log.c.scope_id == opened.scope_id, op_log.c.op_id == op.op_id)
            .values(status="rejected", result=text)
        )
    return {"rejected": len(ops)} if ops else {}


def _end_other_content(opened: ScopeWrite, device_id: str) -> int:
    """What this counter sent under an id known with other content is refused, whatever was decided of the rest: the
    first content counts (SECURITY.md S-3). How many."""
    d, p = device_op.c, op_parked.c
    sent = select(d.op_id).where(d.scope_id == opened.scope_id, d.device_id == device_id)
    ended = opened.conn.execute(
        update(op_parked)
        .where(p.scope_id == opened.scope_id, p.error == OTHER_CONTENT, p.op_id.in_(sent))
        .values(error=REFUSED_CONTENT)
    )
    return int(ended.rowcount)


def _lock_state(opened: ScopeWrite, device_id: str) -> tuple[str, bool]:
    """(state, whether it is being taken off)."""
    mine = (device.c.scope_id == opened.scope_id, device.c.device_id == device_id)
    row = opened.conn.execute(select(device.c.state, device.c.order_mode).where(*mine).with_for_update()).one()
    return row.state, row.state == "revoked" or row.order_mode is not None


def _set_state(opened: ScopeWrite, device_id: str, state: str) -> None:
    mine = (device.c.scope_id == opened.scope_id, device.c.device_id == device_id)
    opened.conn.execute(update(device).where(*mine).values(state=state))
