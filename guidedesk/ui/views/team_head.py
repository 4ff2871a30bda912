"""The head of the Team board: period, what is compared, which stores, and the ways out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from guidedesk.domain.team_figures import PERIODS
from guidedesk.ui import formats
from guidedesk.ui import team_words as words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.team import TeamState
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import holder, row
from guidedesk.ui.widgets.states import StaleChip


class TeamHead(QWidget):
    """`period_chosen(name)`, `area_chosen(bool)`, `tables_switched`, `exported`, `note_wanted`, `meaning_wanted`."""

    period_chosen = Signal(str)
    area_chosen = Signal(bool)
    tables_switched = Signal()
    exported = Signal()
    note_wanted = Signal()
    meaning_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._title = Label("", "title").say("team.title")
        self.periods = ChoiceGroup("team.periods", style="segment")
        self.places = ChoiceGroup("team.place", style="segment")
        self._against = Label("", "caption", "text3", lines=2)
        self._against.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.stale = StaleChip()
        self.meaning = icon_button("info", "team.define")
        self.tables = icon_button("queue", "team.table_on")
        self.export = Button("", icon="download", key="Ctrl E").say("team.export")
        self.note = Button("", "primary", icon="receipt").say("team.note")
        ways = row(self.places, self.stale, self._against, self.meaning, self.tables, self.export, self.note, gap=2)
        ways.setStretch(2, 1)
        ways.addStretch(0)  # takes the rest only while nothing is compared
        self._line = row(holder(row(self._title, self.periods, gap=2)), holder(ways), gap=2)
        self._line.setStretch(1, 1)
        self.setLayout(self._line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.periods.chosen.connect(self.period_chosen)
        self.places.chosen.connect(self._place_chosen)
        self.meaning.clicked.connect(self.meaning_wanted)
        self.tables.clicked.connect(self.tables_switched)
        self.export.clicked.connect(self.exported)
        self.note.clicked.connect(self.note_wanted)

    def render_state(self, state: TeamState, *, compact: bool) -> None:
        """What is on show, and whether it is of this moment."""
        board, shown = state.board, state.shown
        self._title.setVisible(not compact)
        self.export.setVisible(not compact)
        self.periods.show_choices([Choice(name, words.period_title(name, board)) for name in PERIODS], state.period)
        self.periods.setVisible(board is not None)
        self.places.setVisible(state.can_area)
        self.places.show_choices(
            [Choice("store", t("team.place_store")), Choice("area", t("team.place_area"))],
            "area" if state.is_area else "store",
        )
        time = "" if board is None else formats.time_text(board.as_of_ms)
        self.stale.show_time(time if state.is_old else "")
        as_of = t("team.as_of", time=time)
        against = "" if shown is None else words.against_text(shown)
        said = f"{against} · {as_of}" if against and not state.is_old else against
        self._against.set_text("" if compact else said)
        # Large text leaves room for less: what a key does as well goes first.
        is_full = compact and (state.can_area or state.is_old)
        self._against.setVisible(not is_full)
        self.meaning.setVisible(not is_full)
        self.tables.setVisible(not is_full)
        self.note.setVisible(not (compact and state.can_area))
        has_figures = board is not None and not state.is_empty
        self.export.allow(has_figures, t("team.export_nothing"))
        self.note.allow(has_figures, t("team.note_nothing"))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Longer words than ours: first the ways out show their icons only, then there are two lines."""
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        for is_bare, direction in ((False, across), (True, across), (False, down), (True, down)):
            for button in (self.export, self.note):
                button.show_key(not is_bare)
                button.set_bare(is_bare)
            self._line.setDirection(direction)
            if self.minimumSizeHint().width() <= self.width():
                return

    def _place_chosen(self, value: str) -> None:
        self.area_chosen.emit(value == "area")
