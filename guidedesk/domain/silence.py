"""What becomes of personal data on a counter that head office has not heard of for long (SECURITY.md D-12)."""

from __future__ import annotations

from typing import Final, Literal

from guidedesk.domain.time import DAY_MS

LOCKED_AFTER_MS: Final = 14 * DAY_MS
DROPPED_AFTER_MS: Final = 30 * DAY_MS

Silence = Literal["none", "locked", "dropped"]


def silence(last_contact_ms: int | None, now_ms: int) -> Silence:
    """`locked`: nobody sees people's data; `dropped`: it goes, what was recorded here stays. Times in UTC ms.

    A counter that never had contact holds nothing yet.
    """
    passed = 0 if last_contact_ms is None else now_ms - last_contact_ms
    if passed >= DROPPED_AFTER_MS:
        return "dropped"
    return "locked" if passed >= LOCKED_AFTER_MS else "none"
