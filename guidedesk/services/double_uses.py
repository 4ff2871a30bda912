"""What a manager decides about codes that were used twice: the document the server sends and a counter shows.

Times UTC ms, amounts whole minor units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from guidedesk.services.read_models import Bilingual

DoubleUseKind = Literal["coupon", "member_code", "points"]
# keep: it was an honest mistake, the later use counts or its discount is borne; refuse: it does not count.
DoubleUseDecision = Literal["keep", "refuse"]
DECISIONS: Final[tuple[DoubleUseDecision, ...]] = ("keep", "refuse")
REASON_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Use:
    """One of the two uses. Empty where head office no longer knows."""

    at_ms: int
    store: Bilingual
    counter: str
    staff: Bilingual


@dataclass(frozen=True, slots=True)
class DoubleUse:
    """A coupon, or a member's changing code, taken at a second counter before it could know of the first; or points
    spent there that were gone.

    `id` is the later operation. `stands`: the later use of a coupon took effect all the same, as its counter had given
    the coupon out. `is_own`: whoever asks did it herself, so somebody else decides.
    """

    id: str
    kind: DoubleUseKind
    state: Literal["open", "decided"]
    first: Use
    second: Use
    received_at_ms: int
    member_id: str
    member_name: str
    value_minor: int
    currency: str
    stands: bool
    is_own: bool
    decision: Literal["", "keep", "refuse"] = ""
    reason: str = ""
    ruled_by: Bilingual | None = None
    ruled_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DoubleUses:
    """What one store has, newest first: those that wait, then those decided in the last 90 days."""

    as_of_ms: int
    items: tuple[DoubleUse, ...]

    @property
    def waiting(self) -> int:
        """How many nobody decided yet."""
        return sum(item.state == "open" for item in self.items)
