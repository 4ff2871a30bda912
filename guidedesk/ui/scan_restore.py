"""Take leaked characters of a scan out of a field again (CODES.md Q-13)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPersistentModelIndex
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from shiboken6 import isValid


def key_target() -> QWidget | None:
    """The widget a key would reach now."""
    popup = QApplication.activePopupWidget()
    if isinstance(popup, QMenu):
        return popup
    return QApplication.focusWidget() or popup  # a completer's list hands its keys on to the field


def remember(widget: QWidget | None) -> Callable[[], None]:
    """A function that puts `widget`, and the focus, back to how they are now."""
    if widget is None:
        return _nothing
    restore = _restorer(widget)

    def put_back() -> None:
        if not isValid(widget):
            return
        restore()
        if not widget.isWindow() and QApplication.focusWidget() is not widget:
            widget.setFocus()

    return put_back


def give_back(text: str) -> None:
    """Type `text` into the focused field: it was held for a scan and was a person's after all."""
    widget = QApplication.focusWidget()
    if isinstance(widget, QLineEdit) and not widget.isReadOnly():
        widget.insert(text)
    elif isinstance(widget, QTextEdit | QPlainTextEdit) and not widget.isReadOnly():
        widget.insertPlainText(text)


def _nothing() -> None:
    return


def _restorer(widget: QWidget) -> Callable[[], None]:
    if isinstance(widget, QLineEdit):
        return _line_restorer(widget)
    if isinstance(widget, QTextEdit | QPlainTextEdit):
        return _text_restorer(widget)
    if isinstance(widget, QAbstractItemView):
        return _view_restorer(widget)
    return _value_restorer(widget)


def _line_restorer(line: QLineEdit) -> Callable[[], None]:
    text, cursor, was_modified = line.text(), line.cursorPosition(), line.isModified()
    selected_at, selected = line.selectionStart(), line.selectionLength()

    def restore() -> None:
        if line.text() != text:
            _replace_difference(line, text)
        if line.text() != text:  # a validator or an input mask had its own idea
            line.setText(text)
        line.setCursorPosition(cursor)
        if selected:
            is_backward = cursor == selected_at
            start, length = (selected_at + selected, -selected) if is_backward else (selected_at, selected)
            line.setSelection(start, length)
        line.setModified(was_modified)

    return restore


def _replace_difference(line: QLineEdit, wanted: str) -> None:
    """Insert over what differs instead of setting the text: keeps undo and tells `textEdited`."""
    now = line.text()
    limit = min(len(now), len(wanted))
    head = next((at for at in range(limit) if now[at] != wanted[at]), limit)
    tail = next((at for at in range(limit - head) if now[-1 - at] != wanted[-1 - at]), limit - head)
    line.setCursorPosition(head)
    line.setSelection(head, len(now) - head - tail)
    line.insert(wanted[head : len(wanted) - tail])


def _text_restorer(edit: QTextEdit | QPlainTextEdit) -> Callable[[], None]:
    before = edit.textCursor()
    anchor, position = before.anchor(), before.position()
    selection = before.selection()
    revision, was_modified = edit.document().revision(), edit.document().isModified()

    def restore() -> None:
        cursor = edit.textCursor()
        if edit.document().revision() != revision:
            end = cursor.position()
            cursor.setPosition(min(anchor, position))
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            if not selection.isEmpty():
                cursor.insertFragment(selection)
        cursor.setPosition(anchor)
        cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
        edit.setTextCursor(cursor)
        edit.document().setModified(was_modified)

    return restore


def _view_restorer(view: QAbstractItemView) -> Callable[[], None]:
    current = QPersistentModelIndex(view.currentIndex())

    def restore() -> None:
        if view.currentIndex() != current:
            view.setCurrentIndex(current)

    return restore


def _value_restorer(widget: QObject) -> Callable[[], None]:
    """Spin boxes, date fields, combo boxes, check boxes, sliders: their value is their user property."""
    value_property = widget.metaObject().userProperty()
    if not value_property.isValid():
        return _nothing
    value = value_property.read(widget)
    line = widget.findChild(QLineEdit) if isinstance(widget, QAbstractSpinBox) else None
    restore_line = _line_restorer(line) if line is not None else _nothing

    def restore() -> None:
        if value_property.read(widget) != value:
            value_property.write(widget, value)
        restore_line()

    return restore
