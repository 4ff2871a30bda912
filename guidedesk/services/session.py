"""Who is signed in at this counter, and what a sign-in tile may show."""

from __future__ import annotations

from dataclasses import dataclass

from guidedesk.domain.access import Actor
from guidedesk.services.read_models import StaffInfo


@dataclass(frozen=True, slots=True)
class Session:
    """A person signed in. `offline_until_ms` is the last moment she may sign in here without contact (D-8)."""

    session_id: str
    staff: StaffInfo
    store_id: str
    is_online: bool
    started_at_ms: int
    offline_until_ms: int | None = None

    @property
    def actor(self) -> Actor:
        """The subject of `may(...)`."""
        return Actor(self.staff.id, self.staff.role, frozenset({self.store_id}), self.staff.is_active)


@dataclass(frozen=True, slots=True)
class SignInTile:
    """Somebody of this store who signed in on this device before."""

    staff: StaffInfo
    drafts: int
    is_last: bool
    tries_left: int
    wait_s: int  # seconds until another PIN is looked at; 0 when one may be typed now
