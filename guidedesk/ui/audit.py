"""Checks a shown window the way a careful person would: cut or overlapping text, wrong colours, missing names and
roles, targets too small to hit, Tab going backwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor, QFontMetrics, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.shell.page import Page
from guidedesk.ui.shell.rail import Rail
from guidedesk.ui.shell.topbar import TopBar
from guidedesk.ui.theme import look
from guidedesk.ui.theme.metrics import TARGET
from guidedesk.ui.theme.palette import palette_roles
from guidedesk.ui.theme.tokens import Colours
from guidedesk.ui.widgets.focus import FocusRing
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.overlay import Dialog, Scrim, Toast
from guidedesk.ui.widgets.tab_order import tab_stops

Kind = Literal["clipped", "overlap", "colour", "unnamed", "roleless", "small", "order"]
ROWS_READ: Final = 200
_CONTROLS = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QAbstractItemView)
_PARTS = (QHeaderView,)
_HOLDERS = (TopBar, Rail, Page, QAbstractScrollArea)
_NO_ROLES = (QAccessible.Role.NoRole, QAccessible.Role.Client, QAccessible.Role.Window)
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
    checks = (_clipped, _unnamed, _roleless, _small)
    problems = [problem for widget in shown for check in checks for problem in check(widget)]
    return problems + list(_colours(shown)) + list(_overlaps(window, shown)) + list(_backwards(window))


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
    content = widget.widget() if isinstance(widget, QScrollArea) else None
    if isinstance(widget, QScrollArea) and content is not None:
        # A column that may not scroll sideways loses its right edge, borders and all.
        wide, room = content.width(), widget.viewport().width()
        if widget.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff and wide > room:
            yield Problem("clipped", _name(widget), f"content {wide} px wide in {room}")
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
    least = widget.minimumSizeHint()
    if isinstance(widget, QAbstractButton) and widget.hasHeightForWidth():
        least.setHeight(widget.heightForWidth(widget.width()))
    return QRect(QPoint(0, 0), least)


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


def _roleless(widget: QWidget) -> Iterator[Problem]:
    if isinstance(widget, _PARTS) or isinstance(widget.parentWidget(), QAbstractSpinBox):
        return
    is_control = isinstance(widget, _CONTROLS) or bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    if is_control and QAccessible.queryAccessibleInterface(widget).role() in _NO_ROLES:
        yield Problem("roleless", _name(widget), _path(widget))


def _small(widget: QWidget) -> Iterator[Problem]:
    """Something to press with a side below 36 px; a line inside a frame is as large as its frame."""
    if not isinstance(widget, (QAbstractButton, QLineEdit, QComboBox)) or not widget.isEnabled():
        return
    frame = widget.parentWidget()
    is_framed = isinstance(frame, QAbstractSpinBox) or bool(widget.property("bare"))
    size = frame.size() if frame is not None and is_framed else widget.size()
    if min(size.width(), size.height()) < TARGET:
        yield Problem("small", _name(widget), f"{size.width()}x{size.height()}")


def _backwards(window: QWidget) -> Iterator[Problem]:
    """Tab that goes up inside a column or left inside a line: not the order in which people read."""
    stops = window.tab_order() if isinstance(window, MainWindow) else tab_stops(window)
    for first, second in pairwise(stops):
        here, there = _area(first, window), _area(second, window)
        goes_up = there.bottom() <= here.top() and there.right() > here.left() and there.left() < here.right()
        goes_left = there.right() <= here.left() and abs(there.center().y() - here.center().y()) < TARGET // 2
        if (goes_up or goes_left) and _holder(first, window) is _holder(second, window):
            yield Problem("order", _name(first), f"to {_name(second)}")


def _area(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def _holder(widget: QWidget, window: QWidget) -> QWidget:
    """The part of the window a control is in: top bar, rail, page or what scrolls, each with an order of its own."""
    holder = widget.parentWidget() or window
    while holder is not window and not isinstance(holder, _HOLDERS):
        holder = holder.parentWidget() or window
    return holder


def _path(widget: QWidget) -> str:
    names: list[str] = []
    parent = widget.parentWidget()
    while parent is not None:
        names.append(type(parent).__name__)
        parent = parent.parentWidget()
    return " < ".join(names[:4])


def _colours(shown: list[QWidget]) -> Iterator[Problem]:
    """Palette colours that no token knows: a widget somebody coloured by hand, or one the theme missed."""
    known = {QColor(look().tokens.colour.named(name)).rgba() for name in Colours.names()}
    roles = tuple(palette_roles(look().tokens))
    seen: dict[int, tuple[QPalette.ColorRole, QColor] | None] = {}
    for widget in shown:
        palette = widget.palette()
        # Most widgets share one palette: each is looked through once.
        if (key := palette.cacheKey()) not in seen:
            seen[key] = _stranger(palette, roles, known)
        if (found := seen[key]) is not None:
            yield Problem("colour", _name(widget), f"{found[0].name} is {found[1].name()}")


def _stranger(
    palette: QPalette, roles: tuple[QPalette.ColorRole, ...], known: set[int]
) -> tuple[QPalette.ColorRole, QColor] | None:
    for role in roles:
        brush = palette.brush(QPalette.ColorGroup.Active, role)
        colour = brush.color()
        if brush.style() != Qt.BrushStyle.NoBrush and colour.alpha() and colour.rgba() not in known:
            return role, colour
    return None


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
