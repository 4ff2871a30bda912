"""What was recorded at this counter and what became of it, as screens list it: without envelopes, with names."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from guidedesk.models import people
from guidedesk.sync.cache import Cache
from guidedesk.sync.journal import Journal
from guidedesk.sync.journal_entry import Entry
from guidedesk.sync.lost_work import LostWork
from guidedesk.sync.status import OperationInfo


class RecordDesk:
    """Records of one counter, those that it lost among them."""

    def __init__(self, journal: Journal, cache: Cache, lost: LostWork) -> None:
        self._journal, self._cache, self._lost = journal, cache, lost

    def latest(self, limit: int) -> tuple[OperationInfo, ...]:
        """What was recorded here, newest first, with its state and reason."""
        return self._infos(self._journal.latest(limit))

    def for_sync_centre(self, limit: int) -> tuple[OperationInfo, ...]:
        """What this PC lost, then newest first up to `limit` each of what waits, needs a person, is settled."""
        lost = self._lost.infos(self._member_names(self._lost.members)) if self._lost.members else ()
        return lost + self._infos(self._journal.records(limit))

    def mark_seen(self, op_id: str) -> None:
        """A person read why an operation was refused."""
        self._journal.mark_seen([op_id])
        self._lost.mark_seen(op_id)

    def retry_parked(self) -> None:
        """Put what was parked on this PC into the queue again: a newer program, or server, may take it."""
        self._journal.requeue_parked_here()

    def _infos(self, entries: Sequence[Entry]) -> tuple[OperationInfo, ...]:
        names = self._member_names({e.envelope.lane for e in entries})
        return tuple(_info(entry, names.get(entry.envelope.lane, "")) for entry in entries)

    def _member_names(self, member_ids: set[str]) -> dict[str, str]:
        member = people.member.c
        with self._cache.read() as conn:
            return {r.id: r.name for r in conn.execute(select(member.id, member.name).where(member.id.in_(member_ids)))}


def _info(entry: Entry, member_name: str) -> OperationInfo:
    answer = entry.result or {}
    return OperationInfo(
        op_id=entry.envelope.op_id,
        type=entry.envelope.type,
        state=entry.state,
        occurred_at_ms=entry.envelope.occurred_at_ms,
        settled_at_ms=entry.settled_at_ms,
        actor_id=entry.envelope.actor,
        member_id=entry.envelope.lane,
        member_name=member_name,
        reason=answer.get("reason"),
        params=answer.get("params") or {},
        is_seen=entry.is_seen,
    )
