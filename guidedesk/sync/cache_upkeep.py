"""Keeping the cache as the journal says it should be: after a crash, a full disk, damage (SYNC.md 4)."""

from __future__ import annotations

from collections.abc import Callable

from guidedesk.sync import overlay
from guidedesk.sync.apply_page import write_truths
from guidedesk.sync.cache import Cache
from guidedesk.sync.journal import Journal
from guidedesk.sync.lost_work import LostWork
from guidedesk.sync.recorder import Recorder


class CacheUpkeep:
    """Upkeep of one counter's cache. What it finds that the journal no longer holds it notes in `lost`."""

    def __init__(
        self, journal: Journal, cache: Cache, lost: LostWork, recorder: Recorder, now_ms: Callable[[], int]
    ) -> None:
        self._journal, self._cache, self._lost, self._recorder, self._now_ms = journal, cache, lost, recorder, now_ms

    def catch_up(self) -> None:
        """Bring the cache to what the journal says: lay what is missing, take away what was settled."""
        with self._cache.write() as conn:
            pending = self._journal.pending_ids()
            applied = overlay.applied_lanes(conn)
            stale = [op_id for op_id in applied if op_id not in pending]
            missing = {lane for op_id, lane in pending.items() if op_id not in applied}
            gone = {op_id: applied[op_id] for op_id in stale if self._journal.find(op_id) is None}
            self._lost.note(gone, self._now_ms())
            if stale:
                overlay.adopt_new_rows(conn, [op_id for op_id in stale if self._was_taken(op_id)])
            if stale or missing:
                overlay.rebase(conn, (), stale, self._recorder.load_lanes, write_truths, relay=missing)
        self._recorder.is_cache_behind = False

    def rebuild(self) -> None:
        """Make the cache anew: rows come again from the server, pending operations are laid as they arrive."""
        self._cache.rebuild()
        self.catch_up()

    def mend(self) -> None:
        """Do what damage, or a record whose effect could not be laid, left to be done."""
        if self._cache.is_damaged:
            self.rebuild()
        elif self._recorder.is_cache_behind:
            self.catch_up()

    def _was_taken(self, op_id: str) -> bool:
        entry = self._journal.find(op_id)
        return entry is not None and entry.state in ("accepted", "merged")
