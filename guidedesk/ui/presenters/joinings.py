"""Tells whoever is at the counter that a customer has just joined on her phone (DESIGN-UI.md 15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal

from guidedesk.services.changes import Changes
from guidedesk.services.queries.joinings import JoiningInfo, list_joinings
from guidedesk.services.read_models import Bilingual
from guidedesk.ui.desk import Desk

KIND: Final = "joining"
RECENT_MS: Final = 2 * 60_000  # who joined before this is no news, a counter that was off says nothing


@dataclass(frozen=True, slots=True)
class JoinedNotice:
    """A sentence for the toast: `key` of the catalogue, the member's name, the associate whose code it was."""

    key: str
    member_id: str
    name: str
    staff: Bilingual


class JoiningsPresenter(QObject):
    """`joined(JoinedNotice)` once for each who joined, soon after; the customer's card is not opened by itself."""

    joined = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._told: set[str] = set()
        desk.tasks.committed.connect(self._committed)

    def _committed(self, changes: Changes) -> None:
        if KIND in changes.kinds and self._desk.session is not None:
            since_ms = self._desk.now_ms() - RECENT_MS
            self._desk.read(list_joinings, since_ms, done=self._take, latest="joinings")

    def _take(self, found: tuple[JoiningInfo, ...]) -> None:
        session = self._desk.session
        if session is None:
            return
        for joining in reversed(found):
            if joining.id not in self._told:
                self._told.add(joining.id)
                self.joined.emit(_notice(joining, session.staff.id))


def _notice(joining: JoiningInfo, viewer_id: str) -> JoinedNotice:
    if joining.staff_id is None:
        key = "joining.by_store"
    elif joining.outcome in ("protected", "earlier_bind"):
        key = "joining.kept"
    elif joining.staff_id == viewer_id:
        key = "joining.mine" if joining.is_new else "joining.mine_again"
    else:
        key = "joining.colleague"
    return JoinedNotice(key, joining.member_id, joining.name, joining.staff)
