"""What every settings group that asks head office does alike: ask, drop late answers, tell why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject

from guidedesk.domain.access import Permission
from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import State, StatePresenter

T = TypeVar("T")


class OfficePresenter(StatePresenter[State]):
    """A state with `is_asking`, `is_offline`, `is_deciding`, `problem` and `step_problem`; begun anew for everybody."""

    def __init__(
        self, desk: Desk, fresh: Callable[[], State], permission: Permission | None, parent: QObject | None = None
    ) -> None:
        super().__init__(fresh(), parent)
        self._desk, self._fresh, self._permission = desk, fresh, permission
        desk.session_changed.connect(self._begin_anew)
        desk.status_changed.connect(self._take_line)

    @property
    def is_allowed(self) -> bool:
        """Whether whoever is signed in may ask this at all."""
        return self._desk.session is not None and (self._permission is None or self._desk.may(self._permission))

    def _read(self, work: Callable[..., T], *asked: object, take: Callable[[T], None], latest: str) -> None:
        """Ask for something to show."""
        session = self._desk.session
        if not self.is_allowed:
            return
        self._show(is_asking=True)

        def taken(found: T) -> None:
            if self._desk.session is session:
                self._show(is_asking=False, problem=None)
                take(found)

        def failed(error: Exception) -> None:
            if self._desk.session is session and isinstance(error, GuideDeskError):
                self._show(is_asking=False, problem=error)

        self._desk.tasks.fetch(work, *asked, done=taken, failed=failed, latest=latest)

    def _decide(self, work: Callable[..., T], *asked: object, take: Callable[[T], None]) -> None:
        """Ask for something to be done; what was typed stays until it is."""
        session = self._desk.session
        if not self.is_allowed or self._is_deciding():
            return
        self._show(is_deciding=True, step_problem=None)

        def taken(found: T) -> None:
            if self._desk.session is session:
                self._show(is_deciding=False)
                take(found)

        def failed(error: Exception) -> None:
            if self._desk.session is session:
                known = error if isinstance(error, GuideDeskError) else None
                self._show(is_deciding=False, step_problem=known)
                if known is None:
                    self._desk.tasks.failed.emit(error)

        self._desk.tasks.ask(work, *asked, done=taken, failed=failed)

    def _is_deciding(self) -> bool:
        state: Any = self.state
        return bool(state.is_deciding)

    def _take_line(self, status: SyncStatus) -> None:
        self._show(is_offline=status.is_offline)

    def _begin_anew(self, _session: Session | None) -> None:
        before: Any = self.state
        self._show_state(self._fresh())
        self._show(is_offline=before.is_offline)
