"""Head office's answers about audiences for tests of the window: what is kept there, and whether it can be reached."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.domain.segments import Audience
from guidedesk.services.read_models import Bilingual
from guidedesk.services.segments import (
    AudienceCount,
    Board,
    Case,
    MemberList,
    OutreachInfo,
    OutreachPreview,
    SegmentInfo,
    SegmentKind,
    audience_document,
)
from tests.helpers.shop import NOW

EMPTY = Board(
    as_of_ms=NOW, segments=(), words=(), colleagues=(), currency="CNY", cap_week=2, quiet_from="21:00",
    quiet_to="09:00",
)  # fmt: skip
COUNT = AudienceCount(
    as_of_ms=NOW, total=9, steps=(), matched=5, reachable=3, no_consent=2, muted=0, capped=0, shares=(),
    average_minor=None, top_percent=None, is_whole=True,
)  # fmt: skip

LISTED = MemberList(as_of_ms=NOW, total=0, rows=(), orders=0, spent_minor=0, is_whole=True)


@dataclass
class OfficeSegments:
    """Keeps audiences as the server does, version by version; each condition leaves one member less."""

    state: Board = EMPTY
    refusal: Exception | None = None
    is_reachable: bool = True
    listed: MemberList = LISTED
    by_hand: set[str] = field(default_factory=set)
    sent: list[OutreachInfo] = field(default_factory=list)
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def last_board(self) -> Board | None:
        return None

    def board(self) -> Board:
        self._ask("board")
        return self.state

    def count(
        self, segment_id: str | None, audience: Audience | None, channel: str, cap_week: int | None
    ) -> AudienceCount:
        self._ask("count", segment_id, audience, channel, cap_week)
        conditions = () if audience is None else audience.conditions
        steps = tuple(8 - at for at in range(len(conditions)))
        return replace(COUNT, steps=steps, outreaches=tuple(self.sent))

    def members(self, segment_id: str | None, audience: Audience | None) -> MemberList:
        self._ask("members", segment_id, audience)
        return self.listed

    def save(
        self, staff_id: str, segment_id: str, version: int, name: str, kind: SegmentKind, audience: Audience | None
    ) -> SegmentInfo:
        self._ask("save", segment_id, version, name, audience)
        if version != self._version(segment_id):
            raise Refused("segment_changed", name=name)
        document = None if audience is None else audience_document(audience)
        info = SegmentInfo(
            id=segment_id, name=name, kind=kind, audience=document, version=version + 1, changed_at_ms=NOW, members=0,
            counted_at_ms=0,
        )  # fmt: skip
        rest = [each for each in self.state.segments if each.id != segment_id]
        self.state = replace(self.state, segments=tuple(sorted([*rest, info], key=lambda each: each.name)))
        return info

    def remove(self, segment_id: str) -> None:
        self._ask("remove", segment_id)
        rest = tuple(each for each in self.state.segments if each.id != segment_id)
        self.state = replace(self.state, segments=rest)

    def put_member(self, segment_id: str, member_id: str, *, is_in: bool) -> SegmentInfo:
        self._ask("put_member", segment_id, member_id, is_in)
        (self.by_hand.add if is_in else self.by_hand.discard)(member_id)
        info = next(each for each in self.state.segments if each.id == segment_id)
        return replace(info, members=len(self.by_hand))

    def groups_of(self, member_id: str) -> tuple[str, ...]:
        self._ask("groups_of", member_id)
        return tuple(each.id for each in self.state.segments if each.kind == "hand" and member_id in self.by_hand)

    def preview(
        self, segment_id: str, channel: str, due_date: str, cap_week: int, template: str, lang: str
    ) -> OutreachPreview:
        self._ask("preview", segment_id, channel, due_date, cap_week, template)
        return OutreachPreview(3, (Case("m", "沈知微", Bilingual("林晓夏", "Lin Xiaoxia"), template),))

    def send(
        self, outreach_id: str, segment_id: str, channel: str, due_date: str, cap_week: int, template: str, lang: str
    ) -> OutreachInfo:
        self._ask("send", outreach_id, segment_id, channel, due_date, cap_week, template)
        info = OutreachInfo(
            id=outreach_id, name="", channel=channel, due_date=due_date, sent=3, sent_by=Bilingual("", ""),
            sent_at_ms=NOW, recall_until_ms=NOW + 600_000, recalled_at_ms=None, recalled=0, open=3, done=0, on_time=0,
            came=0, bought=0,
        )  # fmt: skip
        self.sent.insert(0, info)
        return info

    def recall(self, outreach_id: str) -> OutreachInfo:
        self._ask("recall", outreach_id)
        self.sent[0] = replace(self.sent[0], recalled_at_ms=NOW, recalled=3, open=0)
        return self.sent[0]

    def _version(self, segment_id: str) -> int:
        return next((each.version for each in self.state.segments if each.id == segment_id), 0)

    def _ask(self, *what: Any) -> None:
        self.asked.append(what)
        if not self.is_reachable:
            raise TransportError("unreachable")
        if self.refusal is not None:
            raise self.refusal
