"""Audiences and outreach as head office keeps them: asked by the manager signed in, the last list kept for offline."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

from sqlalchemy import Connection

from guidedesk.domain.errors import Refused
from guidedesk.domain.segments import Audience
from guidedesk.services.segments import (
    AudienceCount,
    Board,
    MemberList,
    OutreachInfo,
    OutreachPreview,
    SegmentInfo,
    SegmentKind,
    audience_document,
)
from guidedesk.services.session import Session
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.office_line import FigureStore, KeptAnswers, OfficeLine
from guidedesk.sync.transport import Transport

KIND: Final = "segments"
_BOARD: Final = "board"


class SegmentDesk:
    """One counter's questions about audiences, on a line of their own."""

    def __init__(
        self,
        cache: FigureStore,
        read: Callable[[], AbstractContextManager[Connection]],
        clock: ServerClock,
        line: Callable[[], Transport],
        session: Callable[[], Session | None],
    ) -> None:
        self._office = OfficeLine(clock, line, session, "/v1/segments")
        self._kept = KeptAnswers(cache, read, KIND)

    def last_board(self) -> Board | None:
        """The list as whoever is signed in saw it last: names and counts, nobody's data."""
        return self._kept.last(Board, self._office.staff_id_or_none(), _BOARD)

    def board(self) -> Board:
        """What this store's managers keep, and the words to ask with."""
        staff_id = self._office.staff_id()
        found = self._office.ask(Board, "board", staff_id=staff_id)
        with self._kept.cache.write() as conn:
            self._kept.keep(conn, staff_id, _BOARD, found, found.as_of_ms)
        return found

    def count(
        self, segment_id: str | None, audience: Audience | None, channel: str, cap_week: int | None
    ) -> AudienceCount:
        """An audience counted now; without one, the group kept by hand."""
        document = None if audience is None else audience_document(audience)
        asked = {"segment_id": segment_id, "audience": document, "channel": channel, "cap_week": cap_week}
        return self._office.ask(AudienceCount, "count", **asked)

    def members(self, segment_id: str | None, audience: Audience | None) -> MemberList:
        """Whom an audience means now; without one, the group kept by hand."""
        document = None if audience is None else audience_document(audience)
        return self._office.ask(MemberList, "members", segment_id=segment_id, audience=document)

    def save(
        self, staff_id: str, segment_id: str, version: int, name: str, kind: SegmentKind, audience: Audience | None
    ) -> SegmentInfo:
        """Keep an audience; `not_signed_in` where somebody else than `staff_id` is at the counter by now: nothing that
        one manager changed is saved in another's name."""
        if self._office.staff_id() != staff_id:
            raise Refused("not_signed_in")
        document = None if audience is None else audience_document(audience)
        asked = {"segment_id": segment_id, "version": version, "name": name, "kind": kind, "audience": document}
        return self._office.ask(SegmentInfo, "save", staff_id=staff_id, **asked)

    def remove(self, segment_id: str) -> None:
        """Take an audience off the list."""
        self._office.call("remove", {"segment_id": segment_id})

    def put_member(self, segment_id: str, member_id: str, *, is_in: bool) -> SegmentInfo:
        """Put somebody into a group kept by hand, or take her out."""
        return self._office.ask(SegmentInfo, "put", segment_id=segment_id, member_id=member_id, is_in=is_in)

    def groups_of(self, member_id: str) -> tuple[str, ...]:
        """The groups kept by hand that somebody is in."""
        return self._office.ask_ids("groups", "in", member_id=member_id)

    def preview(
        self, segment_id: str, channel: str, due_date: str, cap_week: int, template: str, lang: str
    ) -> OutreachPreview:
        """A few real cases before anything is sent."""
        wanted = _wanted(segment_id, channel, due_date, cap_week, template, lang)
        return self._office.ask(OutreachPreview, "preview", **wanted)

    def send(
        self, outreach_id: str, segment_id: str, channel: str, due_date: str, cap_week: int, template: str, lang: str
    ) -> OutreachInfo:
        """Hand the tasks out; the same id again changes nothing."""
        wanted = _wanted(segment_id, channel, due_date, cap_week, template, lang)
        return self._office.ask(OutreachInfo, "send", outreach_id=outreach_id, **wanted)

    def recall(self, outreach_id: str) -> OutreachInfo:
        """Take back what is not done yet."""
        return self._office.ask(OutreachInfo, "recall", outreach_id=outreach_id)


def _wanted(
    segment_id: str, channel: str, due_date: str, cap_week: int, template: str, lang: str
) -> dict[str, Any]:
    wanted = {"segment_id": segment_id, "channel": channel, "due_date": due_date, "cap_week": cap_week}
    return wanted | {"template": template, "lang": lang}
