"""Where Tab goes: through what people see, left to right and top to bottom (DESIGN-UI.md 9).

Qt's own chain follows the order in which widgets were made, so tabs and tags that are made again later end up last.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from guidedesk.ui.theme import look
from guidedesk.ui.widgets.layouts import placed

_LAYOUT_ROUNDS: Final = 4  # in a scroll area in a stack in a page, each layout is told of the one inside a round later


def tab_stops(root: QWidget) -> list[QWidget]:
    """What Tab stops at inside a widget, in the order of its layouts."""
    return list(_inside(root))


def move_focus(stops: list[QWidget], *, forward: bool) -> bool:
    """Give the keyboard to the next of these, around the ends; False if there is none."""
    if not stops:
        return False
    focus = QApplication.focusWidget()
    at = stops.index(focus) if focus in stops else -1 if forward else 0
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    stop = stops[(at + (1 if forward else -1)) % len(stops)]
    stop.setFocus(reason)
    bring_into_view(stop)
    return True


def bring_into_view(widget: QWidget) -> None:
    """Scroll whatever holds it, so that who works by keys sees where they are."""
    parent = widget.parentWidget()
    while parent is not None:
        inner = parent.widget() if isinstance(parent, QScrollArea) else None
        if isinstance(parent, QScrollArea) and inner is not None:
            # Not `ensureWidgetVisible`: that is content with the caret of a half hidden field.
            middle = widget.mapTo(inner, widget.rect().center())
            parent.ensureVisible(middle.x(), middle.y(), 0, widget.height() // 2 + look().tokens.space(2))
        parent = parent.parentWidget()


def bring_into_view_soon(widget: QWidget) -> None:
    """The same for what was only just shown: where it stands is known once the layouts around it have run."""
    timer, rounds = QTimer(widget), itertools.count(1)

    def bring() -> None:
        bring_into_view(widget)
        if next(rounds) == _LAYOUT_ROUNDS:
            timer.stop()
            timer.deleteLater()

    timer.timeout.connect(bring)
    timer.start(0)


def _inside(widget: QWidget) -> Iterator[QWidget]:
    if not widget.isVisible() or not widget.isEnabled():
        return
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
        yield widget
        return
    inner = widget.widget() if isinstance(widget, QScrollArea) else None
    if inner is not None:
        yield from _inside(inner)
        return
    for child in _children(widget):
        yield from _inside(child)


def _children(widget: QWidget) -> list[QWidget]:
    layout = widget.layout()
    laid_out = placed(layout) if layout is not None else []
    loose = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    return laid_out + [child for child in loose if child not in laid_out]
