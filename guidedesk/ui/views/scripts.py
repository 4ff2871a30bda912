"""Scripts (pattern B): a list that narrows while one types, and the words of the chosen one, copied with one key."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QStackedWidget, QWidget

from guidedesk.domain.scripts import FIELDS, Script
from guidedesk.ui import i18n, scripts
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.scripts import ScriptsState
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.tables.rows import LineRow
from guidedesk.ui.task_words import LOOKS
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import TitledCard
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.columns import ColumnsPane, Pane, ScrollColumn
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row, rule
from guidedesk.ui.widgets.listview import ListView
from guidedesk.ui.widgets.rows import LineDelegate
from guidedesk.ui.widgets.states import empty_state

CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("Ctrl Enter", "tasks.act.copy"), KeyCue("F6", "keys.pane"),
    KeyCue("F7", "keys.tasks"), KeyCue("F9", "keys.lock"),
)  # fmt: skip
_STEPS: Final = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class ScriptsPage(Page):
    """`typed(text)`, `chosen(key)`, `copied(words)`, `left()`."""

    typed = Signal(str)
    chosen = Signal(str)
    copied = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state = ScriptsState()
        self._is_filling = False
        self.field = QLineEdit()
        self.field.textEdited.connect(self.typed)
        self.field.installEventFilter(self)
        self.model = RowsModel()
        self.view = ListView(self.model, LineDelegate(), "scripts.title")
        self.view.row_chosen.connect(self._row_chosen)
        self.view.row_opened.connect(self._copy_row)
        back = Button("", size="s", icon="arrow-left").say("back")
        back.clicked.connect(self.left)
        self._list = TitledCard("scripts.title")
        self._list.head.insertWidget(0, back)
        self._none = empty_state("script")
        self._pages = QStackedWidget()
        self._pages.addWidget(self.view)
        self._pages.addWidget(ScrollColumn(self._none))
        self._list.body.put(holder(row(self.field, pad=(2, 4))), rule(), self._pages)
        self._list.body.setStretch(2, 1)
        self.drawer = QFrame()
        self.drawer.setProperty("kind", "card")
        self._title = Label("", "heading", wrap=True)
        self._occasion, self._mode = Chip(), Chip()
        self.words = Label("", "body", wrap=True)
        self._gaps = Label("", "caption", "text3", wrap=True).say("scripts.gaps")
        body = column(self._title, flow(self._occasion, self._mode, gap=2), self.words, self._gaps, None, gap=3, pad=4)
        self.copy = Button("", "primary", icon="copy", key="Ctrl Enter", size="l").say("tasks.act.copy")
        self.copy.clicked.connect(self._copy)
        foot = holder(column(rule(), row(self.copy, None, pad=4), gap=0))
        self.drawer.setLayout(column(ScrollColumn(holder(body)), foot, gap=0))
        self.columns = ColumnsPane(
            Pane(self._list, "scripts.title"), Pane(self.drawer, "scripts.words", "pane_drawer_wide")
        )
        self.body.put(self.columns)
        self.retranslate()

    def render_state(self, state: ScriptsState) -> None:
        """The list and the words."""
        self._state = state
        found, chosen = state.found, state.chosen
        if self.field.text() != state.text and not self.field.hasFocus():
            self.field.setText(state.text)
        self._is_filling = True
        self.model.set_rows([self._row(one) for one in found])
        if chosen is not None:
            self.view.choose(chosen.key)
        self._is_filling = False
        self._pages.setCurrentIndex(0 if found else 1)
        self._none.show_text(t("log.scripts_none"), t("tasks.empty_filter_text"))
        self.drawer.setVisible(chosen is not None or self.columns.is_tabbed)
        self.copy.allow(chosen is not None, t("tasks.none_chosen"))
        if chosen is None:
            return
        look, tone = LOOKS.get(chosen.occasion, ("segments", "violet"))
        self._title.set_text(untrusted(chosen.title(i18n.language()), 40))
        self._occasion.show_state(t(f"scripts.occasion.{chosen.occasion}"), tone, look)
        self._mode.show_state(t(f"tasks.mode.{chosen.mode}"), "neutral")
        self.words.set_text(self._said(chosen))

    def _said(self, one: Script) -> str:
        """What is known filled in; what only the member tells, as a gap with a name."""
        state, lang = self._state, i18n.language()
        known = {name: t(f"scripts.slot.{name}") for name in FIELDS}
        known |= {
            name: untrusted(value.pick(lang), 40)
            for name, value in (("associate", state.speaker), ("store", state.store), ("brand", state.brand))
            if value.pick(lang)
        }
        return scripts.said(one, known)

    def _row(self, one: Script) -> LineRow:
        icon, tone = LOOKS.get(one.occasion, ("segments", "violet"))
        return LineRow(one.key, icon, tone, untrusted(one.title(i18n.language()), 40), untrusted(self._said(one), 120))

    def retranslate(self) -> None:
        self.field.setPlaceholderText(t("scripts.search"))
        self.field.setAccessibleName(t("scripts.search"))
        self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        return self.field

    def panes(self) -> list[QWidget]:
        return [self._list, self.drawer]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name != "main_action":
            return False
        self._copy()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The arrows move over the list while the words stay in the field.
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = _STEPS.get(Qt.Key(event.key()))
            if step is not None:
                self.view.step(step)
                return True
        return super().eventFilter(watched, event)

    def _row_chosen(self, key: str) -> None:
        if not self._is_filling:
            self.chosen.emit(key)

    def _copy_row(self, _key: str) -> None:
        self._copy()

    def _copy(self) -> None:
        if self._state.chosen is not None:
            self.copied.emit(self.words.text())
