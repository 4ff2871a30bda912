"""Pages of which one is shown."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStackedLayout, QWidget


class Pages(QWidget):
    """As high as the page shown needs; those behind it ask for no height, only for their width."""

    def __init__(self) -> None:
        super().__init__()
        self._front = _Front(self)

    def add(self, page: QWidget) -> None:
        """Put a page behind the others; the first one is shown."""
        self._front.addWidget(page)

    def show_page(self, page: QWidget) -> None:
        """Bring one of them to the front."""
        self._front.setCurrentWidget(page)

    def shown(self) -> QWidget | None:
        """The page in front."""
        return self._front.currentWidget()


class _Front(QStackedLayout):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.currentChanged.connect(self.invalidate)

    def hasHeightForWidth(self) -> bool:
        page = self.currentWidget()
        return page is not None and page.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        # No more than the least: the layout around gives what is over to whoever may grow.
        return self.minimumHeightForWidth(width)

    def minimumHeightForWidth(self, width: int) -> int:
        page = self.currentWidget()
        layout = page.layout() if page is not None else None
        if page is None:
            return 0
        return page.heightForWidth(width) if layout is None else layout.totalMinimumHeightForWidth(width)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._least())

    def minimumSize(self) -> QSize:
        return QSize(super().minimumSize().width(), self._least())

    def _least(self) -> int:
        page = self.currentWidget()
        return page.minimumSizeHint().height() if page is not None else 0
