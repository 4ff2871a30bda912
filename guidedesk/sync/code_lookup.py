"""Asking the server about somebody this PC does not know: a scanned card (SYNC.md 2), or a number typed in search."""

from __future__ import annotations

from typing import Any, Final

from guidedesk.domain.errors import TransportError
from guidedesk.models.entities import entity_tables
from guidedesk.services.double_uses import DoubleUses
from guidedesk.services.member_models import OfficeHit
from guidedesk.services.strict_document import read_document
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
        return self._take(answer)

    def renew_badge(self, staff_id: str) -> str:
        """The digits of her new code; the one before ended at the server. Raises as `resolve`."""
        return str(call_in_time(self._clock, self._line, "/v1/codes/badge", {"staff_id": staff_id})["digits"])

    def staff_badge(self, staff_id: str) -> str:
        """The digits of her new signed staff badge; the one before ended at the server. Raises as `resolve`."""
        return str(call_in_time(self._clock, self._line, "/v1/codes/staff-badge", {"staff_id": staff_id})["digits"])

    def find(self, kind: str, value: str, staff_id: str) -> OfficeHit | None:
        """Whom exactly this phone (as its keyed hash), card or receipt number means; None for nobody.

        Raises as `resolve`.
        """
        body = {"kind": kind, "value": value, "staff_id": staff_id}
        found = call_in_time(self._clock, self._line, "/v1/members/find", body)["found"]
        return None if found is None else OfficeHit(str(found["name"]), str(found["phone_masked"]))

    def open(self, kind: str, value: str, reason: str, staff_id: str) -> str | None:
        """The member the same question found, for a reason head office keeps; her rows are now in the cache."""
        body = {"kind": kind, "value": value, "reason": reason, "staff_id": staff_id}
        try:
            return self._take(call_in_time(self._clock, self._line, "/v1/members/open", body))
        except SyncRefused as refused:
            if refused.status == _NOT_FOUND:
                return None
            raise

    def double_uses(self, step: str, body: dict[str, Any]) -> DoubleUses:
        """What was used twice here, or with `/rule` a manager's word on one. Raises as `resolve`."""
        answer = call_in_time(self._clock, self._line, f"/v1/codes/double-uses{step}", body)
        try:
            return read_document(DoubleUses, answer)
        except ValueError as error:
            raise TransportError("bad_answer") from error

    def _take(self, answer: dict[str, Any]) -> str:
        truths = [_truth(tbl, row) for tbl, row in answer["rows"] if tbl in entity_tables()]
        with self._cache.write() as conn:
            rebase(conn, truths, (), self._load_lanes, write_truths)
        return str(answer["member_id"])


def _truth(tbl: str, row: dict[str, Any]) -> Truth:
    return Truth(tbl, row["scope_id"], row["id"], row)
