"""Text fields: label above, error below, and the search box of the top bar."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.buttons import icon_button
from guidedesk.ui.widgets.chips import IconLabel, KeyHint
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, row, set_flag


class Field(QWidget):
    """A labelled line of input. `edited(text)` on every change, `submitted(text)` on Enter."""

    edited = Signal(str)
    submitted = Signal(str)

    def __init__(self, label_key: str, *, hint_key: str = "", large: bool = False, secret: bool = False) -> None:
        super().__init__()
        self._label_key, self._hint_key = label_key, hint_key
        self._label = Label("", "label", "text2").say(label_key)
        self.line = QLineEdit()
        self.line.setProperty("large", large)
        if secret:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self._label.setBuddy(self.line)
        self._note_icon = IconLabel("alert", "danger", "iconSmall")
        self._note = Label("", "caption", "danger", wrap=True)
        self._note_row = QWidget()
        self._note_row.setLayout(row(self._note_icon, self._note, gap=1))
        self._note_row.hide()
        self._head = row(self._label, gap=2)
        self.setLayout(column(self._head, self.line, self._note_row, gap=1))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.line.textEdited.connect(self.edited)
        self.line.returnPressed.connect(self._submit)
        self.setFocusProxy(self.line)
        look().retranslated.connect(self._rename)
        self._rename()

    def text(self) -> str:
        """What was typed."""
        return self.line.text()

    def set_text(self, text: str) -> None:
        """Fill it in; does not emit `edited`."""
        if self.line.text() != text:
            self.line.setText(text)

    def set_label_height(self, height: int) -> None:
        """Give the label line at least this height, to stand level with a neighbour whose label holds more."""
        self._label.setMinimumHeight(height)

    def set_note(self, text: str, tone: ToneName = "danger") -> None:
        """A sentence below: what is wrong (`danger`) or worth knowing (`warning`); empty removes it."""
        self._note.set_text(text)
        self._note.set_ink(tone)
        self._note_icon.show_icon("alert", tone)
        self._note_row.setVisible(bool(text))
        set_flag(self.line, "wrong", bool(text) and tone == "danger")
        self.line.setAccessibleDescription(text)

    def _rename(self) -> None:
        self.line.setAccessibleName(i18n.t(self._label_key))
        self.line.setPlaceholderText(i18n.t(self._hint_key) if self._hint_key else "")

    def _submit(self) -> None:
        self.submitted.emit(self.line.text())


class NoteField(QPlainTextEdit):
    """A plain text area; Tab moves on, Ctrl Enter is left to the dialog. `edited(text)` on every change."""

    edited = Signal(str)

    def __init__(self, name_key: str, hint_key: str = "") -> None:
        super().__init__()
        self._name_key, self._hint_key = name_key, hint_key
        self.setTabChangesFocus(True)
        self.textChanged.connect(self._changed)
        look().retranslated.connect(self._rename)
        self._rename()

    def _rename(self) -> None:
        self.setAccessibleName(i18n.t(self._name_key))
        self.setPlaceholderText(i18n.t(self._hint_key) if self._hint_key else "")

    def _changed(self) -> None:
        self.edited.emit(self.toPlainText())

    def set_text(self, text: str) -> None:
        """Fill it in without moving the caret of someone typing the same."""
        if self.toPlainText() != text:
            self.setPlainText(text)
            self.moveCursor(QTextCursor.MoveOperation.End)  # who comes back to a draft goes on where it ends

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        super().keyPressEvent(event)


class SearchField(QFrame):
    """A framed input with an icon, a clear button and a key cap. `edited(text)`, `submitted(text)`, `escaped()`,
    `stepped(rows)` for the arrow keys, so that a result list can move without losing the caret, `entered()` when the
    keyboard came."""

    edited = Signal(str)
    submitted = Signal(str)
    escaped = Signal()
    stepped = Signal(int)
    entered = Signal()

    def __init__(self, hint_key: str, short_key: str = "", *, icon: str = "search", key: str = "") -> None:
        super().__init__()
        self._hint_key, self._short_key = hint_key, short_key or hint_key
        self._width = 0
        self.line = QLineEdit()
        self.line.setProperty("bare", True)
        self.line.installEventFilter(self)
        self._clear = icon_button("x", "field.clear", size="s")
        self._clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._clear.clicked.connect(self._wipe)
        self._cap = KeyHint(key)
        self._cap.setVisible(bool(key))
        self._inside = row(IconLabel(icon, "text2", "iconSmall"), self.line, self._clear, self._cap, gap=2)
        self.setLayout(self._inside)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.line)
        self.line.textChanged.connect(self._changed)
        self.line.textEdited.connect(self.edited)
        self.line.returnPressed.connect(self._submit)
        look().restyled.connect(self._restyle)
        look().retranslated.connect(self._rename)
        self._restyle()
        self._rename()
        self._changed("")

    def text(self) -> str:
        """What was typed."""
        return self.line.text()

    def set_text(self, text: str) -> None:
        """Fill it in; does not emit `edited`."""
        if self.line.text() != text:
            self.line.setText(text)

    def show_key(self, key: str) -> None:
        """The key cap at the right: what gets here, or what leaves."""
        if self._cap.text() and key != self._cap.text():
            self._cap.set_text(key)
            self._cap.update()

    def set_width(self, width: int) -> None:
        """Preferred width in scaled pixels; 0 takes what there is, with the short hint."""
        self._width = width
        self.setSizePolicy(QSizePolicy.Policy.Preferred if width else QSizePolicy.Policy.Expanding,
                           QSizePolicy.Policy.Fixed)
        self._rename()
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self._width or look().m.search_w, look().m.search_h)

    def minimumSizeHint(self) -> QSize:
        least = min(self.sizeHint().width(), look().m.search_w) // 2
        return QSize(max(least, self._inside.minimumSize().width()), look().m.search_h)

    def _restyle(self) -> None:
        m = look().m
        self.setFixedHeight(m.search_h)
        self._inside.setContentsMargins(m.field_pad, 1, m.chip_pad, 1)
        if self._cap.text():
            # One size for both keys: a cap that grows would lay out the whole window while somebody types.
            self._cap.setFixedSize(max(paint.key_width("F2"), paint.key_width("Esc")), m.kbd_h)

    def _rename(self) -> None:
        self.line.setPlaceholderText(i18n.t(self._hint_key if self._width else self._short_key))
        self.line.setAccessibleName(i18n.t(self._hint_key))

    def _changed(self, text: str) -> None:
        self._clear.setVisible(bool(text) and not self._cap.text())

    def _wipe(self) -> None:
        self.line.clear()
        self.edited.emit("")
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _submit(self) -> None:
        self.submitted.emit(self.line.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent):
            self.update()
            if event.gotFocus():
                self.entered.emit()
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down.value: 1, Qt.Key.Key_Up.value: -1, Qt.Key.Key_PageDown.value: 8,
                     Qt.Key.Key_PageUp.value: -8}
            if event.key() == Qt.Key.Key_Escape.value and self.text():
                self._wipe()
                self.escaped.emit()
                return True
            if event.key() in steps:
                self.stepped.emit(steps[event.key()])
                return True
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        focused = self.line.hasFocus()
        border = current.q("focus" if focused else "control")
        paint.box(painter, self.rect(), m.button_radius, current.q("surface"), border, 2 if focused else 1)
