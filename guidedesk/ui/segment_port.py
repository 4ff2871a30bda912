"""What screens may ask of head office about audiences and outreach."""

from __future__ import annotations

from typing import Protocol

from guidedesk.domain.segments import Audience
from guidedesk.services.segments import (
    AudienceCount,
    Board,
    MemberList,
    OutreachInfo,
    OutreachPreview,
    SegmentInfo,
    SegmentKind,
)


class SegmentPort(Protocol):
    """`guidedesk.sync.segment_desk`. All but `last_board` ask head office: `TransportError` without contact, `Refused`
    or `SyncRefused` where it says no."""

    def last_board(self) -> Board | None:
        """The list as whoever is signed in saw it last."""
        ...

    def board(self) -> Board:
        """What this store's managers keep, and the words to ask with."""
        ...

    def count(
        self, segment_id: str | None, audience: Audience | None, channel: str, cap_week: int | None
    ) -> AudienceCount:
        """An audience counted now; without one, the group kept by hand."""
        ...

    def members(self, segment_id: str | None, audience: Audience | None) -> MemberList:
        """Whom an audience means now; without one, the group kept by hand."""
        ...

    def save(
        self, staff_id: str, segment_id: str, version: int, name: str, kind: SegmentKind, audience: Audience | None
    ) -> SegmentInfo:
        """Keep an audience; `not_signed_in` where somebody else than `staff_id` is at the counter by now."""
        ...

    def remove(self, segment_id: str) -> None:
        """Take an audience off the list."""
        ...

    def put_member(self, segment_id: str, member_id: str, *, is_in: bool) -> SegmentInfo:
        """Put somebody into a group kept by hand, or take her out."""
        ...

    def groups_of(self, member_id: str) -> tuple[str, ...]:
        """The groups kept by hand that somebody is in."""
        ...

    def preview(
        self, segment_id: str, channel: str, due_date: str, cap_week: int, template: str, lang: str
    ) -> OutreachPreview:
        """A few real cases before anything is sent."""
        ...

    def send(
        self, outreach_id: str, segment_id: str, channel: str, due_date: str, cap_week: int, template: str, lang: str
    ) -> OutreachInfo:
        """Hand the tasks out; the same id again changes nothing."""
        ...

    def recall(self, outreach_id: str) -> OutreachInfo:
        """Take back what is not done yet."""
        ...
