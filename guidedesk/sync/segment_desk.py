"""Audiences and outreach as head office keeps them: asked by the manager signed in, the last list kept for offline."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import local
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, select

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.domain.segments import Audience
from guidedesk.models.counter_tables import own_figure
from guidedesk.models.entities import upsert
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
from guidedesk.services.strict_document import read_document, to_document
from guidedesk.sync.calls import call_in_time
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.commission_desk import FigureStore
from guidedesk.sync.transport import Transport

KIND: Final = "segments"
_BOARD: Final = "board"
T = TypeVar("T")


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
        self._cache, self._read, self._clock = cache, read, clock
        self._new_line, self._session = line, session
        self._own = local()

    def last_board(self) -> Board | None:
        """The list as whoever is signed in saw it last: names and counts, nobody's data."""
        session = self._session()
        if session is None:
            return None
        f = own_figure.c
        query = select(f.json).where(f.staff_id == session.staff.id, f.kind == KIND, f.subject == _BOARD)
        with self._read() as conn:
            text = conn.execute(query).scalar()
        try:
            return None if text is None else read_document(Board, json.loads(text))
        except ValueError:
            return None  # kept by an older program; the next answer takes its place

    def board(self) -> Board:
        """What this store's managers keep, and the words to ask with."""
        found = self._ask("board", Board)
        session = self._session()
        if session is not None:
            text = json.dumps(to_document(found), ensure_ascii=False, separators=(",", ":"))
            row = {"staff_id": session.staff.id, "kind": KIND, "subject": _BOARD, "json": text}
            with self._cache.write() as conn:
                upsert(conn, own_figure, [row | {"as_of_ms": found.as_of_ms}])
        return found

    def count(
        self, segment_id: str | None, audience: Audience | None, channel: str, cap_week: int | None
    ) -> AudienceCount:
        """An audience counted now; without one, the group kept by hand."""
        document = None if audience is None else audience_document(audience)
        asked = {"segment_id": segment_id, "audience": document, "channel": channel, "cap_week": cap_week}
        return self._ask("count", AudienceCount, **asked)

    def members(self, segment_id: str | None, audience: Audience | None) -> MemberList:
        """Whom an audience means now; without one, the group kept by hand."""
        document = None if audience is None else audience_document(audience)
        return self._ask("members", MemberList, segment_id=segment_id, audience=document)

    def save(
        self, staff_id: str, segment_id: str, version: int, name: str, kind: SegmentKind, audience: Audience | None
    ) -> SegmentInfo:
        """Keep an audience; `not_signed_in` where somebody else than `staff_id` is at the counter by now: nothing that
        one manager changed is saved in another's name."""
        session = self._session()
        if session is None or session.staff.id != staff_id:
            raise Refused("not_signed_in")
        document = None if audience is None else audience_document(audience)
        asked = {"segment_id": segment_id, "version": version, "name": name, "kind": kind, "audience": document}
        return self._ask("save", SegmentInfo, **asked)

    def remove(self, segment_id: str) -> None:
        """Take an audience off the list."""
        self._call("remove", {"segment_id": segment_id})

    def put_member(self, segment_id: str, member_id: str, *, is_in: bool) -> SegmentInfo:
        """Put somebody into a group kept by hand, or take her out."""
        return self._ask("put", SegmentInfo, segment_id=segment_id, member_id=member_id, is_in=is_in)

    def groups_of(self, member_id: str) -> tuple[str, ...]:
        """The groups kept by hand that somebody is in."""
        found = self._call("groups", {"member_id": member_id}).get("in")
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise TransportError("bad_answer")
        return tuple(found)

    def preview(
        self, segment_id: str, channel: str, due_date: str, cap_week: int, template: str, lang: str
    ) -> OutreachPreview:
        """A few real cases before anything is sent."""
        return self._ask("preview", OutreachPreview, **_wanted(segment_id, channel, due_date, cap_week, template, lang))

    def send(
        self, outreach_id: str, segment_id: str, channel: str, due_date: str, cap_week: int, template: str, lang: str
    ) -> OutreachInfo:
        """Hand the tasks out; the same id again changes nothing."""
        wanted = _wanted(segment_id, channel, due_date, cap_week, template, lang)
        return self._ask("send", OutreachInfo, outreach_id=outreach_id, **wanted)

    def recall(self, outreach_id: str) -> OutreachInfo:
        """Take back what is not done yet."""
        return self._ask("recall", OutreachInfo, outreach_id=outreach_id)

    def _ask(self, path: str, document: type[T], /, **asked: Any) -> T:
        answer = self._call(path, asked)
        try:
            return read_document(document, answer)
        except ValueError as error:
            raise TransportError("bad_answer") from error

    def _call(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        session = self._session()
        if session is None:
            raise Refused("not_signed_in")
        line: Transport | None = getattr(self._own, "line", None)
        if line is None:
            line = self._own.line = self._new_line()
        body = {"staff_id": session.staff.id, **asked}
        return call_in_time(self._clock, line, f"/v1/segments/{path}", body)


def _wanted(
    segment_id: str, channel: str, due_date: str, cap_week: int, template: str, lang: str
) -> dict[str, Any]:
    wanted = {"segment_id": segment_id, "channel": channel, "due_date": due_date, "cap_week": cap_week}
    return wanted | {"template": template, "lang": lang}
