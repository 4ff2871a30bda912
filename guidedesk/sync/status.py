"""What the counter can say about its own sync: contact, queue, refusals (DESIGN-UI 12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from guidedesk.domain.outbox import Fullness, fullness
from guidedesk.sync.contact import Cause, LinkSpan

ChipState = Literal[
    "synced", "sending", "waiting", "loading", "offline", "needs_person", "sign_in_expired", "offline_limit",
    "storage_low", "outbox_filling", "outbox_full",
]  # fmt: skip
OFFLINE_AFTER_MS: Final = 10_000  # amber only after ten seconds without contact
OFFLINE_LIMIT_NEAR_MS: Final = 8 * 3_600_000


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Everything the chip, the banner and the sync centre tell; times in UTC ms."""

    now_ms: int
    last_contact_ms: int | None = None
    offline_since_ms: int | None = None  # first failed exchange of this outage
    waiting: int = 0  # queued or in flight: saved on this PC only
    sending: tuple[int, int] | None = None  # (done, of) while a push is under way
    loading: tuple[int, int] | None = None  # pages (done, of) while a first sync is under way, or waits to go on
    is_first_load: bool = False  # the store's rows have not come yet: what is not found may still be on its way
    needs_person: int = 0  # refused and not yet read by anybody
    next_try_ms: int | None = None
    is_sign_in_expired: bool = False
    is_storage_low: bool = False
    offline_until_ms: int | None = None  # when offline sign-in ends
    cause: Cause = ""  # why there is no contact, as far as this PC can tell
    links: tuple[LinkSpan, ...] = ()  # when the line stood and when not, since the program started

    @property
    def is_offline(self) -> bool:
        """No contact for ten seconds."""
        return self.offline_since_ms is not None and self.now_ms - self.offline_since_ms >= OFFLINE_AFTER_MS

    @property
    def fullness(self) -> Fullness:
        """Whether this PC may hold more that head office has not got."""
        return fullness(self.waiting)


def chip_state(status: SyncStatus) -> ChipState:
    """Which one chip to show: red, then amber, then indigo, then green (DESIGN-UI 12)."""
    if status.is_storage_low:
        return "storage_low"
    if status.fullness == "full":
        return "outbox_full"
    if status.is_sign_in_expired:
        return "sign_in_expired"
    if status.needs_person:
        return "needs_person"
    if status.is_offline:
        limit = status.offline_until_ms
        if limit is not None and limit - status.now_ms < OFFLINE_LIMIT_NEAR_MS:
            return "offline_limit"
    if status.fullness == "filling":
        return "outbox_filling"
    if status.is_offline:
        return "offline"
    if status.is_first_load or status.loading is not None:
        return "loading"
    if status.sending is not None:
        return "sending"
    return "waiting" if status.waiting else "synced"


@dataclass(frozen=True, slots=True)
class OperationInfo:
    """One recorded operation for the sync centre."""

    op_id: str
    type: str
    state: str  # queued | inflight | accepted | merged | rejected | parked | quarantined
    occurred_at_ms: int
    settled_at_ms: int | None
    actor_id: str
    member_id: str | None
    member_name: str
    reason: str | None
    params: Mapping[str, Any] = field(default_factory=dict)
    is_seen: bool = False
