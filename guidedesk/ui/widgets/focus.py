"""The focus ring: 2 px in the focus colour, 2 px away from the control (DESIGN-UI.md 9)."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, SignalInstance
from PySide6.QtGui import QFocusEvent, QHideEvent, QMoveEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from guidedesk.ui.theme import look
from guidedesk.ui.widgets.paint import box, smooth
from guidedesk.ui.widgets.target import seen_face

_TOLD_BY = (QFocusEvent, QHideEvent, QMoveEvent, QResizeEvent)


class FocusRing(QWidget):
    """Drawn over the control's parent, so the control needs no room of its own for it."""

    def __init__(self, target: QWidget, radius: int) -> None:
        super().__init__(_ground(target))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._radius = radius
        self._target = target
        self.follow(target)
        # What stands between moves too: a banner that appears pushes a whole pane down, and the control with it.
        between = target.parentWidget()
        while between is not None and between is not self.parentWidget():
            between.installEventFilter(self)
            between = between.parentWidget()
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize):
            self.follow(self._target)
        return super().eventFilter(watched, event)

    def follow(self, target: QWidget) -> None:
        """Move to where the control is now."""
        reach = look().m.focus_reach
        ground = self.parentWidget()
        if ground is None or not ground.isAncestorOf(target):
            self.hide()  # it was moved into another pane
            return
        place = _place(target, ground)
        self.setGeometry(place.adjusted(-reach, -reach, reach, reach))

    def paintEvent(self, _event: QPaintEvent) -> None:
        current = look()
        painter = QPainter(self)
        smooth(painter)
        box(painter, QRectF(self.rect()), self._radius + current.m.focus_reach, None, current.q("focus"),
            current.m.focus_pen)


def _place(target: QWidget, ground: QWidget) -> QRect:
    return seen_face(target).translated(target.mapTo(ground, QPoint(0, 0)))


def _ground(target: QWidget) -> QWidget:
    """The nearest ancestor with room for the ring; a tight parent would cut it. Never past a scrolled area."""
    reach = look().m.focus_reach
    ground = target.parentWidget()
    while ground is not None:
        above = ground.parentWidget()
        place = _place(target, ground).adjusted(-reach, -reach, reach, reach)
        if above is None or ground.rect().contains(place) or isinstance(above.parentWidget(), QAbstractScrollArea):
            return ground
        ground = above
    return target


class FocusWatch(QObject):
    """Shows the ring while its control has the keyboard; a mouse click does not show it."""

    # Of the class: while a closed window is taken apart, events still come when the object's own fields are gone.
    _ring: FocusRing | None = None

    def __init__(self, target: QWidget, radius: str) -> None:
        super().__init__(target)
        self._target = target
        self._radius = radius
        target.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, _TOLD_BY):  # most are paint and layout, and asking for a type is slow
            return False
        kind = event.type()
        if kind == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            if event.reason() != Qt.FocusReason.MouseFocusReason and self._ring is None:
                self._ring = FocusRing(self._target, getattr(look().m, self._radius))
                _moves().connect(self._focus_moved)
        elif kind in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self._drop()
        elif kind in (QEvent.Type.Move, QEvent.Type.Resize) and self._ring is not None:
            self._ring.follow(self._target)
        return False

    def _focus_moved(self, _before: QWidget | None, now: QWidget | None) -> None:
        # A control that had the keyboard while its page was hidden is never told that it lost it.
        if now is not self._target:
            self._drop()

    def _drop(self) -> None:
        if self._ring is not None:
            _moves().disconnect(self._focus_moved)
            self._ring.hide()
            self._ring.deleteLater()
            self._ring = None


def _moves() -> SignalInstance:
    return cast(QApplication, QApplication.instance()).focusChanged


def ring_on_focus(target: QWidget, radius: str = "button_radius") -> None:
    """Give a control the focus ring; `radius` is the metric of the control's own corner."""
    FocusWatch(target, radius)
