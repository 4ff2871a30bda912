"""Taking a batch of operations: the server decides each one, and one bad one never stops the others (SYNC.md 5, 6).

Request `{batch_id, epoch, first_seq, ops}`; answer `{batch_id, results, last_seq, epoch, server_time_ms}`.
An operation known by id is answered `already_applied` with its first result, whose status is
`params.first_status`. Numbers already taken may be sent again, new ones must follow on without a gap.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError

from guidedesk.domain.errors import GuideDeskError, Refused, StorageError
from guidedesk.models.entities import Row
from guidedesk.models.server_tables import device
from guidedesk.server import fanout
from guidedesk.server.audit import record_audit
from guidedesk.server.batch_draft import DraftedRun
from guidedesk.server.batch_run import NotAsAWhole
from guidedesk.server.code_uses import CodeClaims, claim_codes
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite, Taken
from guidedesk.server.device_auth import AuthenticatedDevice, is_off
from guidedesk.server.erased_ops import without_erased
from guidedesk.server.feed import scope_state
from guidedesk.server.feed_pointers import PointerKey
from guidedesk.server.incoming import Batch, Incoming, IsSigned, read_batch
from guidedesk.server.op_actors import OpActors
from guidedesk.server.op_answers import Answer, render_answers
from guidedesk.server.op_records import OpRecords
from guidedesk.server.preparing import Sender, prepare, release_claims, release_repeated, release_unnumbered, undecided
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.signer import Acknowledged
from guidedesk.server.turns import Turn
from guidedesk.server.undecided import refuse_past_undecided
from guidedesk.services.apply import RowRef
from guidedesk.sync.protocol import GENESIS, TERMINAL, OpResult
from guidedesk.sync.redaction import data
from guidedesk.sync.server_signing import Purpose, acknowledgement_payload, server_verify
from guidedesk.sync.strict_json import JsonObject

_log = logging.getLogger("guidedesk.server.push")
_HOUR_MS: Final = 3_600_000
# The predecessor of an operation whose own place in the chain could not be read: whatever it names is taken.
UNKNOWN_LINK: Final = b"\xff" * 32


class DeviceForked(GuideDeskError):
    """Two disks speak for one device (SYNC.md 6); `epoch` is the new one to number from 1 in."""


def apply_batch(
    context: ServerContext, who: AuthenticatedDevice, body: JsonObject, turn: Turn | None = None
) -> dict[str, Any]:
    """Decide a batch and answer it once it is on disk (D-6).

    `turn`: this push's place among those of its counter; while it is decided the next one is already read.

    Raises `seq_gap` (`expected`), `DeviceForked`, `malformed_batch`, `device_revoked`.
    """
    received_at_ms = context.clock.wall_ms()
    batch = read_batch(body, who.device_id, _own_acknowledgements(context, received_at_ms))
    with _signed_ahead(context, batch, received_at_ms) as signed:
        if turn is not None:
            turn.wait()
        try:
            decided = _decide(context, who, batch, received_at_ms)
        except DeviceForked as fork:
            _suspend(context, who, int(fork.params["epoch"] or 0), received_at_ms)
            raise
        if decided.is_told_after:
            _carry(context, who.scope_id)
        elif decided.has_tasks and context.carrying_later is not None:
            context.carrying_later.ask(who.scope_id)
    if turn is not None:
        turn.leave()
    with context.database.read() as conn:
        key = context.secrets.signing_key()
        results = render_answers(conn, who.scope_id, decided.answers, key, decided.rows, who.schema_ver, signed)
    feed = _whole_news(who.scope_id, decided.moved, decided.epoch, results)
    _log.info("push", extra=data(device=who.device_id, count=len(batch.ops), last_seq=decided.last_seq))
    return {
        "batch_id": batch.batch_id,
        "results": [result.to_wire() for result in results],
        "last_seq": decided.last_seq,
        "epoch": batch.epoch,
        "server_time_ms": context.clock.wall_ms(),
        "feed": feed,
    }


def by_status(answer: Mapping[str, Any]) -> dict[str, int]:
    """How many operations an answer of `apply_batch` holds, by status."""
    return dict(Counter(result["status"] for result in answer["results"]))


@contextmanager
def _signed_ahead(context: ServerContext, batch: Batch, received_at_ms: int) -> Iterator[dict[Acknowledged, str]]:
    """Filled at the end with acknowledgements of this batch, signed by the process beside this one meanwhile.

    They are given to nobody before the batch is decided and on disk, and to those operations only that it is for.
    """
    signed: dict[Acknowledged, str] = {}
    signer = context.signer
    asked = signer and signer.ask([(op.op_id, op.body_hash, op.received(received_at_ms)) for op in batch.ops])
    try:
        yield signed
    finally:
        if signer and asked:
            signed.update(signer.signatures(asked))


def _whole_news(
    scope_id: str, moved: dict[PointerKey, int] | None, epoch: int, results: Sequence[OpResult]
) -> list[Any] | None:
    """[scope, epoch, before, head] when the answers hold every row that the batch moved in the store's feed.

    A counter that stood at `before` need not fetch its own work again: it stands at `head`.
    """
    if not moved:
        return None
    told: set[RowRef] = set()
    for result in results:
        if result.status in TERMINAL:
            told.update((tbl, row["scope_id"], row["id"]) for tbl, row in result.rows)
            told.update(result.absent)
    if not moved.keys() <= told:
        return None
    return [scope_id, epoch, min(moved.values()) - 1, max(moved.values())]


def _own_acknowledgements(context: ServerContext, now_ms: int) -> IsSigned:
    """Whether this server signed for having received an operation before: it was restored from a backup since."""
    key = context.secrets.signing_key().public_key()

    def is_signed(op_id: str, body_hash: bytes, at_ms: int, signature: str) -> bool:
        try:
            server_verify(Purpose.ACKNOWLEDGEMENT, acknowledgement_payload(op_id, body_hash, at_ms), signature, key)
        except Refused:
            return False
        return at_ms <= now_ms

    return is_signed


def _carry(context: ServerContext, scope_id: str) -> None:
    """Other stores get what changed; the batch is on disk, so a fault here is the sweep's to mend.

    What several counters of a store brought at once goes there together.
    """
    try:
        context.carrying.join(scope_id, lambda: fanout.run(context.database, scope_id))
    except StorageError:
        _log.exception("fanout_waits")


@dataclass(frozen=True, slots=True)
class _Decided:
    """What a batch came to, on disk: the device's last number, and rows as they were committed."""

    answers: list[Answer]
    last_seq: int
    has_tasks: bool
    is_told_after: bool  # some of its answers need what other scopes make of it
    rows: dict[RowRef, Row]
    epoch: int  # of the scope
    # What it moved in the store's own feed: row -> number. None where that is not all a counter must hear.
    moved: dict[PointerKey, int] | None = None


def _decide(context: ServerContext, who: AuthenticatedDevice, batch: Batch, received_at_ms: int) -> _Decided:
    database, scope_id = context.database, who.scope_id
    chain_id = database.chain_id()
    with database.read() as conn:
        settings = read_settings(conn, chain_id)
    oldest_ms = received_at_ms - int(settings["max_offline_lag_hours"]) * _HOUR_MS
    fresh = undecided(context, scope_id, batch.ops) if who.state == "active" else []
    prepared = prepare(context, Sender(scope_id, who.device_id, oldest_ms, received_at_ms), fresh)
    codes = claim_codes(context, scope_id, batch.ops) if who.state == "active" else CodeClaims()

    def run_in(opened: ScopeWrite) -> DraftedRun:
        return DraftedRun(
            opened=opened,
            records=OpRecords(opened, who.device_id, batch.epoch, received_at_ms),
            actors=OpActors(opened.conn, chain_id, scope_id, who.device_id),
            device_id=who.device_id,
            oldest_ms=oldest_ms,
            max_lag_hours=int(settings["max_offline_lag_hours"]),
            chain_id=chain_id,
            since_ms=history_since_ms(settings, received_at_ms),
            received_at_ms=received_at_ms,
            side=prepared.side,
            boxes=prepared.boxes,
            faults=prepared.faults,
            waiting=prepared.waiting,
            codes=codes,
        )

    drafts = _drafted(context, who, batch, run_in)

    def work(opened: ScopeWrite, *, is_one_by_one: bool) -> _Decided:
        state = _device(opened, who)
        if batch.epoch != state.epoch and not who.is_by_file:
            # A number of another life of this device: it was told before, or the server's memory was cut.
            raise _forked(opened, max(batch.epoch, state.epoch) + (batch.epoch > state.epoch))
        records = OpRecords(opened, who.device_id, batch.epoch, received_at_ms)
        ops = without_erased(opened.conn, chain_id, batch.ops)
        # A draft is good for one attempt: what it holds back is written then.
        if drafts and state.state == who.state and not is_one_by_one and ops == batch.ops:
            run = drafts.pop()
            run.move_to(opened, records)
        else:
            run = run_in(opened)
            run.is_suspended = state.state != "active"
            run.is_one_by_one = is_one_by_one
        last_seq = state.last_seq
        if who.is_by_file:
            answers = run.decide(ops)
        else:
            refuse_past_undecided(opened, who.device_id, batch, last_seq)
            last_seq, link = _check_numbers(records, batch, last_seq, bytes(state.last_hash))
            answers = run.decide(ops)
            _store_device(opened, who, last_seq, link, received_at_ms)
        opened.after_feed(lambda numbered: moved.append(None if opened.has_evictions() else numbered))
        is_told_after = run.has_folds or (run.has_tasks and context.carrying_later is None)
        return _Decided(answers, last_seq, run.has_tasks, is_told_after, run.rows(), opened.state().epoch)

    moved: list[dict[PointerKey, int] | None] = []
    try:
        try:
            decided = database.write(scope_id, partial(work, is_one_by_one=False))
        except (NotAsAWhole, IntegrityError):
            decided = database.write(scope_id, partial(work, is_one_by_one=True))
    except (DeviceForked, Refused):
        release_unnumbered(context, scope_id, prepared, fresh)
        raise
    decided = replace(decided, moved=moved[-1])
    release_claims(context, scope_id, prepared, decided.answers)
    release_repeated(context, scope_id, batch.ops, decided.answers)
    return decided


def _drafted(
    context: ServerContext, who: AuthenticatedDevice, batch: Batch, run_in: Callable[[ScopeWrite], DraftedRun]
) -> list[DraftedRun]:
    """The batch decided as far as that goes before the scope is taken, so that other counters of the store need not
    wait for it; nothing where it has to be decided inside.

    On SQLite nobody writes at the same time, and what one connection read another has to read again.
    """
    if context.database.is_sqlite or who.state != "active":
        return []
    with context.database.read() as conn:
        epoch, head, _ = scope_state(conn, who.scope_id)
        draft = run_in(ScopeWrite(conn, who.scope_id, taken=Taken(epoch, head)))
        return [draft] if draft.draft(batch.ops) else []


_THE_DEVICE: Final = (device.c.scope_id == bindparam("the_scope")) & (device.c.device_id == bindparam("the_device"))
_DEVICE: Final = (
    select(
        device.c.epoch,
        device.c.last_seq,
        device.c.last_hash,
        device.c.state,
        device.c.order_mode,
        device.c.wiped_at_ms,
    )
    .where(_THE_DEVICE)
    .with_for_update()
)
_STORE_DEVICE: Final = (
    update(device)
    .where(_THE_DEVICE)
    .values(last_seq=bindparam("seq"), last_hash=bindparam("link"), last_contact_ms=bindparam("now_ms"))
)


def _device(opened: ScopeWrite, who: AuthenticatedDevice) -> Any:
    found = opened.conn.execute(_DEVICE, {"the_scope": who.scope_id, "the_device": who.device_id}).first()
    if found is None or (is_off(found) and not who.is_by_file):
        raise Refused("device_revoked")
    return found


def _check_numbers(records: OpRecords, batch: Batch, last_seq: int, link: bytes) -> tuple[int, bytes]:
    """The device's new last number and link; a gap or a fork is found before anything is decided."""
    repeated = [op.seq for op in batch.ops if op.seq <= last_seq]
    taken = records.taken_numbers(repeated) if repeated else {}
    numbered: list[tuple[Incoming, bytes]] = []
    for op in batch.ops:
        if op.seq <= last_seq:
            known = taken.get(op.seq)
            if known is not None and not _is_same(op, *known, records):
                raise _forked(records.opened, batch.epoch + 1)
            continue
        if op.seq != last_seq + 1:
            raise Refused("seq_gap", expected=last_seq + 1)
        if op.prev_hash is not None and link not in (UNKNOWN_LINK, op.prev_hash):
            raise _forked(records.opened, batch.epoch + 1)
        last_seq, link = op.seq, op.link() or UNKNOWN_LINK
        numbered.append((op, link))
    records.store_numbers(numbered)
    return last_seq, link


def _forked(opened: ScopeWrite, epoch: int) -> DeviceForked:
    """`history`, the epoch of its store's scope, tells the counter whether this server may lack what it once took."""
    return DeviceForked("device_forked", epoch=epoch, history=opened.state().epoch)


def _is_same(op: Incoming, known_id: str, known_link: bytes, records: OpRecords) -> bool:
    """Whether a number that came again carries what it carried first. Other content under the same id is
    that operation's own matter (`quarantined`), not a second disk."""
    if op.op_id != known_id:
        return False
    return known_link in (UNKNOWN_LINK, op.link()) or records.has_other_content(op)


def _store_device(opened: ScopeWrite, who: AuthenticatedDevice, last_seq: int, link: bytes, now_ms: int) -> None:
    given = {"the_scope": who.scope_id, "the_device": who.device_id}
    opened.conn.execute(_STORE_DEVICE, given | {"seq": last_seq, "link": link, "now_ms": now_ms})


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
