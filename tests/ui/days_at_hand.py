"""Days of a counter as a test sets them: what somebody did, and what reached it while she was away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from guidedesk.domain.day import DayEnd, DayWork, Since
from guidedesk.services.queries.care import CareMember
from tests.helpers.shop import NOW


@dataclass
class DaysAtHand:
    """`ends` and `news` are answered; `left` notes who left."""

    ends: DayEnd = field(default_factory=lambda: DayEnd(at_ms=NOW, work=DayWork()))
    news: Since | None = None
    left: list[str] = field(default_factory=list)

    def today(self, staff_id: str, care: Sequence[CareMember] = ()) -> DayEnd:
        return self.ends

    def leave(self, staff_id: str) -> None:
        self.left.append(staff_id)

    def since(self, staff_id: str) -> Since | None:
        return self.news
