"""What somebody is typing, kept a moment after the last key, under her name and for one subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject, QTimer

from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import State, StatePresenter

KEEP_AFTER_MS: Final = 1500
Draft = dict[str, Any]


class DraftKeeper(QObject):
    """Asks `what` for the draft worth keeping (None: nothing is) a moment after each `touch`."""

    def __init__(self, desk: Desk, kind: str, what: Callable[[], Draft | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._kind, self._what = desk, kind, what
        self._staff_id = self._subject = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(KEEP_AFTER_MS)
        self._timer.timeout.connect(self.keep)

    def begin(self, staff_id: str, subject: str) -> None:
        """Whose draft it is, also after she signed out, and what it is about."""
        self._staff_id, self._subject = staff_id, subject

    def load(self, staff_id: str, subject: str) -> Draft | None:
        """What she was typing about it, or None. Called beside the window."""
        return self._desk.counter.load_draft(staff_id, self._kind, subject)

    def touch(self) -> None:
        """Something was typed."""
        self._timer.start()

    def keep(self) -> None:
        """Write it down now."""
        draft = self._what()
        if draft is not None:
            self._save(draft)

    def forget(self) -> None:
        """It was saved, or thrown away."""
        self._save(None)

    def _save(self, draft: Draft | None) -> None:
        self._timer.stop()
        if self._staff_id:
            counter = self._desk.counter
            self._desk.tasks.write(counter.save_draft, self._staff_id, self._kind, self._subject, draft)


class DraftingPresenter(StatePresenter[State]):
    """A form whose typing is kept: each change of the state is, a moment later, worth a draft or not."""

    KIND: ClassVar[str]  # of its drafts

    def __init__(self, desk: Desk, empty: State, parent: QObject | None = None) -> None:
        super().__init__(empty, parent)
        self._desk = desk
        self._drafts = DraftKeeper(desk, self.KIND, self._worth_keeping, self)
        desk.session_changed.connect(self._take_session)

    def leave(self) -> None:
        """Esc, a scan, or a lock: keep what was typed and go."""
        raise NotImplementedError

    def _worth_keeping(self) -> Draft | None:
        """What of the state is worth keeping now; None while the form is closed or being saved."""
        raise NotImplementedError

    def _show(self, **changed: Any) -> bool:
        is_new = super()._show(**changed)
        if is_new:
            self._drafts.touch()
        return is_new

    def _take_session(self, _session: Session | None) -> None:
        # Under the name of the person who typed it, whoever signs in next.
        self.leave()
