"""Controls that look smaller than a finger needs: the face is painted inside a target of 36 px (DESIGN-UI.md 9)."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QWidget

from guidedesk.ui.theme.metrics import TARGET


def target_size(face: QSize) -> QSize:
    """The size a control takes whose face is this big."""
    return face.expandedTo(QSize(TARGET, TARGET))


def face_in(area: QRect, width: int, height: int) -> QRect:
    """Where a face of this size is painted: in the middle of its target, never larger than it."""
    wide, high = min(width, area.width()), min(height, area.height())
    return QRect(area.x() + (area.width() - wide) // 2, area.y() + (area.height() - high) // 2, wide, high)


def seen_face(widget: QWidget) -> QRect:
    """What people see of a control, in its own coordinates; the focus ring goes around that."""
    found = getattr(widget, "face_rect", None)
    return found() if callable(found) else widget.rect()
