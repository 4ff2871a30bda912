"""What the server keeps of operations: numbers, the log, personal fields apart, and what was parked (SYNC.md 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import Any, Final

from sqlalchemy import CompoundSelect, bindparam, column, delete, func, null, select, union_all, update

from guidedesk.models.arrays import array_of
from guidedesk.models.base import Big, IdType, among, among_named, named_values
from guidedesk.models.entities import upsert
from guidedesk.models.server_tables import device_op, op_log, op_parked, op_personal
from guidedesk.server.bulk_sql import insert_tuples
from guidedesk.server.database import ScopeWrite
from guidedesk.server.feed import chunks
from guidedesk.server.feed_pointers import PointerKey
from guidedesk.server.incoming import NO_ONE, Incoming
from guidedesk.server.op_answers import Answer
from guidedesk.sync.protocol import canonical

# Why an operation is in `op_parked` that came under a known id; and that a manager has looked at it.
OTHER_CONTENT: Final = "other_content"
REFUSED_CONTENT: Final = "other_content_refused"


_NUMBERED: Final = ("scope_id", "device_id", "device_epoch", "device_seq", "op_id", "chain_hash")
_PERSONAL: Final = ("scope_id", "op_id", "salt", "json")
_LOGGED: Final = (
    "scope_id", "op_id", "device_id", "device_epoch", "device_seq", "type", "v", "body", "body_hash", "actor_id",
    "received_at_ms", "occurred_at_ms", "status", "result", "effect_seq",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpRecords:
    """The records of one device's batch in one open transaction."""

    opened: ScopeWrite
    device_id: str
    device_epoch: int
    received_at_ms: int

    def taken_numbers(self, seqs: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        """number -> (op id, link) of those this device used before in this epoch."""
        rows = self.opened.conn.execute(
            select(device_op.c.device_seq, device_op.c.op_id, device_op.c.chain_hash).where(
                device_op.c.scope_id == self.opened.scope_id,
                device_op.c.device_id == self.device_id,
                device_op.c.device_epoch == self.device_epoch,
                among(self.opened.conn, device_op.c.device_seq, seqs),
            )
        )
        return {row.device_seq: (row.op_id, bytes(row.chain_hash)) for row in rows}

    def store_numbers(self, numbered: Sequence[tuple[Incoming, bytes]]) -> None:
        """Note which operation each new number of this device was, with its link."""
        if not numbered:
            return
        scope_id, device_id, epoch = self.opened.scope_id, self.device_id, self.device_epoch
        rows = [(scope_id, device_id, epoch, op.seq, op.op_id, link) for op, link in numbered]
        insert_tuples(self.opened.conn, device_op, _NUMBERED, rows)

    def is_refused_content(self, op_id: str) -> bool:
        """Whether a person ended what came under a known id with other content."""
        p = op_parked.c
        query = select(p.error).where(p.scope_id == self.opened.scope_id, p.op_id == op_id)
        return self.opened.conn.execute(query).scalar() == REFUSED_CONTENT

    def has_other_content(self, op: Incoming) -> bool:
        """Whether this id is known with another body."""
        known = self.known([op.op_id])[0].get(op.op_id)
        return known is not None and bytes(known.body_hash) != op.body_hash

    def known(self, op_ids: Iterable[str]) -> tuple[dict[str, Any], dict[str, int]]:
        """op id -> its row of the log, for those that were decided before; op id -> how often the server failed
        with it, for those that are in `op_parked`."""
        conn = self.opened.conn
        found: dict[str, Any] = {}
        attempts: dict[str, int] = {}
        for chunk in chunks(sorted(set(op_ids))):
            given = {"the_scope": self.opened.scope_id, "these": named_values(conn, chunk)}
            for row in conn.execute(_known(conn.dialect.name), given):
                if row.attempts is None:
                    found[row.op_id] = row
                else:
                    attempts[row.op_id] = row.attempts
        return found, attempts

    def park(self, op: Incoming, attempts: int, error: str) -> None:
        """Keep an operation for support to look at, without its personal fields."""
        row = {"scope_id": self.opened.scope_id, "op_id": op.op_id, "attempts": attempts, "error": error}
        upsert(self.opened.conn, op_parked, [row | {"body": op.text}])

    def store(
        self, decided: Sequence[tuple[Incoming, Answer]], unparked: Sequence[str], effect_seqs: Mapping[str, int]
    ) -> None:
        """Log decided operations, personal fields apart; `unparked` went through after all.

        `effect_seqs`: where in the feed each operation's effect will likely stand.
        """
        if not decided:
            return
        conn, scope_id = self.opened.conn, self.opened.scope_id
        rows = [self._row(op, answer, effect_seqs.get(op.op_id)) for op, answer in decided]
        insert_tuples(conn, op_log, _LOGGED, rows)
        personal = [
            (scope_id, op.op_id, op.envelope.personal_salt, canonical(dict(op.envelope.personal)))
            for op, _ in decided
            if op.envelope is not None and op.envelope.personal_salt is not None
        ]
        if personal:
            insert_tuples(conn, op_personal, _PERSONAL, personal)
        if unparked:
            conn.execute(
                delete(op_parked).where(op_parked.c.scope_id == scope_id, op_parked.c.op_id.in_(list(unparked)))
            )

    def mend_effect_seqs(self, likely: Mapping[str, int], true: Mapping[str, int]) -> None:
        """Where in the feed each operation's effect stands, for those that stand elsewhere than was likely."""
        rows = [{"op": op_id, "seq": seq} for op_id, seq in true.items() if likely.get(op_id) != seq]
        if rows and self.opened.conn.dialect.name == "postgresql":
            self._store_effect_arrays(rows)
        elif rows:
            statement = (
                update(op_log)
                .where(op_log.c.scope_id == self.opened.scope_id, op_log.c.op_id == bindparam("op"))
                .values(effect_seq=bindparam("seq"))
            )
            self.opened.conn.execute(statement, rows)

    def _store_effect_arrays(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """As one statement: the scope's head is locked by now, and nothing slow may follow."""
        given = func.unnest(
            array_of(IdType(), [row["op"] for row in rows]), array_of(Big, [row["seq"] for row in rows])
        ).table_valued(column("op", IdType()), column("seq", Big)).render_derived(name="given")
        self.opened.conn.execute(
            update(op_log)
            .where(op_log.c.scope_id == self.opened.scope_id, op_log.c.op_id == given.c.op)
            .values(effect_seq=given.c.seq)
        )

    def _row(self, op: Incoming, answer: Answer, effect_seq: int | None) -> tuple[Any, ...]:
        """In the order of `_LOGGED`."""
        envelope = op.envelope
        received = op.received(self.received_at_ms)
        occurred = received if envelope is None else min(envelope.occurred_at_ms, received)
        return (
            self.opened.scope_id,
            op.op_id,
            self.device_id,
            self.device_epoch,
            op.seq,
            op.type,
            op.v,
            op.text,
            op.body_hash,
            NO_ONE if envelope is None else envelope.actor,
            received,
            occurred,
            answer.status,
            answer.to_text(),
            effect_seq,
        )


@cache
def _known(dialect_name: str) -> CompoundSelect[Any]:
    """Both logs at once: of most operations neither has anything."""
    log, parked, here = op_log.c, op_parked.c, bindparam("the_scope", type_=IdType())
    nothing = [null().label(column.name) for column in (log.body_hash, log.status, log.result, log.received_at_ms)]
    return union_all(
        select(
            log.op_id, log.body_hash, log.status, log.result, log.received_at_ms, null().label("attempts")
        ).where(log.scope_id == here, among_named(dialect_name, log.op_id, "these")),
        select(parked.op_id, *nothing, parked.attempts).where(
            parked.scope_id == here, among_named(dialect_name, parked.op_id, "these")
        ),
    )


def effect_seqs(touched: Mapping[str, Sequence[PointerKey]], numbered: Mapping[PointerKey, int]) -> dict[str, int]:
    """operation -> the last feed number of the rows it touched."""
    found: dict[str, int] = {}
    for op_id, refs in touched.items():
        last = max(map(numbered.get, refs, repeat(0)), default=0)
        if last:
            found[op_id] = last
    return found
