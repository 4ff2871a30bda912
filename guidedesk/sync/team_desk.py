"""The Team board as head office reckons it, asked by the person signed in; the last one kept for days offline.

What is kept stands under her own id in the encrypted cache. Lists behind a figure name members and are not kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import local
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, select

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.models.counter_tables import own_figure
from guidedesk.models.entities import upsert
from guidedesk.services.session import Session
from guidedesk.services.strict_document import read_document, to_document
from guidedesk.services.team import ListKind, TeamBoard, TeamList
from guidedesk.sync.calls import call_in_time
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.commission_desk import FigureStore
from guidedesk.sync.transport import Transport

KIND: Final = "team"
AREA: Final = "area"
_TEAM: Final = "/v1/team"
T = TypeVar("T")


class TeamDesk:
    """One counter's questions about a team, on a line of their own."""

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

    def last_board(self, store_id: str | None) -> TeamBoard | None:
        """The last board of a store, or (None) of her area, that whoever is signed in got here."""
        session = self._session()
        if session is None:
            return None
        f = own_figure.c
        query = select(f.json).where(
            f.staff_id == session.staff.id, f.kind == KIND, f.subject == (store_id or AREA)
        )
        with self._read() as conn:
            text = conn.execute(query).scalar()
        if text is None:
            return None
        try:
            return read_document(TeamBoard, json.loads(text))
        except ValueError:
            return None  # kept by an older program; the next answer takes its place

    def board(self, store_id: str | None) -> TeamBoard:
        """The board of a store, or (None) of all stores she answers for."""
        found = self._ask("board", TeamBoard, store_id=store_id)
        if found.store != store_id:
            raise TransportError("bad_answer")
        session = self._session()
        if session is None:
            raise Refused("not_signed_in")
        text = json.dumps(to_document(found), ensure_ascii=False, separators=(",", ":"))
        row = {"staff_id": session.staff.id, "kind": KIND, "subject": store_id or AREA, "json": text}
        with self._cache.write() as conn:
            upsert(conn, own_figure, [row | {"as_of_ms": found.as_of_ms}])
        return found

    def list_behind(
        self, store_id: str | None, kind: ListKind, first: str, last: str, who: str | None, slot: int | None,
        tier: str | None,
    ) -> TeamList:  # fmt: skip
        """The list behind a figure of a board: `first` and `last` are local days."""
        asked: dict[str, Any] = {"kind": kind, "first": first, "last": last, "who": who, "slot": slot, "tier": tier}
        return self._ask("list", TeamList, store_id=store_id, **asked)

    def _ask(self, path: str, answer_kind: type[T], **asked: Any) -> T:
        session = self._session()
        if session is None:
            raise Refused("not_signed_in")
        line: Transport | None = getattr(self._own, "line", None)
        if line is None:
            line = self._own.line = self._new_line()
        answer = call_in_time(self._clock, line, f"{_TEAM}/{path}", {"staff_id": session.staff.id, **asked})
        try:
            return read_document(answer_kind, answer)
        except ValueError as error:
            raise TransportError("bad_answer") from error
