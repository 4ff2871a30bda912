"""Pages that nobody sees are not drawn: their newest state waits until they are shown, or no longer covered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class WhenShown(QObject):
    """Hands states to `render` while `page` is shown; of those that came meanwhile the newest, as it is shown."""

    def __init__(self, page: QWidget, render: Callable[[Any], None]) -> None:
        super().__init__(page)
        self._page, self._render = page, render
        self._waiting: list[Any] = []
        self._is_covered = False
        page.installEventFilter(self)

    def take(self, state: object) -> None:
        """A new state."""
        if self._page.isVisible() and not self._is_covered:
            self._waiting.clear()
            self._render(state)
        else:
            self._waiting = [state]

    def cover(self, is_covered: bool) -> None:
        """Something is typed over the page: a new state of it, drawn now, would only hold up the letters."""
        self._is_covered = is_covered
        if not is_covered and self._waiting and self._page.isVisible():
            self._render(self._waiting.pop())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Render just before the page shows."""
        if self._waiting and event.type() == QEvent.Type.Show and watched is self._page:
            self._render(self._waiting.pop())
        return False
