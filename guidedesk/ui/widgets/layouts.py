"""Rows and columns whose gaps come from the spacing tokens and follow the text scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QLayout, QSizePolicy, QWidget

from guidedesk.ui.theme import Space, look

_LEVELS = 8  # of layouts inside each other, from a chip to the page
Item = QWidget | QLayout | None
W = TypeVar("W", bound=QWidget)
Pad = Space | tuple[Space, Space] | tuple[Space, Space, Space, Space]


class Box(QBoxLayout):
    """A row or column; made by `row()` and `column()`."""

    def __init__(self, direction: QBoxLayout.Direction, gap: Space, pad: Pad) -> None:
        super().__init__(direction)
        self._gap: Space = gap
        self._pad: Pad = pad
        look().restyled.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self.setSpacing(look().tokens.space(self._gap))
        self.setContentsMargins(*_margins(self._pad))

    def put(self, *items: Item) -> Box:
        """Append widgets and layouts; None is a stretch."""
        for item in items:
            if item is None:
                self.addStretch(1)
            elif isinstance(item, QLayout):
                self.addLayout(item)
            else:
                self.addWidget(item)
        return self


class Grid(QGridLayout):
    """A grid with token gaps."""

    def __init__(self, gap: Space = 2, pad: Pad = 0) -> None:
        super().__init__()
        self._gap: Space = gap
        self._pad: Pad = pad
        look().restyled.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self.setSpacing(look().tokens.space(self._gap))
        self.setContentsMargins(*_margins(self._pad))


def row(*items: Item, gap: Space = 2, pad: Pad = 0) -> Box:
    """Items side by side, centred vertically; None stretches. `gap` and `pad` are token steps, not pixels."""
    return Box(QBoxLayout.Direction.LeftToRight, gap, pad).put(*items)


def column(*items: Item, gap: Space = 2, pad: Pad = 0) -> Box:
    """Items below each other; None stretches. `gap` and `pad` are token steps, not pixels."""
    return Box(QBoxLayout.Direction.TopToBottom, gap, pad).put(*items)


def holder(layout: QLayout, *, kind: str = "plain") -> QFrame:
    """A frame that only carries a layout (no border, no background of its own)."""
    frame = QFrame()
    frame.setProperty("kind", kind)
    frame.setLayout(layout)
    return frame


def rule(*, vertical: bool = False) -> QFrame:
    """A one pixel divider."""
    frame = QFrame()
    frame.setProperty("kind", "line")
    if vertical:
        frame.setFixedWidth(1)
    else:
        frame.setFixedHeight(1)
    return frame


def top(widget: QWidget) -> QWidget:
    """Keep the widget's own height instead of filling its cell."""
    policy = widget.sizePolicy()
    widget.setSizePolicy(policy.horizontalPolicy(), QSizePolicy.Policy.Maximum)
    return widget


def set_flag(widget: QWidget, name: str, value: object) -> None:
    """Change a dynamic property and let the style sheet see it."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


def fit_count(layout: QLayout, count: int, make: Callable[[], W]) -> list[W]:
    """The first `count` widgets of a layout that holds only what `make` makes; the others are hidden for next time.

    Making a widget and dressing it costs more than painting it ten times.
    """
    while layout.count() < count:
        layout.addWidget(make())
    found = [cast(W, widget) for widget in placed(layout)]
    for number, widget in enumerate(found):
        widget.setVisible(number < count)
    return found[:count]


def placed(layout: QLayout) -> list[QWidget]:
    """The widgets of a layout and of the layouts inside it, in their order.

    Never by `itemAt`: the binding keeps what that returns with the layout. When Qt then deletes the item with its
    widget, the next object at the same address is taken for it, and sooner or later the program ends in
    `Shiboken::BindingManager::releaseWrapper`.
    """
    owner = layout.parentWidget()
    around = owner.children() if owner is not None else []
    inside: list[QWidget | QLayout] = [child for child in around if isinstance(child, QWidget)]
    inside += [child for child in layout.children() if isinstance(child, QLayout)]
    places = sorted(((layout.indexOf(child), number) for number, child in enumerate(inside)))
    found: list[QWidget] = []
    for place, number in places:
        child = inside[number]
        if place >= 0 and isinstance(child, QLayout):
            found += placed(child)
        elif place >= 0 and isinstance(child, QWidget):
            found.append(child)
    return found


def lasting_layouts(page: QWidget) -> list[QLayout]:
    """The layouts of a page that was just made, the inner ones before those around them."""
    found = (widget.layout() for widget in reversed(page.findChildren(QWidget)))
    return [layout for layout in found if layout is not None]


def settle_layouts(first: Sequence[QLayout] = ()) -> None:
    """Let every layout that waits take place now, the ones that wait for those included.

    Left alone, each level waits for a turn of the event loop, and several repaints come before the picture is whole.
    With those of `lasting_layouts` done before, each takes place once: an outer one waits for all that is inside it,
    and not for one level of it after the other.
    """
    for layout in first:
        layout.activate()
    for _ in range(_LEVELS):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)


def clear(layout: QLayout) -> None:
    """Remove and delete everything a layout holds."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            clear(inner)
            inner.deleteLater()


def _margins(pad: Pad) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in pixels, from `pad` in CSS order (all; down, across; top, right, bottom, left)."""
    space = look().tokens.space
    if isinstance(pad, int):
        return (space(pad),) * 4
    if len(pad) == 2:
        return space(pad[1]), space(pad[0]), space(pad[1]), space(pad[0])
    return space(pad[3]), space(pad[0]), space(pad[1]), space(pad[2])


ALIGN_TOP = Qt.AlignmentFlag.AlignTop
ALIGN_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
ALIGN_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
