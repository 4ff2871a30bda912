"""Asking the server whose card was scanned, when this PC does not know the code (SYNC.md 2)."""

from __future__ import annotations

from typing import Any, Final

from guidedesk.models.entities import entity_tables
from guidedesk.sync.apply_page import write_truths
from guidedesk.sync.cache import Cache
from guidedesk.sync.calls import call_in_time
from guidedesk.sync.client import SyncRefused
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.overlay import LoadLanes, Truth, rebase
from guidedesk.sync.transport import Transport

_NOT_FOUND: Final = 404


class CodeAsker:
    """Look-ups of one counter, on a line of their own: a person waits, whatever the exchange is doing."""

    def __init__(self, cache: Cache, clock: ServerClock, line: Transport, load_lanes: LoadLanes) -> None:
        self._cache = cache
        self._clock = clock
        self._line = line
        self._load_lanes = load_lanes

    def resolve(self, digits: str, staff_id: str) -> str | None:
        """The member of a scanned 22-digit code, her rows now in the cache; None where the chain has no such card.

        Raises `TransportError` without contact and `SyncRefused` when the server will not say.
        """
        try:
            answer = call_in_time(
                self._clock, self._line, "/v1/codes/resolve", {"digits": digits, "staff_id": staff_id}
            )
        except SyncRefused as refused:
            if refused.status == _NOT_FOUND:
                return None
            raise
        truths = [_truth(tbl, row) for tbl, row in answer["rows"] if tbl in entity_tables()]
        with self._cache.write() as conn:
            rebase(conn, truths, (), self._load_lanes, write_truths)
        return str(answer["member_id"])


def _truth(tbl: str, row: dict[str, Any]) -> Truth:
    return Truth(tbl, row["scope_id"], row["id"], row)
