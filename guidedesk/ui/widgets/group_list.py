"""Groups to choose from, below each other, each with a count at the right. One Tab stop, arrows inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import look
from guidedesk.ui.theme.metrics import TARGET
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.focus import ring_on_focus


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """One group: its value, its words, how many are in it."""

    value: str
    text: str
    count: str = ""


class GroupRow(QRadioButton):
    """One group, painted."""

    def __init__(self, entry: GroupEntry) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        ring_on_focus(self, "button_radius")
        look().restyled.connect(self.updateGeometry)
        self.show_entry(entry)

    def show_entry(self, entry: GroupEntry) -> None:
        """Other words or another count."""
        self.entry = entry
        self.setText(entry.text)
        self.setAccessibleName(f"{entry.text} {entry.count}".strip())
        self.update()

    def hitButton(self, position: object) -> bool:
        return True

    def sizeHint(self) -> QSize:
        m = look().m
        return QSize(m.pane_groups, max(TARGET, m.group_row if self.window().height() >= m.page_short else TARGET))

    def face_rect(self) -> QRect:
        """Where the focus ring goes: inside, the list has no room around it."""
        inset = look().m.focus_pen * 2
        return self.rect().adjusted(inset, inset, -inset, -inset)

    def minimumSizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, TARGET)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        chosen = self.isChecked()
        if chosen or self.underMouse():
            painter.fillRect(self.rect(), current.q("accent_soft" if chosen else "surface2"))
        if chosen:
            painter.fillRect(QRect(0, 0, m.row_mark, self.height()), current.q("accent"))
        area = self.rect().adjusted(m.row_pad, 0, -m.row_pad, 0)
        font = current.font("body", 600 if chosen else 500)
        wide = paint.width_of(self.entry.count, current.font("body")) + 1 if self.entry.count else 0
        words = area.adjusted(0, 0, -wide, 0)
        paint.text(painter, words, self.entry.text, font, current.q("text"))
        paint.text(painter, area, self.entry.count, current.font("body"), current.q("text2"), paint.RIGHT)


class GroupList(QWidget):
    """`chosen(value)` when a person chose another group."""

    chosen = Signal(str)

    def __init__(self, name_key: str) -> None:
        super().__init__()
        self._name_key = name_key
        self.rows: list[GroupRow] = []
        self._line = QVBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(0)
        look().retranslated.connect(self._rename)
        self._rename()

    def show_groups(self, entries: Sequence[GroupEntry], value: str) -> None:
        """Offer these with `value` chosen; their number stays the same."""
        for row, entry in zip(self.rows, entries, strict=False):
            row.show_entry(entry)
        for entry in entries[len(self.rows):]:
            row = GroupRow(entry)
            row.toggled.connect(self._toggled)
            self.rows.append(row)
            self._line.addWidget(row)
        for row in self.rows:
            row.blockSignals(True)
            row.setAutoExclusive(False)
            row.setChecked(row.entry.value == value)
            row.setAutoExclusive(True)
            row.blockSignals(False)
            row.setFocusPolicy(Qt.FocusPolicy.StrongFocus if row.isChecked() else Qt.FocusPolicy.ClickFocus)
            row.update()

    def current(self) -> QWidget | None:
        """The chosen group, which takes the keyboard."""
        return next((row for row in self.rows if row.isChecked()), None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down.value: 1, Qt.Key.Key_Up.value: -1}
        at = next((number for number, row in enumerate(self.rows) if row.hasFocus()), None)
        step = steps.get(event.key())
        if step is None or at is None:
            super().keyPressEvent(event)
            return
        target = self.rows[(at + step) % len(self.rows)]
        target.setFocus(Qt.FocusReason.TabFocusReason)
        target.setChecked(True)

    def _toggled(self, is_on: bool) -> None:
        row = self.sender()
        if is_on and isinstance(row, GroupRow):
            self.chosen.emit(row.entry.value)

    def _rename(self) -> None:
        self.setAccessibleName(i18n.t(self._name_key))
