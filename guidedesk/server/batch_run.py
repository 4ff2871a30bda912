"""Deciding the operations of one batch inside one transaction (SYNC.md 6: poison, idempotence, deps)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from guidedesk.domain.errors import Refused
from guidedesk.models.entities import Row, upsert
from guidedesk.models.server_tables import member_phone
from guidedesk.server.audit import record_audit
from guidedesk.server.batch_rows import BatchRows
from guidedesk.server.code_uses import ASSURANCE_DYNAMIC, USED_ELSEWHERE, CodeClaims
from guidedesk.server.commission_events import NewEvent, record_events
from guidedesk.server.commission_facts import of_operation
from guidedesk.server.database import ScopeWrite
from guidedesk.server.fanout_tasks import FoldKind, add_folds, add_tasks
from guidedesk.server.feed_pointers import PointerKey
from guidedesk.server.incoming import Incoming
from guidedesk.server.op_actors import OpActors
from guidedesk.server.op_answers import Answer, refs_of, refusal, rows_meant
from guidedesk.server.op_records import OTHER_CONTENT, OpRecords, effect_seqs
from guidedesk.server.outages import is_outage
from guidedesk.server.points_ledger import Terms, birthday_entry, read_terms, visit_entry, write_entries
from guidedesk.server.server_side import Desk, ServerSide
from guidedesk.server.visibility import MEMBER_TABLES, Grant, grant_in, store_grants
from guidedesk.services.apply import ApplyContext, AuditNote, Effect, RowRef, apply_operation
from guidedesk.services.apply_core import NotYet
from guidedesk.services.operations import (
    CompleteFollowUp,
    LogInteraction,
    MeetCard,
    Operation,
    RecordVisit,
    RegisterMember,
    ScheduleFollowUp,
    SetTag,
    members_of,
)
from guidedesk.services.row_store import DIRECT
from guidedesk.sync.protocol import Envelope
from guidedesk.sync.redaction import data

_log = logging.getLogger("guidedesk.server.push")
MOST_FAILURES: Final = 5
_RETRY_MS: Final = 1_000
_CARD_ATTEMPTS: Final = 5  # half a minute: the other counter sends as soon as it can
_CONFIRMED: Final = 3
_NOT_DONE: Final = frozenset({"rejected", "parked", "quarantined"})
# These find every row they need by its id, so that a memory of rows can stand before the database.
ROWS_BY_ID: Final = frozenset({RecordVisit, LogInteraction, SetTag, ScheduleFollowUp, CompleteFollowUp})


class NotAsAWhole(Exception):
    """The batch cannot be decided at one go: its transaction is begun again, one savepoint an operation."""


@dataclass(slots=True, kw_only=True)
class BatchRun:
    """One batch in one open transaction; made anew when the transaction is tried again."""

    opened: ScopeWrite
    records: OpRecords
    actors: OpActors
    device_id: str
    oldest_ms: int  # what was done before this is too late to be believed without a person (COMMISSION.md 1)
    chain_id: str
    since_ms: int
    received_at_ms: int
    side: ServerSide
    boxes: Mapping[str, bytes]
    faults: Mapping[str, Refused]
    codes: CodeClaims = field(default_factory=CodeClaims)
    max_lag_hours: int
    waiting: frozenset[str] = frozenset()  # asked for again, in vain until another counter has sent
    is_suspended: bool = False
    is_one_by_one: bool = False
    has_tasks: bool = False
    has_folds: bool = False  # tasks whose outcome is part of an answer
    _known: dict[str, Any] = field(default_factory=dict)
    _attempts: dict[str, int] = field(default_factory=dict)
    _decided: dict[str, Answer] = field(default_factory=dict)
    _effects: dict[str, Effect] = field(default_factory=dict)
    _meant: dict[bytes, tuple[RowRef, ...]] = field(default_factory=dict)
    _waiting_lanes: set[str] = field(default_factory=set)
    _rows: BatchRows = field(default_factory=BatchRows)
    _wider: dict[tuple[str, str], int] = field(default_factory=dict)
    _visible: dict[str, Grant] = field(default_factory=dict)
    _folds: dict[tuple[FoldKind, str, str], str] = field(default_factory=dict)
    _events: list[NewEvent] = field(default_factory=list)
    _earned: list[Row] = field(default_factory=list)
    _terms: Terms | None = None
    _has_terms: bool = False

    def __post_init__(self) -> None:
        self.sit_down()

    def sit_down(self) -> None:
        """Decide with what is known in this transaction."""
        self.side.sit_down(Desk(self.opened, self.chain_id, self.since_ms, self.received_at_ms))

    def decide(self, ops: Sequence[Incoming]) -> list[Answer]:
        """An answer for each operation, in order; `NotAsAWhole` where that fails, and each then has a savepoint."""
        deps = [dep for op in ops if op.envelope is not None for dep in op.envelope.deps]
        op_ids = [op.op_id for op in ops]
        self._known, self._attempts = self.records.known([*op_ids, *deps])
        self._forget()
        self._meant.clear()
        if self.is_one_by_one:
            answers = [self._answer(op, is_alone=True) for op in ops]
        else:
            answers = self._decide_as_a_whole(ops)
        self._keep(ops)
        return answers

    def _decide_as_a_whole(self, ops: Sequence[Incoming]) -> list[Answer]:
        try:
            self._read_ahead(ops)
            answers = [self._answer(op, is_alone=False) for op in ops]
            self._write_out()
        except Exception as error:
            if is_outage(error):
                raise
            raise NotAsAWhole from error
        return answers

    def rows(self) -> dict[RowRef, Row]:
        """Rows this batch wrote as they are once it is on disk; not those that are settled after it."""
        later = {ref for effect in self._effects.values() for ref in effect.later}
        written = {ref for effect in self._effects.values() for ref in effect.touched} - later
        return {ref: row for ref in written if (row := self._rows.whole(ref)) is not None}

    def _answer(self, op: Incoming, *, is_alone: bool) -> Answer:
        decided = self._decided.get(op.op_id)
        if decided is not None and decided.body_hash == op.body_hash:
            return replace(decided, is_repeated=decided.is_stored)
        known = self._known.get(op.op_id)
        if known is not None and bytes(known.body_hash) == op.body_hash:
            return Answer.repeated(op.op_id, known.result, op.body_hash, known.received_at_ms)
        if known is not None or decided is not None:
            return self._other_content(op)
        answer = self._decide_new(op, is_alone=is_alone)
        self._decided[op.op_id] = answer
        if answer.status in _NOT_DONE or answer.status == "retry":
            self.side.numbers.came_to_nothing(self.opened.conn, op.op_id, is_settled=answer.status != "retry")
        return answer

    def _other_content(self, op: Incoming) -> Answer:
        """S-3: the first content is kept; this one is kept apart until a person has looked at it."""
        if self.records.is_refused_content(op.op_id):
            why = {"why": OTHER_CONTENT}
            return Answer(op_id=op.op_id, status="rejected", reason="validation", params=why, is_stored=False)
        self.records.park(op, 0, OTHER_CONTENT)
        return Answer(
            op_id=op.op_id,
            status="quarantined",
            reason=OTHER_CONTENT,
            received_at_ms=self.received_at_ms,
            is_stored=False,
        )

    def _decide_new(self, op: Incoming, *, is_alone: bool) -> Answer:
        if op.envelope is None:
            return self._stored(op, "rejected", *refusal(op.fault or Refused("validation")))
        if self.is_suspended:
            return self._stored(op, "quarantined", "device_suspended", {}, refs_of(op, self.opened.scope_id))
        if op.is_stale(self.oldest_ms, self.received_at_ms):
            return self._stored(op, "quarantined", "stale_offline", {}, refs_of(op, self.opened.scope_id))
        if op.op_id in self.codes.elsewhere:
            return self._stored(op, "quarantined", USED_ELSEWHERE, {}, refs_of(op, self.opened.scope_id))
        operation = op.operation
        if operation is None:
            return self._stored(op, "rejected", *refusal(op.unfit or Refused("validation")))
        refs = self._meant.get(op.body_hash) or rows_meant(operation, self.opened.scope_id, op.op_id)
        failed = self._failed_dependency(op.envelope)
        if failed is not None:
            return self._stored(op, "parked", "dependency", {"op_id": failed}, refs)
        if op.envelope.lane in self._waiting_lanes:
            return self._retry(op, self._attempts.get(op.op_id, 0))
        if op.op_id in self.waiting or self.side.numbers.must_wait(op.op_id):
            self._waiting_lanes.add(op.envelope.lane)
            return self._retry(op, _CARD_ATTEMPTS, "card_not_told")
        if op.op_id in self.faults:
            return self._stored(op, "rejected", *refusal(self.faults[op.op_id]), refs)
        if is_alone or type(operation) not in ROWS_BY_ID:
            return self._apply_alone(op, op.envelope, operation, refs)
        return self._apply_in_memory(op, op.envelope, operation, refs)

    def _apply_in_memory(
        self, op: Incoming, envelope: Envelope, operation: Operation, refs: tuple[RowRef, ...]
    ) -> Answer:
        """What is refused leaves nothing behind in memory, and the database was not told of it yet."""
        self._rows.mark()
        try:
            return self._apply(op, envelope, operation, refs)
        except Refused as error:
            self._rows.rewind()
            return self._stored(op, "rejected", *refusal(error), refs)

    def _apply_alone(self, op: Incoming, envelope: Envelope, operation: Operation, refs: tuple[RowRef, ...]) -> Answer:
        """In a savepoint of its own, before which everything of the others is written."""
        self._write_out()
        mark = self.opened.mark()
        point = self.opened.conn.begin_nested()
        try:
            answer = self._apply(op, envelope, operation, refs)
            self._write_out()
            point.commit()
        except Refused as error:
            point.rollback()
            self.opened.rewind(mark)
            self._forget()
            return self._stored(op, "rejected", *refusal(error), refs)
        except NotYet as error:
            point.rollback()
            self.opened.rewind(mark)
            self._forget()
            return self._put_off(op, envelope, error)
        except Exception as error:
            if is_outage(error):
                raise
            point.rollback()
            self.opened.rewind(mark)
            self._forget()
            return self._failed(op, envelope, error)
        return answer

    def _failed(self, op: Incoming, envelope: Envelope, error: Exception) -> Answer:
        attempts = self._attempts.get(op.op_id, 0) + 1
        self.records.park(op, attempts, type(error).__name__)
        _log.error("operation_failed", extra=data(op=op.op_id, type=op.type, attempts=attempts), exc_info=error)
        if attempts >= MOST_FAILURES:
            return self._stored(op, "parked", "server_fault", {"attempts": attempts})
        self._waiting_lanes.add(envelope.lane)
        return self._retry(op, attempts)

    def _put_off(self, op: Incoming, envelope: Envelope, error: NotYet) -> Answer:
        """No failure of ours, but noted like one: what follows it in a later batch is not to overtake it."""
        self.records.park(op, max(1, self._attempts.get(op.op_id, 0)), error.code)
        self._waiting_lanes.add(envelope.lane)
        return self._retry(op, 0, error.code)

    def _retry(self, op: Incoming, attempts: int, reason: str = "server_fault") -> Answer:
        delay = _RETRY_MS << attempts
        return Answer(
            op_id=op.op_id,
            status="retry",
            reason=reason,
            delay_ms=delay,
            body_hash=op.body_hash,
            is_stored=False,
        )

    def _failed_dependency(self, envelope: Envelope) -> str | None:
        for dep in envelope.deps:
            decided, known = self._decided.get(dep), self._known.get(dep)
            status = decided.status if decided is not None else known.status if known is not None else "parked"
            if status == "retry":
                self._waiting_lanes.add(envelope.lane)
            elif status in _NOT_DONE:
                return dep
        return None

    def _apply(self, op: Incoming, envelope: Envelope, operation: Operation, refs: tuple[RowRef, ...]) -> Answer:
        scope_id = self.opened.scope_id
        in_memory = type(operation) in ROWS_BY_ID
        if not in_memory:
            self._write_out()
        context = ApplyContext(
            op_id=op.op_id,
            scope_id=scope_id,
            actor=self.actors.actor_of(envelope),
            device_id=self.device_id,
            assurance=self._assurance(op.op_id, envelope),
            at_ms=min(envelope.occurred_at_ms, op.received(self.received_at_ms)),
            side=self.side,
            rows=self._rows if in_memory else DIRECT,
        )
        effect = apply_operation(self.opened.conn, operation, context)
        if not in_memory:
            self._rows.forget()
            self.side.strangers.clear()
        if isinstance(operation, RegisterMember | MeetCard):
            refs += self._let_in(op, operation, effect)
        if effect.audit is not None:
            self._audit(effect.audit, context)
        self._spread(effect)
        self._fold_later(op.op_id, effect)
        self._served(effect, context.at_ms)
        self._earn(operation, effect, context)
        self._effects[op.op_id] = effect
        self._events += of_operation(
            operation,
            effect,
            envelope,
            context.actor.id,
            device_id=self.device_id,
            epoch=self.records.device_epoch,
            received_at_ms=op.received(self.received_at_ms),
            max_lag_hours=self.max_lag_hours,
        )
        if effect.later or effect.touched != refs:
            refs = tuple(dict.fromkeys((*effect.touched, *effect.later, *refs)))
        return self._stored(op, effect.status, effect.reason, dict(effect.params), refs)

    def _assurance(self, op_id: str, envelope: Envelope) -> int:
        """A visit is worth more than a counter can prove only by the server's word (CODES.md Q-7)."""
        if envelope.type != RecordVisit.TYPE:
            return envelope.assurance
        return _CONFIRMED if op_id in self.codes.confirmed else min(envelope.assurance, ASSURANCE_DYNAMIC)

    def _audit(self, note: AuditNote, context: ApplyContext) -> None:
        """What has to be known of it joins the scope's chain, in the transaction of the operation (A-5)."""
        detail = dict(note.detail) | {"device_id": self.device_id, "occurred_at_ms": context.at_ms}
        record_audit(
            self.opened,
            at_ms=self.received_at_ms,
            actor=context.actor,
            action=note.action,
            subject=note.subject,
            detail=detail,
        )

    def _let_in(self, op: Incoming, operation: RegisterMember | MeetCard, effect: Effect) -> tuple[RowRef, ...]:
        """The store now sees whom it registered, and the person she turned out to be."""
        scope_id = self.opened.scope_id
        grants = [Grant(operation.member_id, scope_id, "home")]
        refs: tuple[RowRef, ...] = ()
        if effect.status == "merged" and effect.member_id and effect.home_scope_id:
            grants.append(Grant(effect.member_id, effect.home_scope_id, "served"))
            refs = (("member", effect.home_scope_id, effect.member_id),)
        grant_in(self.opened, grants, self.chain_id, self.since_ms)
        box = self.boxes.get(op.op_id)
        if box is not None:
            phone = {"scope_id": scope_id, "member_id": operation.member_id, "phone": None, "phone_sealed": box}
            upsert(self.opened.conn, member_phone, [phone])
        return refs

    def _fold_later(self, op_id: str, effect: Effect) -> None:
        for tbl, home, row_id in effect.later:
            if tbl == "member":
                self._folds["member", home, row_id] = op_id
            elif tbl == "binding":
                self._folds["binding", home, row_id] = op_id
            elif tbl == "member_code":
                self._folds["card", home, row_id] = op_id
            elif tbl == "coupon":
                self._folds["coupon", home, row_id] = op_id

    def _served(self, effect: Effect, at_ms: int) -> None:
        """Who is served here stays visible here for as long as sales are (SYNC.md 2)."""
        home = effect.home_scope_id
        if effect.member_id is None or home is None or home == self.opened.scope_id:
            return
        until_ms = at_ms + self.received_at_ms - self.since_ms
        known = self._visible.get(effect.member_id)
        if known is None or (known.until_ms or 0) < until_ms:
            self._visible[effect.member_id] = Grant(effect.member_id, home, "served", until_ms)

    def _earn(self, operation: Operation, effect: Effect, context: ApplyContext) -> None:
        """Coming in, and telling her birthday when she registers, earn points where the chain gives some."""
        is_told = isinstance(operation, RegisterMember) and operation.birthday and effect.status == "accepted"
        if effect.member_id is None or not (is_told or isinstance(operation, RecordVisit)):
            return
        if not self._has_terms:
            self._has_terms = True
            self._terms = read_terms(self.opened.conn, self.chain_id, self.opened.scope_id, self.since_ms)
        if self._terms is None:
            return
        if isinstance(operation, RecordVisit):
            row = self._rows.look(self.opened.conn, ("visit", self.opened.scope_id, operation.visit_id))
            made = None if row is None else visit_entry(self._terms, row, self.opened.scope_id)
        else:
            made = birthday_entry(self._terms, effect.member_id, context.at_ms, context.actor.id)
        self._earned += [made] if made is not None else []

    def _spread(self, effect: Effect) -> None:
        """Touched rows into this scope's feed now, and to other stores that see the member after the commit."""
        for ref in effect.touched:
            row = self._rows.look(self.opened.conn, ref)
            if row is None:
                continue
            # One by one nothing is taken for granted: what failed as a whole may have failed by this.
            is_new = not self.is_one_by_one and self._rows.is_new(ref)
            self.opened.touch_row(ref[0], row, is_new=is_new)
            if ref[0] in MEMBER_TABLES:
                self._wider[ref[0], ref[2]] = row["row_ver"]

    def _read_ahead(self, ops: Sequence[Incoming], *, hold: bool = True) -> None:
        """What the usual operations of this batch ask for, a statement a table instead of one each."""
        conn, scope_id = self.opened.conn, self.opened.scope_id
        refs: list[RowRef] = []
        members: set[str] = set()
        for op in ops:
            if op.op_id not in self._known and op.operation is not None and type(op.operation) in ROWS_BY_ID:
                self._meant[op.body_hash] = meant = rows_meant(op.operation, scope_id, op.op_id)
                refs += meant
                members.update(members_of(op.operation))
        self.side.read_homes(conn, scope_id, members, hold=hold)
        self._rows.read_people(conn, self.side.homes)
        self._rows.read_ahead(conn, refs)

    def _write_out(self) -> None:
        """Everything that was kept back so far, rows first."""
        self._rows.flush(self.opened.conn)
        record_events(self.opened, self._events)
        self._events.clear()
        if self._terms is not None and self._earned:
            self.has_folds = bool(write_entries(self.opened, self._terms, self._earned)) or self.has_folds
            self._earned.clear()
        add_tasks(self.opened, [(tbl, row_id, ver) for (tbl, row_id), ver in sorted(self._wider.items())])
        if self._visible:
            store_grants(self.opened, [self._visible[member_id] for member_id in sorted(self._visible)])
        add_folds(self.opened, [(*fold, op_id) for fold, op_id in sorted(self._folds.items())])
        self.has_folds = self.has_folds or bool(self._folds)
        self.has_tasks = self.has_tasks or self.has_folds or bool(self._wider)
        self._wider.clear()
        self._folds.clear()
        self._visible.clear()

    def _forget(self) -> None:
        """After a rollback nothing read or kept back in the transaction is good any more."""
        self._rows.forget()
        self.side.forget()
        self._wider.clear()
        self._folds.clear()
        self._visible.clear()
        self._events.clear()
        self._earned.clear()

    def _stored(
        self,
        op: Incoming,
        status: Any,
        reason: str | None,
        params: dict[str, Any],
        refs: tuple[RowRef, ...] = (),
    ) -> Answer:
        return Answer(
            op_id=op.op_id,
            status=status,
            reason=reason,
            params=params,
            refs=refs,
            body_hash=op.body_hash,
            received_at_ms=op.received(self.received_at_ms),
        )

    def _keep(self, ops: Sequence[Incoming]) -> None:
        first = {op.op_id: op for op in reversed(ops)}
        fresh = [(first[op_id], answer) for op_id, answer in self._decided.items() if answer.is_stored]
        through = [op.op_id for op, answer in fresh if op.op_id in self._attempts and answer.status != "parked"]
        touched = {op_id: effect.touched for op_id, effect in self._effects.items()}
        numbers = self.opened.likely_numbers() if touched else {}
        likely = effect_seqs(touched, numbers)
        self.records.store(fresh, through, likely)

        def mend(numbered: dict[PointerKey, int]) -> None:
            if numbered != numbers:
                self.records.mend_effect_seqs(likely, effect_seqs(touched, numbered))

        if touched:
            self.opened.after_feed(mend)
