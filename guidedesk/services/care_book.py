"""The members of one associate as the plan of her day sees them, kept up to date member by member.

Nothing of it is stored: it is told anew by what this PC holds, so it can never disagree with it (docs/decisions).
"""

from __future__ import annotations

from datetime import date
from threading import Lock

from sqlalchemy import Connection

from guidedesk.domain.time import local_date
from guidedesk.services.changes import Changes
from guidedesk.services.queries.care import CareMember, owned_members, read_care
from guidedesk.services.read_models import ChainSettings

# What an occasion, its limits or its end may be told by.
KINDS = frozenset({
    "member", "member_change", "consent", "consent_answer", "member_tag", "interaction", "follow_up", "purchase",
    "purchase_return", "binding", "setting", "family_date", "wish", "stock",
    "gathering", "gathering_seat",
})  # fmt: skip


class CareBook:
    """`touch` from the window, `refresh` beside it; `people` is what the last refresh gave."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._people: dict[str, CareMember] = {}
        self._of: tuple[str, date | None, ChainSettings | None] = ("", None, None)
        self._stale: set[str] = set()
        self._is_all_stale = True
        self.reads = 0  # members read so far

    def touch(self, changes: Changes) -> bool:
        """Remember what has to be read again; whether there is anything."""
        if changes.kinds and not changes.kinds & KINDS:
            return False
        with self._lock:
            if changes.member_ids:
                self._stale |= changes.member_ids
            else:
                self._is_all_stale = True
        return True

    def people(self, staff_id: str) -> tuple[CareMember, ...]:
        """Whom she looks after, as far as is known; nobody while the book is another's."""
        with self._lock:
            return tuple(self._people.values()) if self._of[0] == staff_id else ()

    def refresh(self, conn: Connection, staff_id: str, settings: ChainSettings, now_ms: int) -> tuple[CareMember, ...]:
        """Read what changed of her members; everything for another person, day or setting."""
        wanted = (staff_id, local_date(now_ms, settings.zone), settings)
        with self._lock:
            is_other = wanted != self._of or self._is_all_stale
            known = {} if is_other else {id_: one for id_, one in self._people.items() if id_ not in self._stale}
            self._stale, self._is_all_stale = set(), False
        try:
            owned = owned_members(conn, staff_id)
            missing = set(owned) - known.keys()
            fresh = {one.member_id: one for one in read_care(conn, missing, staff_id, settings, now_ms)}
        except BaseException:
            with self._lock:
                self._is_all_stale = True
            raise
        both = known | fresh
        people = {member_id: both[member_id] for member_id in owned if member_id in both}
        with self._lock:
            self._of, self._people = wanted, people
            self.reads += len(fresh)
        return tuple(people.values())
