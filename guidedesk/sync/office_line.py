"""Asking head office something for whoever is signed in, and keeping its last answers for days offline."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import local
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, select

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.models.counter_tables import own_figure
from guidedesk.models.entities import upsert
from guidedesk.services.session import Session
from guidedesk.services.strict_document import read_document, to_document
from guidedesk.sync.calls import call_in_time
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.transport import Transport

T = TypeVar("T")


class FigureStore(Protocol):
    """The cache, as far as figures are concerned."""

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction."""
        ...


class OfficeLine:
    """Calls under one path, each in the name of the person signed in. All raise `TransportError` without contact or
    for an answer that is none, `not_signed_in`, and `SyncRefused` with head office's reason."""

    def __init__(
        self, clock: ServerClock, line: Callable[[], Transport], session: Callable[[], Session | None], path: str
    ) -> None:
        self._clock, self._new_line, self._session, self._path = clock, line, session, path
        self._own = local()  # a line of its own for each thread: a slow answer must not hold up a quick one

    def staff_id(self) -> str:
        """Who is signed in."""
        session = self._session()
        if session is None:
            raise Refused("not_signed_in")
        return session.staff.id

    def staff_id_or_none(self) -> str | None:
        """Who is signed in, if anybody is."""
        session = self._session()
        return None if session is None else session.staff.id

    def ask(self, kind: type[T], path: str, /, **asked: Any) -> T:
        """The answer as a document of this kind. `staff_id` asks for somebody who was signed in when it began: what
        one person asked for is not kept, or done, in the name of another who came meanwhile."""
        answer = self.call(path, asked)
        try:
            return read_document(kind, answer)
        except ValueError as error:
            raise TransportError("bad_answer") from error

    def ask_ids(self, path: str, key: str, /, **asked: Any) -> tuple[str, ...]:
        """The list of ids that the answer has under this key."""
        found = self.call(path, asked).get(key)
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise TransportError("bad_answer")
        return tuple(found)

    def call(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer as it came."""
        body = {"staff_id": self.staff_id(), **asked}
        line: Transport | None = getattr(self._own, "line", None)
        if line is None:
            line = self._own.line = self._new_line()
        return call_in_time(self._clock, line, f"{self._path}/{path}", body)


class KeptAnswers:
    """The last answers of one kind, each person's under her own id, in the encrypted cache."""

    def __init__(
        self, cache: FigureStore, read: Callable[[], AbstractContextManager[Connection]], kind: str
    ) -> None:
        self.cache: Final = cache
        self.kind: Final = kind
        self._read = read

    def last(self, document: type[T], staff_id: str | None, subject: str) -> T | None:
        """What was kept about a subject; with an empty one, about the last of them. None for nobody."""
        if staff_id is None:
            return None
        f = own_figure.c
        query = select(f.json).where(f.staff_id == staff_id, f.kind == self.kind).order_by(f.subject.desc())
        if subject:
            query = query.where(f.subject == subject)
        with self._read() as conn:
            text = conn.execute(query.limit(1)).scalar()
        return None if text is None else read_kept(document, text)

    def keep(self, conn: Connection, staff_id: str, subject: str, found: Any, as_of_ms: int) -> None:
        """Put an answer in the place of the one before."""
        row = {"staff_id": staff_id, "kind": self.kind, "subject": subject, "json": kept_text(found)}
        upsert(conn, own_figure, [row | {"as_of_ms": as_of_ms}])


def read_kept(document: type[T], text: str) -> T | None:
    """A kept answer; None for one of an older program: the next answer takes its place."""
    try:
        return read_document(document, json.loads(text))
    except ValueError:
        return None


def kept_text(data: Any) -> str:
    """An answer as it is kept."""
    return json.dumps(to_document(data), ensure_ascii=False, separators=(",", ":"))
