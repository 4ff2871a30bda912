"""Deciding the operations of one batch inside one transaction (SYNC.md 6: poison, idempotence, deps)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.models.entities import load_row, upsert
from guidedesk.models.people import staff
from guidedesk.models.server_tables import device_op, member_phone, op_log, op_parked, op_personal, staff_session
from guidedesk.server import fanout
from guidedesk.server.database import ScopeWrite, is_outage
from guidedesk.server.feed_pointers import PointerKey
from guidedesk.server.incoming import NO_ONE, Incoming
from guidedesk.server.op_answers import Answer, refusal, rows_meant
from guidedesk.server.server_side import ServerSide
from guidedesk.server.visibility import MEMBER_TABLES, Grant, grant_in
from guidedesk.services import operations
from guidedesk.services.apply import ApplyContext, Effect, RowRef, apply_operation
from guidedesk.services.operations import Operation, RegisterMember
from guidedesk.sync.protocol import Envelope, canonical
from guidedesk.sync.redaction import data

_log = logging.getLogger("guidedesk.server.push")
MOST_FAILURES: Final = 5
_RETRY_MS: Final = 1_000
_NOT_DONE: Final = frozenset({"rejected", "parked", "quarantined"})


@dataclass(slots=True, kw_only=True)
class BatchRun:
    """One batch in one open transaction; made anew when the transaction is tried again."""

    opened: ScopeWrite
    device_id: str
    device_epoch: int
    is_suspended: bool
    chain_id: str
    since_ms: int
    received_at_ms: int
    side: ServerSide
    boxes: Mapping[str, bytes]
    faults: Mapping[str, Refused]
    has_tasks: bool = False
    _known: dict[str, Any] = field(default_factory=dict)
    _attempts: dict[str, int] = field(default_factory=dict)
    _decided: dict[str, Answer] = field(default_factory=dict)
    _effects: dict[str, Effect] = field(default_factory=dict)
    _actors: dict[str, Actor | None] = field(default_factory=dict)
    _waiting_lanes: set[str] = field(default_factory=set)

    def taken_numbers(self, seqs: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        """number -> (op id, link) of those this device used before in this epoch."""
        rows = self.opened.conn.execute(
            select(device_op.c.device_seq, device_op.c.op_id, device_op.c.chain_hash).where(
                device_op.c.scope_id == self.opened.scope_id,
                device_op.c.device_id == self.device_id,
                device_op.c.device_epoch == self.device_epoch,
                device_op.c.device_seq.in_(list(seqs)),
            )
        )
        return {row.device_seq: (row.op_id, bytes(row.chain_hash)) for row in rows}

    def has_other_content(self, op: Incoming) -> bool:
        """Whether this id is known with another body."""
        known = self._find([op]).get(op.op_id)
        return known is not None and bytes(known.body_hash) != op.body_hash

    def number(self, op: Incoming, link: bytes) -> None:
        """Note that this device used this number for this operation."""
        self.opened.conn.execute(
            insert(device_op),
            [
                {
                    "scope_id": self.opened.scope_id,
                    "device_id": self.device_id,
                    "device_epoch": self.device_epoch,
                    "device_seq": op.seq,
                    "op_id": op.op_id,
                    "chain_hash": link,
                }
            ],
        )

    def decide(self, ops: Sequence[Incoming]) -> list[Answer]:
        """An answer for each operation, in order; the batch as a whole first, then one savepoint each."""
        self._known = self._find(ops)
        self._attempts = self._find_attempts(ops)
        mark = self.opened.mark()
        point = self.opened.conn.begin_nested()
        try:
            answers = [self._answer(op, is_alone=False) for op in ops]
            point.commit()
        except Exception as error:
            if isinstance(error, DBAPIError) and is_outage(error):
                raise
            point.rollback()
            self.opened.rewind(mark)
            for kept in (self._decided, self._effects, self._waiting_lanes):
                kept.clear()
            answers = [self._answer(op, is_alone=True) for op in ops]
        self._log_decided(ops)
        return answers

    def _find(self, ops: Sequence[Incoming]) -> dict[str, Any]:
        wanted = {op.op_id for op in ops}
        wanted |= {dep for op in ops if op.envelope is not None for dep in op.envelope.deps}
        ids, found = sorted(wanted), {}
        for start in range(0, len(ids), 500):
            for row in self.opened.conn.execute(
                select(
                    op_log.c.op_id, op_log.c.body_hash, op_log.c.status, op_log.c.result, op_log.c.received_at_ms
                ).where(op_log.c.scope_id == self.opened.scope_id, op_log.c.op_id.in_(ids[start : start + 500]))
            ):
                found[row.op_id] = row
        return found

    def _find_attempts(self, ops: Sequence[Incoming]) -> dict[str, int]:
        rows = self.opened.conn.execute(
            select(op_parked.c.op_id, op_parked.c.attempts).where(
                op_parked.c.scope_id == self.opened.scope_id, op_parked.c.op_id.in_([op.op_id for op in ops])
            )
        )
        return {row.op_id: row.attempts for row in rows}

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
        return answer

    def _other_content(self, op: Incoming) -> Answer:
        """S-3: the first content is kept; this one is kept apart for a person to look at."""
        self._park(op, 0, "other_content")
        return Answer(
            op_id=op.op_id,
            status="quarantined",
            reason="other_content",
            received_at_ms=self.received_at_ms,
            is_stored=False,
        )

    def _decide_new(self, op: Incoming, *, is_alone: bool) -> Answer:
        if op.envelope is None:
            return self._stored(op, "rejected", *refusal(op.fault or Refused("validation")))
        if self.is_suspended:
            return self._stored(op, "quarantined", "device_suspended", {})
        try:
            operation = operations.parse(op.type, op.v, op.envelope.body, op.envelope.personal)
        except Refused as error:
            return self._stored(op, "rejected", *refusal(error))
        refs = rows_meant(operation, self.opened.scope_id)
        failed = self._failed_dependency(op.envelope)
        if failed is not None:
            return self._stored(op, "parked", "dependency", {"op_id": failed}, refs)
        if op.envelope.lane in self._waiting_lanes:
            return self._retry(op, self._attempts.get(op.op_id, 0))
        if op.op_id in self.faults:
            return self._stored(op, "rejected", *refusal(self.faults[op.op_id]), refs)
        if not is_alone:
            return self._apply(op, op.envelope, operation, refs)
        return self._apply_alone(op, op.envelope, operation, refs)

    def _apply_alone(self, op: Incoming, envelope: Envelope, operation: Operation, refs: tuple[RowRef, ...]) -> Answer:
        mark = self.opened.mark()
        point = self.opened.conn.begin_nested()
        try:
            answer = self._apply(op, envelope, operation, refs)
            point.commit()
        except Refused as error:
            point.rollback()
            self.opened.rewind(mark)
            return self._stored(op, "rejected", *refusal(error), refs)
        except Exception as error:
            if isinstance(error, DBAPIError) and is_outage(error):
                raise
            point.rollback()
            self.opened.rewind(mark)
            return self._failed(op, envelope, error)
        return answer

    def _failed(self, op: Incoming, envelope: Envelope, error: Exception) -> Answer:
        attempts = self._attempts.get(op.op_id, 0) + 1
        self._park(op, attempts, type(error).__name__)
        _log.error("operation_failed", extra=data(op=op.op_id, type=op.type, attempts=attempts), exc_info=error)
        if attempts >= MOST_FAILURES:
            return self._stored(op, "parked", "server_fault", {"attempts": attempts})
        self._waiting_lanes.add(envelope.lane)
        return self._retry(op, attempts)

    def _retry(self, op: Incoming, attempts: int) -> Answer:
        delay = _RETRY_MS << attempts
        return Answer(
            op_id=op.op_id,
            status="retry",
            reason="server_fault",
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
        context = ApplyContext(
            op_id=op.op_id,
            scope_id=scope_id,
            actor=self._actor(envelope),
            device_id=self.device_id,
            assurance=envelope.assurance,
            at_ms=min(envelope.occurred_at_ms, self.received_at_ms),
            side=self.side,
        )
        effect = apply_operation(self.opened.conn, operation, context)
        if isinstance(operation, RegisterMember):
            refs += self._let_in(op, operation, effect)
        self._spread(effect)
        self._effects[op.op_id] = effect
        refs = tuple(dict.fromkeys((*effect.touched, *refs)))
        return self._stored(op, effect.status, effect.reason, dict(effect.params), refs)

    def _let_in(self, op: Incoming, operation: RegisterMember, effect: Effect) -> tuple[RowRef, ...]:
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

    def _spread(self, effect: Effect) -> None:
        """Touched rows into this scope's feed now, and to other stores that see the member after the commit."""
        wider: list[tuple[str, str, int]] = []
        for tbl, row_scope, row_id in effect.touched:
            row = load_row(self.opened.conn, tbl, row_scope, row_id)
            if row is None:
                continue
            self.opened.touch_row(tbl, row)
            if tbl in MEMBER_TABLES:
                wider.append((tbl, row_id, row["row_ver"]))
        fanout.add_tasks(self.opened, wider)
        self.has_tasks = self.has_tasks or bool(wider)

    def _actor(self, envelope: Envelope) -> Actor:
        """Who did it, by the server's own record of staff (A-4): what a counter claims of her role counts nothing."""
        if envelope.actor not in self._actors:
            self._actors[envelope.actor] = self._find_actor(envelope.actor)
        actor = self._actors[envelope.actor]
        if actor is None:
            raise Refused("forbidden", why="unknown_staff")
        if envelope.session is not None and not self._is_own_session(envelope.session, actor.id):
            raise Refused("forbidden", why="other_session")
        return actor

    def _find_actor(self, staff_id: str) -> Actor | None:
        row = self.opened.conn.execute(
            select(staff.c.role, staff.c.store_id, staff.c.is_active, staff.c.deleted_at_ms).where(
                staff.c.scope_id == self.chain_id, staff.c.id == staff_id
            )
        ).first()
        if row is None:
            return None
        is_active = bool(row.is_active) and row.deleted_at_ms is None
        return Actor(staff_id, row.role, frozenset({row.store_id}), is_active)

    def _is_own_session(self, session_id: str, staff_id: str) -> bool:
        row = self.opened.conn.execute(
            select(staff_session.c.staff_id, staff_session.c.device_id).where(
                staff_session.c.scope_id == self.opened.scope_id, staff_session.c.session_id == session_id
            )
        ).first()
        # A session begun offline is not known here; the device's chain vouches for it (D-4, D-8).
        return row is None or (row.staff_id == staff_id and row.device_id == self.device_id)

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
            received_at_ms=self.received_at_ms,
        )

    def _park(self, op: Incoming, attempts: int, error: str) -> None:
        row = {"scope_id": self.opened.scope_id, "op_id": op.op_id, "attempts": attempts, "error": error}
        upsert(self.opened.conn, op_parked, [row | {"body": op.text}])

    def _log_decided(self, ops: Sequence[Incoming]) -> None:
        first = {op.op_id: op for op in reversed(ops)}
        fresh = [(first[op_id], answer) for op_id, answer in self._decided.items() if answer.is_stored]
        if not fresh:
            return
        conn, scope_id = self.opened.conn, self.opened.scope_id
        conn.execute(insert(op_log), [self._log_row(op, answer) for op, answer in fresh])
        personal = [
            {
                "scope_id": scope_id,
                "op_id": op.op_id,
                "salt": op.envelope.personal_salt,
                "json": canonical(dict(op.envelope.personal)),
            }
            for op, _ in fresh
            if op.envelope is not None and op.envelope.personal_salt is not None
        ]
        if personal:
            conn.execute(insert(op_personal), personal)
        settled = [op.op_id for op, answer in fresh if op.op_id in self._attempts and answer.status != "parked"]
        if settled:
            conn.execute(delete(op_parked).where(op_parked.c.scope_id == scope_id, op_parked.c.op_id.in_(settled)))
        self.opened.after_feed(self._store_effect_seqs)

    def _log_row(self, op: Incoming, answer: Answer) -> dict[str, Any]:
        envelope = op.envelope
        occurred = self.received_at_ms if envelope is None else min(envelope.occurred_at_ms, self.received_at_ms)
        return {
            "scope_id": self.opened.scope_id,
            "op_id": op.op_id,
            "device_id": self.device_id,
            "device_epoch": self.device_epoch,
            "device_seq": op.seq,
            "type": op.type,
            "v": op.v,
            "body": op.text,
            "body_hash": op.body_hash,
            "actor_id": NO_ONE if envelope is None else envelope.actor,
            "received_at_ms": self.received_at_ms,
            "occurred_at_ms": occurred,
            "status": answer.status,
            "result": answer.to_text(),
            "effect_seq": None,
        }

    def _store_effect_seqs(self, numbered: dict[PointerKey, int]) -> None:
        rows: list[dict[str, Any]] = []
        for op_id, effect in self._effects.items():
            seqs = [numbered[ref] for ref in effect.touched if ref in numbered]
            if seqs:
                rows.append({"op": op_id, "seq": max(seqs)})
        if rows:
            statement = (
                update(op_log)
                .where(op_log.c.scope_id == self.opened.scope_id, op_log.c.op_id == bindparam("op"))
                .values(effect_seq=bindparam("seq"))
            )
            self.opened.conn.execute(statement, rows)
