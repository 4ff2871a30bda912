"""Columns that become tabs when the window is too narrow for them (DESIGN-UI.md 3 and 9, mockup 19)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup

WIDE_NUMERATOR, WIDE_DENOMINATOR = 5, 4


@dataclass(frozen=True, slots=True)
class Pane:
    """A column: its widget, the catalogue key of its tab, and the metric of its width (empty takes the rest)."""

    widget: QWidget
    title_key: str
    width: str = ""


def width_for(column: QWidget, width: int) -> int:
    """The width of a side column: this one, or what its words need with a scroll bar beside them."""
    return max(width, column.minimumSizeHint().width() + look().m.scroll_w)


class ColumnsPane(QWidget):
    """Side columns with fixed widths around one that takes the rest. Below its least width all become tabs.

    A side column whose words are longer than its width gets what they need. With `is_whole` so does the middle one,
    even if all have to become tabs for it.
    """

    became_tabs = Signal(bool)

    def __init__(self, *panes: Pane, least: str = "pane_min", is_whole: bool = False) -> None:
        super().__init__()
        self._panes, self._least, self._is_whole = panes, least, is_whole
        self._shown = 0
        self._given: tuple[list[int], int] = ([], 0)
        self.is_tabbed = False
        self.tabs = ChoiceGroup("columns.tabs", style="tab")
        self.tabs.chosen.connect(self._choose)
        self.tabs.hide()
        self._line = QHBoxLayout()
        self._line.setContentsMargins(0, 0, 0, 0)
        for pane in panes:
            self._line.addWidget(pane.widget, 0 if pane.width else 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.tabs)
        outer.addLayout(self._line, 1)
        self._outer = outer
        look().restyled.connect(self._restyle)
        look().retranslated.connect(self._name_tabs)
        self._restyle()
        self._name_tabs()

    def show_pane(self, number: int) -> None:
        """Bring a pane to the front while tabbed; otherwise nothing changes."""
        self._shown = number
        self._arrange()

    def panes(self) -> list[QWidget]:
        """The pane widgets, for `Page.panes`."""
        return [pane.widget for pane in self._panes]

    def _choose(self, value: str) -> None:
        self.show_pane(int(value))

    def _name_tabs(self) -> None:
        choices = [Choice(str(n), i18n.t(pane.title_key)) for n, pane in enumerate(self._panes)]
        self.tabs.show_choices(choices, str(self._shown))

    def _restyle(self) -> None:
        space = look().tokens.space(3)
        self._line.setSpacing(space)
        self._outer.setSpacing(look().tokens.space(2))
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and (self._widths(), self._middle()) != self._given:
            self._arrange()
        return super().event(event)

    def _widths(self) -> list[int]:
        m = look().m
        widths = [int(getattr(m, pane.width)) if pane.width else 0 for pane in self._panes]
        if self.window().width() >= m.page_wide:
            widths = [width * WIDE_NUMERATOR // WIDE_DENOMINATOR for width in widths]
        return [width_for(pane.widget, width) if width else 0 for pane, width in zip(self._panes, widths, strict=True)]

    def _middle(self) -> int:
        """The least width of what takes the rest."""
        least = int(getattr(look().m, self._least))
        if not self._is_whole:
            return least
        needed = [width_for(pane.widget, 0) for pane in self._panes if not pane.width]
        return max(least, sum(needed))

    def _arrange(self) -> None:
        m, widths, middle = look().m, self._widths(), self._middle()
        self._given = (widths, middle)
        rest = self.width() - sum(widths) - self._line.spacing() * (len(widths) - 1)
        tabbed = len(widths) > 1 and rest < middle
        for number, (pane, width) in enumerate(zip(self._panes, widths, strict=True)):
            if tabbed or not width:
                pane.widget.setMinimumWidth(0)
                pane.widget.setMaximumWidth(m.page_max_w * 4)
            else:
                pane.widget.setFixedWidth(width)
            if tabbed:
                pane.widget.setVisible(number == self._shown)
            elif self.is_tabbed:
                pane.widget.setVisible(True)
        if tabbed != self.is_tabbed:
            self.is_tabbed = tabbed
            self.tabs.setVisible(tabbed)
            self.became_tabs.emit(tabbed)
        if tabbed:
            self.tabs.choose(str(self._shown))


class ScrollColumn(QScrollArea):
    """A column that scrolls by itself when text is large: only lists and pane bodies ever scroll."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        if widget.property("kind") is None:
            widget.setProperty("kind", "plain")
        self._least = 0
        self.setWidget(widget)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        inside = self.widget()
        if event.type() == QEvent.Type.LayoutRequest and inside is not None and watched is inside:
            least = inside.minimumSizeHint().width()
            if least != self._least:
                self._least = least
                self.updateGeometry()
        return super().eventFilter(watched, event)

    def minimumSizeHint(self) -> QSize:
        """As wide as what is in it: it may not scroll sideways."""
        inside, hint = self.widget(), super().minimumSizeHint()
        if inside is not None:
            hint.setWidth(max(hint.width(), inside.minimumSizeHint().width()))
        return hint
