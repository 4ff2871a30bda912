"""Records of a counter as a test sets them, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from guidedesk.sync.status import OperationInfo


@dataclass
class RecordsAtHand:
    """`kept` is listed; what a person has seen, or wants to be tried again, changes in it."""

    kept: list[OperationInfo] = field(default_factory=list)

    def latest(self, limit: int) -> tuple[OperationInfo, ...]:
        return tuple(self.kept[:limit])

    def for_sync_centre(self, limit: int) -> tuple[OperationInfo, ...]:
        return self.latest(limit)

    def mark_seen(self, op_id: str) -> None:
        self.kept = [replace(op, is_seen=op.is_seen or op.op_id == op_id) for op in self.kept]

    def retry_parked(self) -> None:
        self.kept = [replace(op, state="queued") if op.state == "parked" else op for op in self.kept]
