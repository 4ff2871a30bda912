"""Taking a batch of operations: the server decides each one, and one bad one never stops the others (SYNC.md 5, 6).

Request `{batch_id, epoch, first_seq, ops}`; answer `{batch_id, results, last_seq, epoch, server_time_ms}`.
An operation known by id is answered `already_applied` with its first result, whose status is
`params.first_status`. Numbers already taken may be sent again, new ones must follow on without a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, update

from guidedesk.domain.errors import GuideDeskError, Refused, StorageError
from guidedesk.models.people import member
from guidedesk.models.server_tables import device, op_log
from guidedesk.server import fanout
from guidedesk.server.audit import record_audit
from guidedesk.server.batch_run import BatchRun
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.incoming import Batch, Incoming, read_batch
from guidedesk.server.op_actors import OpActors
from guidedesk.server.op_answers import Answer, render_answers
from guidedesk.server.op_records import OpRecords
from guidedesk.server.server_side import ServerSide, checked_phone, claim_phones, release_phones
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.visibility import announce_reach
from guidedesk.services import operations
from guidedesk.services.operations import RegisterMember
from guidedesk.sync.protocol import GENESIS
from guidedesk.sync.redaction import data
from guidedesk.sync.strict_json import JsonObject

_log = logging.getLogger("guidedesk.server.push")
_HOUR_MS: Final = 3_600_000
# The predecessor of an operation whose own place in the chain could not be read: whatever it names is taken.
UNKNOWN_LINK: Final = b"\xff" * 32


class DeviceForked(GuideDeskError):
    """Two disks speak for one device (SYNC.md 6); `epoch` is the new one to number from 1 in."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was settled before the transaction."""

    side: ServerSide
    registrations: dict[str, RegisterMember]
    boxes: dict[str, bytes]
    faults: dict[str, Refused]


def apply_batch(context: ServerContext, who: AuthenticatedDevice, body: JsonObject) -> dict[str, Any]:
    """Decide a batch and answer it once it is on disk (D-6).

    Raises `seq_gap` (`expected`), `DeviceForked`, `malformed_batch`, `device_revoked`.
    """
    batch = read_batch(body, who.device_id)
    received_at_ms = context.clock.wall_ms()
    try:
        answers, last_seq, has_tasks = _decide(context, who, batch, received_at_ms)
    except DeviceForked as fork:
        _suspend(context, who, int(fork.params["epoch"] or 0), received_at_ms)
        raise
    if has_tasks:
        _carry(context, who.scope_id)
    with context.database.read() as conn:
        results = render_answers(conn, answers, context.secrets.signing_key())
    _log.info("push", extra=data(device=who.device_id, count=len(batch.ops), last_seq=last_seq))
    return {
        "batch_id": batch.batch_id,
        "results": [result.to_wire() for result in results],
        "last_seq": last_seq,
        "epoch": batch.epoch,
        "server_time_ms": context.clock.wall_ms(),
    }


def _carry(context: ServerContext, scope_id: str) -> None:
    """Other stores get what changed; the batch is on disk, so a fault here is the sweep's to mend."""
    try:
        fanout.run(context.database, scope_id)
    except StorageError:
        _log.exception("fanout_waits")


def _decide(
    context: ServerContext, who: AuthenticatedDevice, batch: Batch, received_at_ms: int
) -> tuple[list[Answer], int, bool]:
    database, scope_id = context.database, who.scope_id
    chain_id = database.chain_id()
    with database.read() as conn:
        settings = read_settings(conn, chain_id)
    prepared = prepare(context, scope_id, _new_registrations(context, who, batch))

    def work(opened: ScopeWrite) -> tuple[list[Answer], int, bool]:
        state = _device(opened, who)
        if batch.epoch != state.epoch:
            # A number of another life of this device: it was told before, or the server's memory was cut.
            raise DeviceForked("device_forked", epoch=max(batch.epoch, state.epoch) + (batch.epoch > state.epoch))
        records = OpRecords(opened, who.device_id, batch.epoch, received_at_ms)
        run = BatchRun(
            opened=opened,
            records=records,
            actors=OpActors(opened.conn, chain_id, scope_id, who.device_id),
            device_id=who.device_id,
            is_suspended=state.state != "active",
            oldest_ms=received_at_ms - int(settings["max_offline_lag_hours"]) * _HOUR_MS,
            chain_id=chain_id,
            since_ms=history_since_ms(settings, received_at_ms),
            received_at_ms=received_at_ms,
            side=prepared.side,
            boxes=prepared.boxes,
            faults=prepared.faults,
        )
        last_seq, link = _check_numbers(records, batch, state.last_seq, bytes(state.last_hash))
        answers = run.decide(batch.ops)
        _store_device(opened, who, last_seq, link, received_at_ms)
        return answers, last_seq, run.has_tasks

    answers, last_seq, has_tasks = database.write(scope_id, work)
    release_claims(context, scope_id, prepared, answers)
    return answers, last_seq, has_tasks


def _device(opened: ScopeWrite, who: AuthenticatedDevice) -> Any:
    found = opened.conn.execute(
        select(device.c.epoch, device.c.last_seq, device.c.last_hash, device.c.state)
        .where(device.c.scope_id == who.scope_id, device.c.device_id == who.device_id)
        .with_for_update()
    ).first()
    if found is None or found.state == "revoked":
        raise Refused("device_revoked")
    return found


def _check_numbers(records: OpRecords, batch: Batch, last_seq: int, link: bytes) -> tuple[int, bytes]:
    """The device's new last number and link; a gap or a fork is found before anything is decided."""
    taken = records.taken_numbers([op.seq for op in batch.ops])
    numbered: list[tuple[Incoming, bytes]] = []
    for op in batch.ops:
        if op.seq <= last_seq:
            known = taken.get(op.seq)
            if known is not None and not _is_same(op, *known, records):
                raise DeviceForked("device_forked", epoch=batch.epoch + 1)
            continue
        if op.seq != last_seq + 1:
            raise Refused("seq_gap", expected=last_seq + 1)
        if op.prev_hash is not None and link not in (UNKNOWN_LINK, op.prev_hash):
            raise DeviceForked("device_forked", epoch=batch.epoch + 1)
        last_seq, link = op.seq, op.link() or UNKNOWN_LINK
        numbered.append((op, link))
    records.store_numbers(numbered)
    return last_seq, link


def _is_same(op: Incoming, known_id: str, known_link: bytes, records: OpRecords) -> bool:
    """Whether a number that came again carries what it carried first. Other content under the same id is
    that operation's own matter (`quarantined`), not a second disk."""
    if op.op_id != known_id:
        return False
    return known_link in (UNKNOWN_LINK, op.link()) or records.has_other_content(op)


def _store_device(opened: ScopeWrite, who: AuthenticatedDevice, last_seq: int, link: bytes, now_ms: int) -> None:
    opened.conn.execute(
        update(device)
        .where(device.c.scope_id == who.scope_id, device.c.device_id == who.device_id)
        .values(last_seq=last_seq, last_hash=link, last_contact_ms=now_ms)
    )


def _suspend(context: ServerContext, who: AuthenticatedDevice, epoch: int, now_ms: int) -> None:
    """Give a forked device its new epoch; what it sends is kept apart until a manager says which PC is real."""

    def work(opened: ScopeWrite) -> None:
        state = _device(opened, who)
        if state.epoch >= epoch:
            return
        opened.conn.execute(
            update(device)
            .where(device.c.scope_id == who.scope_id, device.c.device_id == who.device_id)
            .values(epoch=epoch, last_seq=0, last_hash=GENESIS, state="suspended")
        )
        record_audit(
            opened,
            at_ms=now_ms,
            actor=None,
            action="device.forked",
            subject=who.device_id,
            detail={"epoch": epoch, "last_seq": state.last_seq},
        )

    context.database.write(who.scope_id, work)
    _log.warning("device_forked", extra=data(device=who.device_id, epoch=epoch))


def prepare(context: ServerContext, scope_id: str, registrations: dict[str, RegisterMember]) -> Prepared:
    """Directory work of registrations (op id -> operation): separate, earlier, idempotent (SCALE.md 3.4)."""
    boxes: dict[str, bytes] = {}
    faults: dict[str, Refused] = {}
    for op_id, operation in registrations.items():
        try:
            box = checked_phone(operation, context.secrets)
        except Refused as error:
            faults[op_id] = error
            continue
        if box is not None:
            boxes[op_id] = box
    good = [operation for op_id, operation in registrations.items() if op_id not in faults]
    claims = claim_phones(context.database, scope_id, good)
    homes = {operation.member_id: scope_id for operation in good} | dict(claims.values())
    announce_reach(context.database, scope_id, homes)
    return Prepared(ServerSide(claims), registrations, boxes, faults)


def _new_registrations(context: ServerContext, who: AuthenticatedDevice, batch: Batch) -> dict[str, RegisterMember]:
    found: dict[str, RegisterMember] = {}
    if who.state != "active":
        return found
    for op in batch.ops:
        if op.envelope is None or op.type != RegisterMember.TYPE:
            continue
        try:
            operation = operations.parse(op.type, op.v, op.envelope.body, op.envelope.personal)
        except Refused:
            continue
        if isinstance(operation, RegisterMember):
            found[op.op_id] = operation
    if found:
        with context.database.read() as conn:
            known = conn.execute(
                select(op_log.c.op_id).where(op_log.c.scope_id == who.scope_id, op_log.c.op_id.in_(sorted(found)))
            ).scalars()
            for op_id in known:
                del found[op_id]
    return found


def release_claims(context: ServerContext, scope_id: str, prepared: Prepared, answers: Sequence[Answer]) -> None:
    """Numbers claimed for registrations that came to nothing are free again."""
    refused = [
        prepared.registrations[a.op_id]
        for a in answers
        if a.op_id in prepared.registrations and a.status in ("rejected", "parked", "quarantined")
    ]
    if refused:
        with context.database.read() as conn:
            refused = [op for op in refused if not _is_member(conn, scope_id, op.member_id)]
        release_phones(context.database, refused)


def _is_member(conn: Connection, scope_id: str, member_id: str) -> bool:
    query = select(member.c.id).where(member.c.scope_id == scope_id, member.c.id == member_id)
    return conn.execute(query).first() is not None
