"""Tags that people put on and take off: chips with a cross, and a field that opens for a new one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QPushButton, QSizePolicy, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import tip
from guidedesk.ui.widgets.choices import Tick
from guidedesk.ui.widgets.flow import Flow
from guidedesk.ui.widgets.focus import ring_on_focus
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import column, fit_count
from guidedesk.ui.widgets.target import face_in, target_size

TAG_LIMIT = 24


class TagChip(QPushButton):
    """One tag. Click, Space or Delete takes it off: `removed(tag)`; without `removable` it is only shown. One's own,
    which nobody else reads, has a lock and says `own_removed(tag)`."""

    removed = Signal(str)
    own_removed = Signal(str)

    def __init__(self) -> None:
        super().__init__("")
        self._tag, self._removable, self._is_own = "", False, False
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._remove)
        ring_on_focus(self, "chip_radius")
        look().restyled.connect(self.updateGeometry)

    def show_tag(self, tag: str, *, removable: bool, is_own: bool = False) -> None:
        """Show this tag."""
        self._tag, self._removable, self._is_own = tag, removable, is_own
        self.setText(untrusted(tag, TAG_LIMIT))
        self.setEnabled(removable)
        name = i18n.t("member.tag_remove", tag=self.text()) if removable else self.text()
        if is_own:
            name = i18n.t("member.tag_own_chip", name=name)
        self.setAccessibleName(name)
        tip(self, name)
        self.updateGeometry()

    def _remove(self) -> None:
        (self.own_removed if self._is_own else self.removed).emit(self._tag)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._removable:
            self._remove()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        m = look().m
        words = paint.width_of(self.text(), look().font("caption", 500)) + 1
        face = QSize(words + 2 * m.chip_pad + self._lock() + self._cross(), m.chip_h)
        return target_size(face) if self._removable else face

    def minimumSizeHint(self) -> QSize:
        # A long tag ends with … in a narrow column; its tool tip and name say it whole.
        return QSize(min(self.sizeHint().width(), look().m.tag_min_w), self.sizeHint().height())

    def _lock(self) -> int:
        return look().m.tick_icon + look().m.rail_gap if self._is_own else 0

    def _cross(self) -> int:
        return look().m.tick_icon + look().m.rail_gap if self._removable else 0

    def face_rect(self) -> QRect:
        """The painted chip; one that can be taken off has a larger target."""
        return face_in(self.rect(), self.width(), look().m.chip_h)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        hover = self._removable and self.underMouse()
        paint.box(painter, self.face_rect(), m.chip_radius, current.q("line" if hover else "neutral_soft"))
        ink = current.q("neutral")
        begin = m.chip_pad + self._lock()
        area = QRect(begin, 0, self.width() - begin - m.chip_pad - self._cross(), self.height())
        if self._is_own:
            dpr = self.devicePixelRatioF()
            paint.draw_icon(painter, m.chip_pad, self.height() / 2, "lock", m.tick_icon, ink, dpr)
        paint.text(painter, area, self.text(), current.font("caption", 500), ink)
        if self._removable:
            left = self.width() - m.chip_pad - m.tick_icon + m.rail_gap
            paint.draw_icon(painter, left, self.height() / 2, "x", m.tick_icon, ink, self.devicePixelRatioF())


class TagLine(QLineEdit):
    """The field for a new tag; `left()` on Esc."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)


class TagEditor(QWidget):
    """All tags of somebody and a field for one more. `added(text)`, `removed(tag)`; those that only whoever is signed
    in reads: `own_added(text)`, `own_removed(tag)`."""

    added = Signal(str)
    removed = Signal(str)
    own_added = Signal(str)
    own_removed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[tuple[str, ...], tuple[str, ...], bool, str] | None = None
        self.line = TagLine()
        self.line.setMaxLength(TAG_LIMIT * 2)
        self.line.hide()
        self.line.returnPressed.connect(self._submit)
        self.line.left.connect(self._end)
        self.own = Tick().say("member.tag_own")
        self.own.hide()
        self._none = Label("", "caption", "text3").say("member.tags_none")
        self._note = Label("", "caption", "danger", wrap=True)
        self._note.hide()
        self._flow = Flow(gap=2, line_gap=0)
        self._chips = QWidget()
        self._chips.setLayout(self._flow)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self._chips.setSizePolicy(policy)
        self.setLayout(column(self._none, self._chips, self.line, self.own, self._note, gap=2))
        look().retranslated.connect(self._rename)
        self._rename()

    def show_tags(
        self, tags: Sequence[str], own: Sequence[str] = (), *, editable: bool, note: str = ""
    ) -> None:
        """Show these tags, one's own last; `note` says why the last one was not taken."""
        self._note.set_text(note)
        self._note.setVisible(bool(note))
        wanted = (tuple(tags), tuple(own), editable, i18n.language())
        if wanted == self._shown:
            return
        self._shown = wanted
        told = [(tag, False) for tag in tags] + [(tag, True) for tag in own]
        for chip, (tag, is_own) in zip(fit_count(self._flow, len(told), self._chip), told, strict=True):
            chip.show_tag(tag, removable=editable, is_own=is_own)
        self._chips.setVisible(bool(told))
        self._none.setVisible(not told)

    def _chip(self) -> TagChip:
        chip = TagChip()
        chip.removed.connect(self.removed)
        chip.own_removed.connect(self.own_removed)
        return chip

    def begin(self) -> None:
        """Open the field and give it the keyboard."""
        self.line.clear()
        self.line.show()
        self.own.setChecked(False)
        self.own.show()
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _submit(self) -> None:
        text = self.line.text().strip()
        self.line.clear()
        if text:
            (self.own_added if self.own.isChecked() else self.added).emit(text)

    def _end(self) -> None:
        self.line.hide()
        self.own.hide()

    def _rename(self) -> None:
        self.line.setAccessibleName(i18n.t("member.tag_new"))
        self.line.setPlaceholderText(i18n.t("member.tag_hint"))
