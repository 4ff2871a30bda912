"""Deciding a batch before its scope is taken, over rows that may change until then (SYNC.md 3: nothing slow inside).

Counters of one store wait for each other from the scope's row to the commit. What is decided on rows read before that
holds when they are still the same inside: a row that was written meanwhile has a newer number in the feed. Operations
on such rows are decided again inside; all of them where a member was touched or a grant has ended.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from guidedesk.models.base import among_named, named_values
from guidedesk.models.server_tables import feed
from guidedesk.server.batch_run import ROWS_BY_ID, BatchRun, NotAsAWhole
from guidedesk.server.database import ScopeWrite
from guidedesk.server.feed import chunks
from guidedesk.server.incoming import Incoming
from guidedesk.server.op_answers import Answer
from guidedesk.server.op_records import OpRecords
from guidedesk.server.outages import is_outage
from guidedesk.services.apply import RowRef

_log = logging.getLogger("guidedesk.server.push")


@dataclass(slots=True, kw_only=True)
class DraftedRun(BatchRun):
    """A batch that may be decided beforehand: `draft` without the scope, then `move_to` and `decide` with it."""

    _answers: list[Answer] | None = None
    _seen_head: int = 0
    _seen_homes: dict[str, str] = field(default_factory=dict)
    _seen_strangers: set[str] = field(default_factory=set)

    def draft(self, ops: Sequence[Incoming]) -> bool:
        """Decide as far as nothing has to be written; whether that was possible. `opened` is no transaction."""
        if not self._is_plain(ops):
            return False
        try:
            self._known, self._attempts = self.records.known([op.op_id for op in ops])
            if self._known or self._attempts:
                return False
            self._read_ahead(ops, hold=False)
            answers = [self._answer(op, is_alone=False) for op in ops]
        except Exception as error:
            if is_outage(error):
                raise
            # Decided inside, where an operation that cannot be done is found and spoils nobody else's.
            _log.info("draft_failed", exc_info=error)
            return False
        self._answers = answers
        self._seen_head = self.opened.state().head
        self._seen_homes, self._seen_strangers = dict(self.side.homes), set(self.side.strangers)
        return True

    @staticmethod
    def _is_plain(ops: Sequence[Incoming]) -> bool:
        """Whether every operation finds its rows by their ids and depends on none but those of its row."""
        return len({op.op_id for op in ops}) == len(ops) and all(
            op.envelope is None
            or (not op.envelope.deps and (op.operation is None or type(op.operation) in ROWS_BY_ID))
            for op in ops
        )

    def move_to(self, opened: ScopeWrite, records: OpRecords) -> None:
        """Go on in this transaction."""
        draft, self.opened, self.records, self.actors.conn = self.opened, opened, records, opened.conn
        opened.rewind(draft.mark())
        self.sit_down()

    def decide(self, ops: Sequence[Incoming]) -> list[Answer]:
        """As the draft says, if it holds."""
        answers, self._answers = self._answers, None
        if answers is None:
            return BatchRun.decide(self, ops)
        stale = self._written_since()
        if stale is None:
            self._start_again()
            return BatchRun.decide(self, ops)
        try:
            if stale:
                self._decide_again(ops, answers, stale)
            self._write_out()
            self._keep(ops)
        except Exception as error:
            if is_outage(error):
                raise
            # An operation that somebody else brought meanwhile is in the log by now.
            raise NotAsAWhole from error
        return answers

    def _written_since(self) -> set[RowRef] | None:
        """Rows that were written since the draft read them; None where more than some rows is different."""
        conn, scope_id = self.opened.conn, self.opened.scope_id
        members = self._seen_homes.keys() | self._seen_strangers
        self.side.read_homes(conn, scope_id, members)
        if self.side.homes != self._seen_homes:
            return None
        if self.opened.state().head == self._seen_head:
            return set()
        moved: set[RowRef] = set()
        for chunk in chunks(sorted({row_id for _, _, row_id in self._rows.remembered()})):
            given = {"the_scope": scope_id, "seen": self._seen_head, "these": named_values(conn, chunk)}
            for tbl, row_scope_id, row_id in conn.execute(_moved_since(conn.dialect.name), given):
                moved.add((tbl, row_scope_id, row_id))
        # Her points bear her id as well, and change with each visit: nothing that was decided here rests on them.
        found = moved & set(self._rows.remembered())
        return None if any(ref[0] == "member" for ref in found) else found

    def _decide_again(self, ops: Sequence[Incoming], answers: list[Answer], refs: set[RowRef]) -> None:
        """Operations on these rows, in their order."""
        self._rows.drop(refs)
        self.opened.untouch(refs)
        again: set[int] = set()
        for place, op in enumerate(ops):
            effect = self._effects.get(op.op_id)
            touched = effect.touched if effect is not None else answers[place].refs
            if refs.isdisjoint(touched):
                continue
            self._effects.pop(op.op_id, None)
            del self._decided[op.op_id]
            again.add(place)
        numbers = {ops[place].seq for place in again}
        self._events = [event for event in self._events if event.device is None or event.device[2] not in numbers]
        for place in sorted(again):
            answers[place] = self._answer(ops[place], is_alone=False)

    def _start_again(self) -> None:
        self.opened.rewind({})
        self._forget()
        for kept in (self._decided, self._effects, self._waiting_lanes):
            kept.clear()


@cache
def _moved_since(dialect_name: str) -> Select[Any]:
    return select(feed.c.tbl, feed.c.row_scope_id, feed.c.row_id).where(
        feed.c.scope_id == bindparam("the_scope"),
        feed.c.seq > bindparam("seen"),
        among_named(dialect_name, feed.c.row_id, "these"),
    )
