"""Records that this PC had shown as saved and its journal no longer holds: told to a person, never passed over.

A log that was damaged, or a journal that somebody put back, opens without them; the cache still knows whose they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from guidedesk.sync.local_store import LocalStore
from guidedesk.sync.status import OperationInfo

REASON: Final = "lost_here"
_META: Final = "lost_work"


class LostWork:
    """What is known to be lost on one counter, kept until the profile goes."""

    def __init__(self, local: LocalStore) -> None:
        self._local = local
        self._kept: dict[str, dict[str, Any]] = local.get_meta(_META) or {}

    def note(self, lost: Mapping[str, str], now_ms: int) -> None:
        """Op id -> member of operations that the cache knows as pending and the journal not at all."""
        fresh = {op_id: {"member": member, "at_ms": now_ms, "seen": False} for op_id, member in lost.items()}
        if fresh.keys() - self._kept.keys():
            self._keep(fresh | self._kept)

    def mark_seen(self, op_id: str) -> None:
        """A person read it."""
        if op_id in self._kept:
            self._keep(self._kept | {op_id: self._kept[op_id] | {"seen": True}})

    @property
    def unseen(self) -> int:
        """How many nobody has read of."""
        return sum(not one["seen"] for one in self._kept.values())

    @property
    def members(self) -> set[str]:
        """Whom they were about."""
        return {one["member"] for one in self._kept.values()}

    def infos(self, names: Mapping[str, str]) -> tuple[OperationInfo, ...]:
        """As the sync centre lists them; their content is gone."""
        return tuple(
            OperationInfo(
                op_id=op_id,
                type="other",
                state="rejected",
                occurred_at_ms=one["at_ms"],
                settled_at_ms=None,
                actor_id="",
                member_id=one["member"],
                member_name=names.get(one["member"], ""),
                reason=REASON,
                is_seen=one["seen"],
            )
            for op_id, one in self._kept.items()
        )

    def _keep(self, kept: dict[str, dict[str, Any]]) -> None:
        self._local.set_meta(_META, kept)
        self._kept = kept
