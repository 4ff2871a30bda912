"""What somebody is typing, kept a moment after the last key, under her name and for one subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer

from guidedesk.ui.desk import Desk

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
