"""A decider's first push would pay for what all others find ready: statements put together, tables looked up by the
database's own process. So it decides a batch of the usual operations beforehand, in a transaction that is taken back.

Scope, counter, member and associate of that batch are made in the same transaction: nobody else sees them, no row of a
real store is locked, and nothing stays.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Table, insert

from guidedesk.domain.ids import derived_id
from guidedesk.models.people import member, staff
from guidedesk.models.server_tables import device, scope, scope_grant
from guidedesk.server.batch_draft import DraftedRun
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.incoming import Incoming, read_batch
from guidedesk.server.op_actors import OpActors
from guidedesk.server.op_answers import render_answers
from guidedesk.server.op_records import OpRecords
from guidedesk.server.server_side import ServerSide
from guidedesk.services.operations import (
    LogInteraction,
    Operation,
    RecordVisit,
    ScheduleFollowUp,
    SetTag,
    lane_of,
    split,
)
from guidedesk.sync.protocol import GENESIS, SCHEMA, Envelope

_OF_EACH: Final = 6  # fewer rows of a table are written in another way
_LAG_HOURS: Final = 72
# A server that is started may be changing its tables at this moment: that comes first, long before either of the two
# would be found to wait for the other.
_GIVE_WAY: Final = "SET LOCAL lock_timeout = '100ms'"


def warm_up(context: ServerContext) -> int:
    """How many operations were accepted, of which nothing is left. None over SQLite, which has no deciders."""
    database, now_ms = context.database, context.clock.wall_ms()
    if database.is_sqlite:
        return 0
    chain_id = database.chain_id()
    with database.engine.connect() as conn, conn.begin() as transaction:
        try:
            conn.exec_driver_sql(_GIVE_WAY)
            stage = _Stage(chain_id, now_ms)
            stage.set(conn)
            answers = stage.decide(conn)
            render_answers(conn, stage.scope_id, answers, context.secrets.signing_key(), {})
        finally:
            transaction.rollback()
    return sum(answer.status == "accepted" for answer in answers)


class _Stage:
    """Who is needed for a batch: a store, a counter, somebody who works there and somebody who comes in."""

    def __init__(self, chain_id: str, now_ms: int) -> None:
        self.chain_id = chain_id
        self.now_ms = now_ms
        # Each process has ids of its own: with the same ones the second would wait for the first.
        self.scope_id, self._device, self._member, self._staff = (
            derived_id("warming", what, os.getpid(), now_ms) for what in ("scope", "device", "member", "staff")
        )

    def set(self, conn: Connection) -> None:
        here, now_ms = {"scope_id": self.scope_id}, self.now_ms
        _put(conn, scope, {**here, "kind": "store", "epoch": 1, "head": 0, "floor": 0})
        _put(conn, device, {
            **here, "device_id": self._device, "label": "", "host": "", "epoch": 1, "last_seq": 0,
            "last_hash": GENESIS, "schema_ver": SCHEMA, "state": "active", "public_key": bytes(32),
            "enrolled_at_ms": now_ms,
        })  # fmt: skip
        _put(conn, staff, {
            "scope_id": self.chain_id, "id": self._staff, "row_ver": 1, "number": self._staff, "name": "",
            "name_en": "", "role": "associate", "store_id": self.scope_id, "is_active": 1, "joined_at_ms": now_ms,
        })  # fmt: skip
        _put(conn, member, {
            **here, "id": self._member, "row_ver": 1, "name": "", "pinyin": "", "initials": "", "tier": "",
            "joined_at_ms": now_ms,
        })  # fmt: skip
        _put(conn, scope_grant, {
            **here, "member_id": self._member, "reason": "home", "home_scope_id": self.scope_id,
        })  # fmt: skip

    def decide(self, conn: Connection) -> list[Any]:
        """As a push is decided, from before its scope is taken to the feed."""
        ops = self._batch()
        opened = ScopeWrite(conn, self.scope_id)
        records = OpRecords(opened, self._device, 1, self.now_ms)
        run = DraftedRun(
            opened=opened, records=records, actors=OpActors(conn, self.chain_id, self.scope_id, self._device),
            device_id=self._device, oldest_ms=0, max_lag_hours=_LAG_HOURS, chain_id=self.chain_id, since_ms=0,
            received_at_ms=self.now_ms, side=ServerSide(), boxes={}, faults={},
        )  # fmt: skip
        run.draft(ops)
        answers = run.decide(ops)
        records.store_numbers([(op, op.link() or GENESIS) for op in ops])
        opened.finish()
        return answers

    def _batch(self) -> tuple[Incoming, ...]:
        made: list[dict[str, Any]] = []
        link = GENESIS
        for number, operation in enumerate(self._operations(), start=1):
            body, personal = split(operation)
            envelope = Envelope(
                op_id=derived_id("warming", self._device, number), device_seq=number, prev_hash=link,
                type=operation.TYPE, v=1, lane=lane_of(operation), deps=(), actor=self._staff, session=None,
                assurance=1, wall_ms=self.now_ms, offset_ms=0, boot_id="", mono_ms=number,
                occurred_at_ms=self.now_ms, body=body, personal_salt="0" * 32, personal=personal,
            )  # fmt: skip
            link = envelope.chain_hash()
            made.append(envelope.to_wire())
        body = {"batch_id": self.scope_id, "epoch": 1, "first_seq": 1, "ops": made}
        return read_batch(body, self._device).ops

    def _operations(self) -> Iterator[Operation]:
        who = self._member
        for number in range(_OF_EACH):
            row_id = derived_id("warming", self._device, "row", number)
            yield RecordVisit(visit_id=row_id, member_id=who)
            yield LogInteraction(interaction_id=row_id, member_id=who, kind="visit", outcome="tried", note="-")
            yield SetTag(member_id=who, is_on=True, tag=str(number))
            yield ScheduleFollowUp(follow_up_id=row_id, member_id=who, due_date="2027-01-15", text="-")


def _put(conn: Connection, table: Table, row: dict[str, Any]) -> None:
    conn.execute(insert(table), [row])
