"""Checks a shown window the way a careful person would: cut or overlapping text, wrong colours, missing names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor, QFontMetrics, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from guidedesk.ui.theme import look
from guidedesk.ui.theme.palette import palette_roles
from guidedesk.ui.theme.tokens import Colours
from guidedesk.ui.widgets.focus import FocusRing
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.overlay import Dialog, Scrim, Toast

Kind = Literal["clipped", "overlap", "colour", "unnamed"]
ROWS_READ: Final = 200
_CONTROLS = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QAbstractItemView)
_READ = (QAccessible.Text.Name, QAccessible.Text.Value, QAccessible.Text.Description)
_FLOATING = (FocusRing, Dialog, Scrim, Toast)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with which widget."""

    kind: Kind
    widget: str
    detail: str


def audit(window: QWidget) -> list[Problem]:
    """All problems of a shown window; an empty list is a pass."""
    shown = [widget for widget in _walk(window) if not widget.visibleRegion().isEmpty() or _is_squashed(widget)]
    problems = [problem for widget in shown for problem in (*_clipped(widget), *_unnamed(widget), *_colours(widget))]
    return problems + list(_overlaps(window, shown))


def accessible_texts(widget: QWidget) -> list[str]:
    """Every name and text in the accessibility tree, rows of lists included (at most 200 a list)."""
    root = QAccessible.queryAccessibleInterface(widget)
    texts: list[str] = []
    if root is not None:
        _collect(root, texts)
    return list(dict.fromkeys(text for text in texts if text))


def _collect(node: QAccessibleInterface, texts: list[str]) -> None:
    if not node.isValid() or node.state().invisible:
        return
    texts.extend(node.text(part) for part in _READ)
    for number in range(min(node.childCount(), ROWS_READ)):
        child = node.child(number)
        if child is not None:
            _collect(child, texts)


def _walk(window: QWidget) -> Iterator[QWidget]:
    for widget in [window, *window.findChildren(QWidget)]:
        if widget.isVisibleTo(window):
            yield widget


def _is_squashed(widget: QWidget) -> bool:
    return bool(_words(widget)) and (widget.width() < 2 or widget.height() < 2)


def _words(widget: QWidget) -> str:
    return widget.text() if isinstance(widget, QLabel | QAbstractButton) else ""


def _name(widget: QWidget) -> str:
    words = _words(widget) or widget.accessibleName() or widget.objectName()
    return f"{type(widget).__name__}({words[:40]})"


def _clipped(widget: QWidget) -> Iterator[Problem]:
    if not _words(widget):
        return
    if isinstance(widget, Label) and widget.is_cut:
        least = QFontMetrics(widget.font()).averageCharWidth() * 2
        if widget.width() < least:
            yield Problem("clipped", _name(widget), f"{widget.width()} px wide")
        return
    need = _needed(widget)
    # Two pixels of the line height are air above Chinese glyphs.
    if widget.width() < need.width() or widget.height() < need.height() - look().tokens.px(2):
        detail = f"{widget.width()}x{widget.height()}, needs {need.width()}x{need.height()}"
        yield Problem("clipped", _name(widget), detail)
    elif _is_cut_by_parents(widget):
        yield Problem("clipped", _name(widget), "reaches out of its parent")


def _needed(widget: QWidget) -> QRect:
    if isinstance(widget, QLabel) and widget.wordWrap():
        return QRect(0, 0, 0, widget.heightForWidth(widget.width()))
    hint = widget.sizeHint() if not isinstance(widget, QLabel) else widget.minimumSizeHint()
    return QRect(QPoint(0, 0), hint)


def _is_cut_by_parents(widget: QWidget) -> bool:
    """Whether a parent cuts it; inside a scroll area being scrolled out is fine."""
    area, parent = widget.rect(), widget.parentWidget()
    child = widget
    while parent is not None and not child.isWindow():
        if isinstance(parent.parentWidget(), QAbstractScrollArea):
            return False
        area = area.translated(child.pos())
        if not parent.rect().adjusted(-1, -1, 1, 1).contains(area):
            return True
        child, parent = parent, parent.parentWidget()
    return False


def _unnamed(widget: QWidget) -> Iterator[Problem]:
    is_control = isinstance(widget, _CONTROLS) and not isinstance(widget, QHeaderView)
    if is_control and not _words(widget) and not widget.accessibleName():
        yield Problem("unnamed", type(widget).__name__, widget.objectName() or _path(widget))


def _path(widget: QWidget) -> str:
    names: list[str] = []
    parent = widget.parentWidget()
    while parent is not None:
        names.append(type(parent).__name__)
        parent = parent.parentWidget()
    return " < ".join(names[:4])


def _colours(widget: QWidget) -> Iterator[Problem]:
    """Palette colours that no token knows: a widget somebody coloured by hand, or one the theme missed."""
    known = {QColor(look().tokens.colour.named(name)).rgba() for name in Colours.names()}
    palette = widget.palette()
    for role in palette_roles(look().tokens):
        brush = palette.brush(QPalette.ColorGroup.Active, role)
        colour = brush.color()
        if brush.style() != Qt.BrushStyle.NoBrush and colour.alpha() and colour.rgba() not in known:
            yield Problem("colour", _name(widget), f"{role.name} is {colour.name()}")
            return


def _overlaps(window: QWidget, shown: list[QWidget]) -> Iterator[Problem]:
    """Words of two widgets on top of each other; what floats on purpose is left out."""
    # Only what is visible: a list scrolled under the key bar covers nothing.
    boxes = [(widget, widget.visibleRegion().boundingRect().translated(widget.mapTo(window, QPoint(0, 0))))
             for widget in shown if _words(widget) and not _floats(widget)]
    for at, (first, area) in enumerate(boxes):
        for second, other in boxes[at + 1 :]:
            if area.adjusted(1, 1, -1, -1).intersects(other) and not _related(first, second):
                yield Problem("overlap", _name(first), f"with {_name(second)}")


def _floats(widget: QWidget) -> bool:
    parent: QWidget | None = widget
    while parent is not None:
        if isinstance(parent, _FLOATING) or parent.property("floats"):
            return True
        parent = parent.parentWidget()
    return False


def _related(first: QWidget, second: QWidget) -> bool:
    return first.isAncestorOf(second) or second.isAncestorOf(first)
