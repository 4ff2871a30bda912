"""The Team board as head office reckons it, asked by the person signed in; the last one kept for days offline.

What is kept stands under her own id in the encrypted cache. Lists behind a figure name members and are not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from sqlalchemy import Connection

from guidedesk.domain.errors import TransportError
from guidedesk.services.session import Session
from guidedesk.services.team import ListKind, TeamBoard, TeamList
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.office_line import FigureStore, KeptAnswers, OfficeLine
from guidedesk.sync.transport import Transport

KIND: Final = "team"
AREA: Final = "area"


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
        self._office = OfficeLine(clock, line, session, "/v1/team")
        self._kept = KeptAnswers(cache, read, KIND)

    def last_board(self, store_id: str | None) -> TeamBoard | None:
        """The last board of a store, or (None) of her area, that whoever is signed in got here."""
        return self._kept.last(TeamBoard, self._office.staff_id_or_none(), store_id or AREA)

    def board(self, store_id: str | None) -> TeamBoard:
        """The board of a store, or (None) of all stores she answers for."""
        staff_id = self._office.staff_id()
        found = self._office.ask(TeamBoard, "board", staff_id=staff_id, store_id=store_id)
        if found.store != store_id:
            raise TransportError("bad_answer")
        with self._kept.cache.write() as conn:
            self._kept.keep(conn, staff_id, store_id or AREA, found, found.as_of_ms)
        return found

    def list_behind(
        self, store_id: str | None, kind: ListKind, first: str, last: str, who: str | None, slot: int | None,
        tier: str | None,
    ) -> TeamList:  # fmt: skip
        """The list behind a figure of a board: `first` and `last` are local days."""
        where = {"store_id": store_id, "who": who, "slot": slot, "tier": tier}
        return self._office.ask(TeamList, "list", kind=kind, first=first, last=last, **where)
