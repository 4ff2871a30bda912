"""PIN boxes and buttons wait before they believe a key (CODES.md Q-13).

A leaked character can be taken out of a field again, but a pressed button or a completed PIN
cannot. So for these a key is held until nothing has followed it for `guard_ms`; a person does
not notice, and the keys of a scanner never arrive.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QMenu, QMenuBar, QWidget
from shiboken6 import isValid

from guidedesk.ui.scan_keys import ENDINGS, key_place
from guidedesk.ui.scan_restore import key_target

_PROPERTY = "gd_guards_keys"
_ACTING = frozenset({Qt.Key.Key_Space, *ENDINGS})
# Two keys of a person may overlap this closely when she types a PIN, three do not.
_MOST_HELD_IN_FIELDS = 2


def guard_keys(widget: QWidget) -> None:
    """Guard a PIN box, or any widget that acts on a single key, and everything inside it."""
    widget.setProperty(_PROPERTY, True)


def _is_button(widget: QWidget) -> bool:
    return isinstance(widget, QAbstractButton | QMenu | QMenuBar)


def is_guarded(widget: QWidget | None) -> bool:
    """Whether keys for this widget are held first. Buttons and menus always are."""
    if widget is not None and _is_button(widget):
        return True
    while widget is not None:
        if widget.property(_PROPERTY):
            return True
        widget = widget.parentWidget()
    return False


class KeyGuard:
    """The keys being held for one widget, in order."""

    def __init__(self) -> None:
        self._target: QWidget | None = None
        self._held: list[QKeyEvent] = []
        self._words: list[tuple[QInputMethodEvent, bool]] = []  # and whether it may be a scanner's key
        self._last_ms = 0
        self.is_delivering = False

    @property
    def is_holding(self) -> bool:
        """Whether any key waits."""
        return bool(self._held)

    @property
    def is_holding_words(self) -> bool:
        """Whether an input method's words wait behind the keys."""
        return bool(self._words)

    def is_due(self, now_ms: int, guard_ms: int) -> bool:
        """Whether the held keys have waited long enough since the last of them."""
        return self.is_holding and now_ms - self._last_ms >= guard_ms

    def hold(self, target: QWidget, event: QKeyEvent, at_ms: int) -> None:
        """Hold a key press for `target`; keys held for another widget are delivered first."""
        if target is not self._target:
            self.deliver()
        self._target = target
        self._held.append(_copy(event))
        self._last_ms = at_ms

    def hold_release(self, event: QKeyEvent) -> bool:
        """Hold a release as well if its press is held; says whether it was."""
        if not any(key_place(press) == key_place(event) for press in self._held):
            return False
        self._held.append(_copy(event))
        return True

    def hold_words(self, event: QInputMethodEvent, *, may_be_scanned: bool = False) -> bool:
        """Hold what an input method sends behind a held key: the key may move the keyboard to where the words belong.
        Says whether it was held."""
        if self.is_holding:
            self._words.append((_copy_of_words(event), may_be_scanned))
        return self.is_holding

    def drop(self) -> None:
        """The keys were a scanner's; words are a person's all the same."""
        self._held.clear()
        self._words = [(words, False) for words, may_be_scanned in self._words if not may_be_scanned]
        self.deliver()

    def deliver(self) -> None:
        """The keys were a person's: hand them on, unless they came too thick for one; then the words behind them."""
        target, held, words = self._target, self._held, self._words
        self._target, self._held, self._words = None, [], []
        if target is None or not isValid(target) or _is_too_thick(target, held):
            target, held = None, []
        self.is_delivering = True
        try:
            for event in held:
                if target is not None and isValid(target):
                    QCoreApplication.sendEvent(target, event)
            for said, _ in words:
                field = key_target()
                if field is not None:
                    QCoreApplication.sendEvent(field, said)
        finally:
            self.is_delivering = False


def _is_too_thick(target: QWidget, held: list[QKeyEvent]) -> bool:
    presses = [event for event in held if event.type() == QEvent.Type.KeyPress]
    if _is_button(target):
        return len(presses) > 1 and any(event.key() in _ACTING for event in presses)
    return len(presses) > _MOST_HELD_IN_FIELDS


def _copy_of_words(event: QInputMethodEvent) -> QInputMethodEvent:
    copy = QInputMethodEvent(event.preeditString(), event.attributes())
    copy.setCommitString(event.commitString(), event.replacementStart(), event.replacementLength())
    return copy


def _copy(event: QKeyEvent) -> QKeyEvent:
    copy = QKeyEvent(
        event.type(),
        event.key(),
        event.modifiers(),
        event.nativeScanCode(),
        event.nativeVirtualKey(),
        event.nativeModifiers(),
        event.text(),
        event.isAutoRepeat(),
        event.count(),
    )
    copy.setTimestamp(event.timestamp())
    return copy
