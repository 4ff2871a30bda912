"""Making an operation true: asked of the rules, committed to the journal, then laid over the cache (SYNC.md 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused, StorageError
from guidedesk.domain.ids import new_id
from guidedesk.domain.ports import Random
from guidedesk.domain.time import DAY_MS, TrustedTime
from guidedesk.services.apply import ApplyContext, CounterSide, RowRef
from guidedesk.services.changes import Changes
from guidedesk.services.known_here import with_what_was_known
from guidedesk.services.operations import (
    VERSION,
    CancelFollowUp,
    CompleteFollowUp,
    IssueCoupon,
    IssueInvitation,
    LogInteraction,
    MeetCard,
    Operation,
    RecordVisit,
    RegisterMember,
    ReissueCard,
    Retract,
    ServedNoPurchase,
    lane_of,
    members_of,
    parse,
    split,
)
from guidedesk.sync import overlay, strict_json
from guidedesk.sync.cache import Cache
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.identity import Identity
from guidedesk.sync.journal import Journal
from guidedesk.sync.journal_entry import Entry
from guidedesk.sync.protocol import GENESIS, Envelope

_TAKES_A_CODE = (RegisterMember, IssueInvitation, ReissueCard)
# What may be taken back, and which of its fields names the row.
_RETRACTABLE: Final = {
    LogInteraction.TYPE: "interaction_id",
    ServedNoPurchase.TYPE: "interaction_id",
    CompleteFollowUp.TYPE: "follow_up_id",
    CancelFollowUp.TYPE: "follow_up_id",
}
_A_WEEK_MS = 7 * DAY_MS
_A_MONTH_MS = 31 * DAY_MS


@dataclass(frozen=True, slots=True)
class Recorded:
    """Operations that are now true on this PC: their ids, their state, and what screens should look at."""

    op_ids: tuple[str, ...]
    state: str
    changes: Changes


class Recorder:
    """Records operations of one counter. One writer at a time: the cache's write lock is the queue."""

    def __init__(self, journal: Journal, cache: Cache, clock: ServerClock, random: Random, identity: Identity) -> None:
        self._journal = journal
        self._cache = cache
        self._clock = clock
        self._random = random
        self._identity = identity
        self.is_cache_behind = False

    def record(
        self, operations: Sequence[Operation], actor: Actor, assurance: int, session_id: str | None = None
    ) -> Recorded:
        """Commit operations together; `Refused` says which rule forbids one, and then nothing was written.

        The effect is laid first, in a transaction of the cache that is kept only after the journal has them: what a
        rule forbids is found there. Once the journal has them they are done: a cache that then cannot keep the
        effect is caught up later.
        """
        entries: list[Entry] = []
        refs: list[RowRef] = []
        try:
            with self._cache.write() as conn:
                operations = [with_what_was_known(conn, op) for op in operations]
                envelopes: list[Envelope] = []
                for operation in operations:
                    now = self._now(envelopes)
                    envelopes.append(self._envelope(operation, actor, assurance, session_id, now))
                for operation, envelope in zip(operations, envelopes, strict=True):
                    context = self._context(envelope, actor)
                    refs += overlay.lay_new(conn, envelope.op_id, envelope.lane, operation, context)
                envelopes = self._with_deps(envelopes)
                blanks = [op.code_digits for op in operations if isinstance(op, _TAKES_A_CODE) and op.code_digits]
                blanks += [op.handle for op in operations if isinstance(op, IssueCoupon)]
                used = [(op.code_handle, op.code_serial) for op in operations if isinstance(op, RecordVisit)]
                shown = [(handle, serial) for handle, serial in used if handle is not None and serial is not None]
                entries = self._journal.append(envelopes, blank_digits=blanks, used_codes=shown)
        except StorageError as error:
            if not entries or error.params.get("file") != "cache":
                raise
            self.is_cache_behind = True
        op_ids = tuple(entry.envelope.op_id for entry in entries)
        return Recorded(op_ids, _state(entries), _changes(refs, operations, op_ids))

    def retract(self, op_id: str, actor: Actor, session_id: str | None) -> Recorded:
        """Take back what the same associate did here a moment ago (SYNC.md 6): a logged interaction, or the ending
        of a follow-up.

        `not_found` for another kind of operation, or one this counter did not record; `stale_precondition` too late.
        """
        entry = self._journal.find(op_id)
        field = None if entry is None else _RETRACTABLE.get(entry.envelope.type)
        row_id = None if entry is None or field is None else entry.envelope.body.get(field)
        if entry is None or field is None or not isinstance(row_id, str):
            raise Refused("not_found", what="interaction")
        retraction = Retract(op_id=op_id, member_id=entry.envelope.lane, **{field: row_id})
        return self.record([retraction], actor, entry.envelope.assurance, session_id)

    def pending(self, envelope: Envelope) -> overlay.PendingOp:
        """An operation of the journal as it is laid over the cache."""
        return overlay.pending_from(envelope, self._identity.store_id, self._identity.device_id)

    def load_lanes(self, lanes: frozenset[str]) -> list[overlay.PendingOp]:
        """Pending operations of these lanes, in order."""
        return [self.pending(entry.envelope) for entry in self._journal.pending(lanes)]

    def _context(self, envelope: Envelope, actor: Actor) -> ApplyContext:
        return ApplyContext(
            op_id=envelope.op_id,
            scope_id=self._identity.store_id,
            actor=actor,
            device_id=self._identity.device_id,
            assurance=envelope.assurance,
            at_ms=envelope.occurred_at_ms,
            side=CounterSide(),
        )

    def _now(self, before: Sequence[Envelope]) -> TrustedTime:
        """When this is recorded: where only the wall clock tells, after what was recorded before. It may be held, and
        the day's work would all bear one moment and be told in any order; or put back, and what was done later would
        be told earlier. How long ago a record of this boot was, the monotonic clock knows.

        A record of days later (in one boot, where the order is sure, of more than a month) was made under a clock that
        was years off: that one is not followed."""
        now = self._clock.now()
        if not now.is_by_wall:
            return now
        for newest in before[-1:] or [entry.envelope for entry in self._journal.latest(1)]:
            is_of_this_boot = newest.boot_id == self._clock.boot_id()
            ahead_ms = newest.occurred_at_ms + 1 - now.at_ms
            if 0 < ahead_ms < (_A_MONTH_MS if is_of_this_boot else _A_WEEK_MS):
                if is_of_this_boot and not now.is_held:
                    ahead_ms += max(0, self._clock.mono_ms() - newest.mono_ms - 1)
                return replace(now, at_ms=now.at_ms + ahead_ms, offset_ms=now.offset_ms + ahead_ms)
        return now

    def _envelope(
        self, operation: Operation, actor: Actor, assurance: int, session_id: str | None, now: TrustedTime
    ) -> Envelope:
        body, personal = split(operation)
        # What the server could not read would wait here for ever: refuse it while the person is still there.
        parse(operation.TYPE, VERSION, body, personal)
        strict_json.dumps([body, personal])
        wall_ms = self._clock.wall_ms()
        return Envelope(
            op_id=new_id(max(0, now.at_ms), self._random.bytes(10)),
            device_seq=0,
            prev_hash=GENESIS,
            type=operation.TYPE,
            v=VERSION,
            lane=lane_of(operation),
            deps=(),
            actor=actor.id,
            session=session_id,
            assurance=assurance,
            wall_ms=wall_ms,
            offset_ms=now.offset_ms,
            boot_id=self._clock.boot_id(),
            mono_ms=self._clock.mono_ms(),
            occurred_at_ms=now.at_ms,
            body=body,
            personal_salt=self._random.bytes(16).hex() if personal else None,
            personal=personal,
        )

    def _with_deps(self, envelopes: Sequence[Envelope]) -> list[Envelope]:
        """What is done with a member depends on the registration that is still on its way (SYNC.md 6)."""
        registering: dict[str, str | None] = {}
        found: list[Envelope] = []
        for envelope in envelopes:
            if envelope.type in (RegisterMember.TYPE, MeetCard.TYPE):
                registering[envelope.lane] = envelope.op_id
                found.append(envelope)
                continue
            if envelope.lane not in registering:
                registering[envelope.lane] = self._journal.find_registration(envelope.lane)
            dep = registering[envelope.lane]
            found.append(replace(envelope, deps=(dep,)) if dep else envelope)
        return found


def _state(entries: Sequence[Entry]) -> str:
    return "parked" if any(e.state == "parked" for e in entries) else "queued"


def _changes(refs: Sequence[RowRef], operations: Sequence[Operation], op_ids: tuple[str, ...]) -> Changes:
    kinds = {ref[0] for ref in refs} | {"operation", "status"}
    return Changes(frozenset(kinds), frozenset(one for op in operations for one in members_of(op)), op_ids)
