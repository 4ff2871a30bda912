"""Lines that give way where they have no room: hints of keys at the foot of a dialog, buttons above a list."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLayout, QSizePolicy, QWidget

from guidedesk.ui.theme import Space, look
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.layouts import holder, row


class _Fitting(QWidget):
    """Fits what it holds into its room, whenever that or what it holds changes."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        raise NotImplementedError


class FittingRow(_Fitting):
    """Rows side by side; the last ones make way where all of them would not be whole. F1 shows every key."""

    def __init__(self, *lines: tuple[QWidget, ...], gap: Space = 3) -> None:
        super().__init__()
        self._gap: Space = gap
        self._parts = [holder(row(*widgets, gap=1)) for widgets in lines]
        self.setLayout(row(*self._parts, None, gap=gap))

    def sizeHint(self) -> QSize:
        hints = [part.sizeHint() for part in self._parts]
        wide = sum(hint.width() for hint in hints) + look().tokens.space(self._gap) * max(0, len(hints) - 1)
        return QSize(wide, max((hint.height() for hint in hints), default=0))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def _fit(self) -> None:
        left, gap = self.width(), look().tokens.space(self._gap)
        for part in self._parts:
            left -= part.sizeHint().width()
            part.setVisible(left >= 0)
            left -= gap


class WholeRow(_Fitting):
    """What a layout holds, whole or not at all: amounts are never cut."""

    def __init__(self, layout: QLayout) -> None:
        super().__init__()
        self._inside = holder(layout)
        self._inside.setParent(self)

    def sizeHint(self) -> QSize:
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()  # no layout of its own tells the one it stands in
        return super().event(event)

    def _fit(self) -> None:
        self._inside.setGeometry(self.rect())
        self._inside.setVisible(self._inside.sizeHint().width() <= self.width())


class FittingButtons(_Fitting):
    """Buttons side by side. Where they have no room their key caps leave, then the words of those with an icon."""

    def __init__(self, *buttons: Button, gap: Space = 2, align: Literal["left", "right"] = "right") -> None:
        super().__init__()
        self._gap: Space = gap
        self._buttons = buttons
        self._line = row(*buttons, None, gap=gap) if align == "left" else row(None, *buttons, gap=gap)
        self.setLayout(self._line)

    def sizeHint(self) -> QSize:
        return self._size(show_key=True, is_bare=False)

    def minimumSizeHint(self) -> QSize:
        return self._size(show_key=False, is_bare=True)

    def _size(self, *, show_key: bool, is_bare: bool) -> QSize:
        hints = [button.size_with(show_key=show_key, is_bare=is_bare) for button in self._buttons
                 if not button.isHidden()]
        wide = sum(hint.width() for hint in hints) + look().tokens.space(self._gap) * max(0, len(hints) - 1)
        return QSize(wide, max((hint.height() for hint in hints), default=0))

    def _fit(self) -> None:
        room = self.width()
        show_key = self._size(show_key=True, is_bare=False).width() <= room
        is_bare = self._size(show_key=False, is_bare=False).width() > room
        for button in self._buttons:
            button.show_key(show_key)
            button.set_bare(is_bare)
        # Now, not in a turn of the event loop for this level: the place they share stays as it is.
        self._line.activate()


class Stacked(QWidget):
    """Widgets side by side, by their `shares`; below each other where they have no room."""

    def __init__(self, *widgets: QWidget, shares: tuple[int, ...] = (), gap: Space = 3) -> None:
        super().__init__()
        self._widgets = widgets
        self._line = row(*widgets, gap=gap)
        for number, share in enumerate(shares):
            self._line.setStretch(number, share)
        for widget in widgets:
            self._line.setAlignment(widget, Qt.AlignmentFlag.AlignTop)
        self.setLayout(self._line)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(max(widget.minimumSizeHint().width() for widget in self._widgets), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        gaps = self._line.spacing() * (len(self._widgets) - 1)
        fits = sum(widget.minimumSizeHint().width() for widget in self._widgets) + gaps <= self.width()
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._line.setDirection(across if fits else down)
