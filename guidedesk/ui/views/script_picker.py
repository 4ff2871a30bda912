"""Scripts found while `/words` is typed into a note: arrows choose, Enter puts the words in, Esc leaves them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QWidget

from guidedesk.domain.scripts import OCCASIONS, Script, matching, wanted_script, without_wanted
from guidedesk.ui import i18n, scripts
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.tables.rows import LineRow
from guidedesk.ui.task_words import LOOKS, NO_LOOK
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.fields import NoteField
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, row
from guidedesk.ui.widgets.listview import ListView
from guidedesk.ui.widgets.rows import LineDelegate

SHOWN: Final = 2
_STEPS: Final = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ScriptList(ListView):
    """As high as two rows."""

    def sizeHint(self) -> QSize:
        return QSize(look().m.pane_min, SHOWN * look().m.row_timeline)

    def minimumSizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, look().m.row_timeline)


class ScriptPicker(QWidget):
    """Below the note it watches. `opened(is_open)` when it comes or goes."""

    opened = Signal(bool)

    def __init__(self, note: NoteField) -> None:
        super().__init__()
        self._note = note
        self._known: Mapping[str, str] = {}
        self._own: tuple[Script, ...] = ()
        self._first = ""
        self._left_at = ""  # what stood before the caret when it was left: the same words do not bring it back
        self._found: dict[str, Script] = {}
        self._model = RowsModel()
        self.view = ScriptList(self._model, LineDelegate(), "log.scripts")
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keyboard stays in the note
        self.view.row_opened.connect(self._insert)
        self.view.clicked.connect(self._clicked)
        self._none = Label("", "label", "text2").say("log.scripts_none")
        head = row(
            Label("", "body_strong", "text2").say("log.scripts"), None,
            Label("", "caption", "text3").say("log.scripts_keys"), gap=2,
        )  # fmt: skip
        self.setLayout(column(head, self.view, self._none, gap=2))
        note.installEventFilter(self)
        note.edited.connect(self._look)
        note.cursorPositionChanged.connect(self._look)

    def know(self, known: Mapping[str, str], own: tuple[Script, ...], first: str) -> None:
        """What fills the scripts in, the chain's own, and the occasion whose scripts stand first."""
        self._known, self._own, self._first = known, own, first

    def close_list(self) -> None:
        """Leave it: what was typed stays as it is."""
        self._left_at = self._before()
        self._show(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_key = event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent)
        if watched is self._note and is_key and isinstance(event, QKeyEvent) and not self.isHidden():
            key = Qt.Key(event.key())
            if key in _STEPS:
                self.view.step(_STEPS[key])
                return True
            if key in _ENTER and not event.modifiers() and self.view.chosen_id():
                self._insert(self.view.chosen_id())
                return True
        return super().eventFilter(watched, event)

    def _before(self) -> str:
        caret = self._note.textCursor()
        return self._note.toPlainText()[: caret.position()] if not caret.hasSelection() else ""

    def _look(self, _text: str = "") -> None:
        before = self._before()
        words = wanted_script(before) if self._note.hasFocus() else None
        if words is None or before == self._left_at:
            self._show(False)
            return
        self._left_at = ""
        self.offer(words)

    def offer(self, words: str) -> None:
        """Show the scripts that have these words in them."""
        names = {occasion: t(f"tasks.section.{occasion}") for occasion in OCCASIONS if occasion != "manager"}
        every = scripts.all_scripts(self._own, self._known)
        found = matching(every, words, names, i18n.language())
        found.sort(key=lambda one: one.occasion != self._first)
        self._found = {one.key: one for one in found}
        self._model.set_rows([self._row(one) for one in found])
        self.view.setVisible(bool(found))
        self._none.setVisible(not found)
        if found:
            self.view.choose(found[0].key)
        self._show(True)

    def _row(self, one: Script) -> LineRow:
        icon, tone = LOOKS.get(one.occasion, NO_LOOK)
        title = untrusted(one.title(i18n.language()), 40)
        return LineRow(one.key, icon, tone, title, untrusted(scripts.said(one, self._known), 120))

    def _clicked(self, _index: object) -> None:
        self._insert(self.view.chosen_id())

    def _insert(self, key: str) -> None:
        one = self._found.get(key)
        if one is None:
            return
        caret = self._note.textCursor()
        before = self._before()
        typed = len(before) - len(without_wanted(before))
        caret.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, typed)
        self._show(False)
        caret.insertText(scripts.said(one, self._known))
        self._note.setTextCursor(caret)

    def _show(self, is_open: bool) -> None:
        if is_open == self.isHidden():
            self.setVisible(is_open)
            self.opened.emit(is_open)
