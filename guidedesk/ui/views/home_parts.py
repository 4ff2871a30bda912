"""The cards of the counter home."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QSizePolicy, QStackedWidget, QWidget

from guidedesk.ui import formats, i18n
from guidedesk.ui.presenters.home import HomeState
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.theme import look
from guidedesk.ui.views import home_words
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card, TitledCard
from guidedesk.ui.widgets.charts import BarChart
from guidedesk.ui.widgets.chips import Chip, IconLabel, KeyHint
from guidedesk.ui.widgets.choices import ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.facts import FactLines, Figures
from guidedesk.ui.widgets.fitting import FittingButtons, FittingRow
from guidedesk.ui.widgets.labels import Label, person_name
from guidedesk.ui.widgets.layouts import column, holder, row, rule
from guidedesk.ui.widgets.listview import ListView
from guidedesk.ui.widgets.queue_rows import QueueDelegate
from guidedesk.ui.widgets.rows import AgendaDelegate
from guidedesk.ui.widgets.scan_figure import ScanFigure
from guidedesk.ui.widgets.states import empty_state

SHORT_FACTS: Final = 2


class ScanCard(QFrame):
    """Scanner state, last scan, two ways to begin without a scanner."""

    new_member_wanted = Signal()
    search_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._figure = ScanFigure()
        self._last = Label("", "caption", "text3", lines=1)
        self._hint = Label("", "body", "text2", wrap=True).say("home.scan_hint")
        ready = Chip("", "success", icon="scanner").say("home.scanner_ready")
        state = row(ready, self._last, gap=2)
        state.setStretch(1, 1)
        self._state = holder(state)
        self.new_member = Button("", "primary", icon="user-plus", key="Ctrl N").say("home.new_member")
        self._search = Button("", icon="search", key="F2").say("home.look_up")
        self.new_member.clicked.connect(self.new_member_wanted)
        self._search.clicked.connect(self.search_wanted)
        words = column(None, self._state, Label("", "hero").say("home.ready"), self._hint, None, gap=1)
        self._ways = FittingButtons(self.new_member, self._search, align="left")
        self._words = column(words, self._ways, None, gap=2, pad=(2, 0, 2, 0))
        self._line = row(self._figure, self._words, gap=6)
        self._line.setStretch(1, 1)
        self.setLayout(self._line)
        self._is_small = self._has_banner = False
        look().restyled.connect(self._pad)

    def render_state(self, state: HomeState, *, small: bool) -> None:
        """`small` drops picture and hint where the room is needed for people."""
        scan = state.data.last_scan if state.data else None
        if scan is None:
            self._last.set_text(i18n.t("home.no_scan"))
        else:
            is_today = formats.local_day(scan.at_ms) == formats.local_day(state.now_ms)
            time = formats.time_text(scan.at_ms) if is_today else formats.moment_text(scan.at_ms, state.now_ms)
            name = person_name(scan.member_name)
            self._last.set_text(i18n.t("home.last_scan", time=time, name=name))
        self._figure.setVisible(not small)
        self._state.setVisible(not small)
        self._hint.setVisible(not small and not state.has_banner)
        self._is_small, self._has_banner = small, state.has_banner
        across_or_down = QBoxLayout.Direction.LeftToRight if small else QBoxLayout.Direction.TopToBottom
        self._words.setDirection(across_or_down)
        self._pad()

    def _pad(self) -> None:
        m, space = look().m, look().tokens.space
        across, down = (space(4), space(1)) if self._is_small else (space(6), space(3))
        self._line.setContentsMargins(across, down, across, down)
        self._words.setSpacing(space(4) if self._is_small else space(2))
        self.setMinimumHeight(0 if self._is_small else m.scan_card_h - (m.button_h if self._has_banner else 0))


class AgendaCard(TitledCard):
    """People to contact, filtered by reason. Ids are those of the follow-ups; `changed(id)` to hand one over or
    cancel it."""

    filtered = Signal(str)
    opened = Signal(str)
    ticked = Signal(str)
    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__("home.agenda")
        self.tabs = ChoiceGroup("home.filter", style="tab", breaks=True)
        self._own_line = row(None, gap=0, pad=(1, 3, 1, 3))
        self._tab_row = holder(self._own_line)
        self._tab_row.hide()
        self.head.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignVCenter)
        self._is_compact = False
        self._model = RowsModel()
        self._delegate = AgendaDelegate()
        self.list = ListView(self._model, self._delegate, "home.list")
        self._empty = empty_state("tasks")
        self._pages = QStackedWidget()
        self._pages.addWidget(self.list)
        self._pages.addWidget(ScrollColumn(self._empty))
        self.body.put(self._tab_row, self._pages)
        self.body.setStretch(1, 1)
        self._done = Label("", "caption", "text3", lines=1)
        self._space = KeyHint("")
        keys = (((KeyHint("↑"), KeyHint("↓")), "keys.move"), ((KeyHint("Enter"),), "keys.open"),
                ((self._space,), "keys.done"))
        hints = FittingRow(*((*caps, Label("", "caption", "text3").say(word)) for caps, word in keys), gap=1)
        self.change = Button("", "link", size="s", key="Del").say("follow_up.more")
        self.change.clicked.connect(self._change_chosen)
        self._key_row = holder(row(hints, self.change, gap=1))
        foot = row(self._done, self._key_row, gap=2, pad=(2, 4, 2, 4))
        foot.setStretch(0, 1)
        self._foot = holder(column(rule(), foot, gap=0))
        self.body.put(self._foot)
        self.tabs.chosen.connect(self.filtered)
        self.list.row_opened.connect(self.opened)
        self.list.action_chosen.connect(self.opened)
        self.list.row_ticked.connect(self.ticked)
        self.list.row_removed.connect(self.changed)
        self.list.row_chosen.connect(self._allow_change)
        self._empty.acted.connect(self._show_all)

    def render_state(self, state: HomeState, *, compact: bool, short: bool) -> None:
        """Rows, counts, or the empty state."""
        self._space.set_text(i18n.t("home.key_done"))
        self.set_note("" if compact else formats.weekday_date(formats.local_day(state.now_ms)))
        self.tabs.show_choices(home_words.filters(state), state.reason)
        self.tabs.setVisible(bool(state.data and state.data.agenda.items))
        self._foot.setVisible(not compact)
        self._is_compact = compact
        self._fit_head()
        height = "row_agenda_short" if short else "row_agenda"
        if height != self._delegate.height_metric:
            self._delegate.height_metric = height
            self.list.doItemsLayout()
        today = formats.local_day(state.now_ms)
        self._model.set_rows([home_words.agenda_row(item, today) for item in state.items])
        agenda = state.data.agenda if state.data else None
        is_some = agenda is not None and agenda.total > 0
        self._done.set_text(i18n.t("home.done_of", done=agenda.done, total=agenda.total) if agenda and is_some else "")
        self._key_row.setVisible(is_some)
        self._allow_change()
        self._pages.setCurrentIndex(0 if state.items or state.data is None else 1)
        if state.reason:
            words = (i18n.t("home.empty_filter"), i18n.t("home.empty_filter_detail"))
            self._empty.show_text(*words, (i18n.t("home.show_all"),))
        else:
            is_loading = state.status is not None and state.status.is_first_load
            word = "home.loading" if is_loading else "home.empty"
            self._empty.show_text(i18n.t(word), i18n.t(f"{word}_detail"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Where title and tabs do not fit beside each other, the tabs get a line of their own.
        both = self.title.sizeHint().width() + self.tabs.sizeHint().width() + look().tokens.space(3)
        is_wide = self.width() >= max(look().m.agenda_wide, both + 2 * look().m.card_pad)
        if is_wide == self._tab_row.isHidden():
            return
        # In the middle of the line, level with the title.
        middle = Qt.AlignmentFlag.AlignVCenter
        (self.head if is_wide else self._own_line).insertWidget(-1 if is_wide else 0, self.tabs, 0, middle)
        self._tab_row.setHidden(is_wide)
        self._fit_head()

    def _fit_head(self) -> None:
        # The tab of the column says the same where there is no room for a title of its own.
        self._head.setVisible(not self._is_compact or self._tab_row.isHidden())

    def _show_all(self, _number: int) -> None:
        self.filtered.emit("")

    def _allow_change(self, _follow_up_id: str = "") -> None:
        self.change.allow(bool(self.list.chosen_id()), i18n.t("follow_up.choose_row"))

    def _change_chosen(self) -> None:
        if self.list.chosen_id():
            self.changed.emit(self.list.chosen_id())


class ShiftCard(Card):
    """Counts of today and the hours."""

    def __init__(self) -> None:
        super().__init__(gap=3)
        self._note = Label("", "caption", "text3", lines=1)
        head = row(Label("", "body_strong").say("home.shift"), None, self._note, gap=3)
        self._figures = Figures(3)
        self.chart = BarChart()
        self.body.put(head, self._figures, self.chart)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def render_state(self, state: HomeState, *, short: bool) -> None:
        """The chart folds away in a low window."""
        if state.data is None:
            return
        shift, now = state.data.shift, formats.local(state.now_ms)
        day = formats.weekday_word(now.date())
        self._note.set_text(i18n.t("home.shift_note", day=day))
        self._figures.show_figures((
            (i18n.t("home.visits"), formats.count(shift.visits)),
            (i18n.t("home.new_members"), formats.count(shift.new_members)),
            (i18n.t("home.interactions"), formats.count(shift.interactions)),
        ))
        spoken = i18n.t("home.shift_chart", n=shift.visits, usual=sum(shift.usual_hourly))
        self.chart.show_columns(home_words.shift_columns(shift, now.hour), spoken)
        self.chart.setVisible(not short)


class QueueCard(TitledCard):
    """What waits on this PC; when nothing does, what was recorded last."""

    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._count = Label("", "caption", "text3")
        self.aside(self._count)
        self._model = RowsModel()
        self.list = ListView(self._model, QueueDelegate(), "home.waiting_list")
        self._empty = Label("", "caption", "text2", wrap=True).say("home.recent_empty")
        self._nothing = holder(column(self._empty, None, pad=4))
        self._sent = Label("", "label", "text2", wrap=True).say("home.all_sent")
        self.body.put(self.list, self._nothing)
        self.foot(IconLabel("cloud-check", "text2", "iconSmall"), self._sent).setStretch(1, 1)
        self.list.row_opened.connect(self._open)

    def render_state(self, state: HomeState) -> None:
        """Waiting ones in order of newest first."""
        waiting = state.status.waiting if state.status else 0
        self.title.set_text(i18n.t("home.waiting" if waiting else "home.recent"))
        self._count.set_text(formats.count(waiting) if waiting else "")
        self._model.set_rows([home_words.queue_row(operation) for operation in state.recent])
        self.list.setVisible(bool(state.recent))
        self._nothing.setVisible(not state.recent)
        self._sent.set_text(i18n.t("sync.foot_offline" if waiting or state.is_offline else "home.all_sent"))

    def _open(self, _op_id: str) -> None:
        self.opened.emit()


class NetworkCard(Card):
    """While offline: last contact, next try, how long it may go on."""

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._facts = FactLines()
        self.body.put(Label("", "body_strong").say("home.network"), self._facts)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def render_state(self, state: HomeState, *, short: bool) -> None:
        """Only shown while there is no contact; in a `short` window with what presses most."""
        self.setVisible(state.is_offline)
        if state.status is not None:
            facts = home_words.network_facts(state.status)
            self._facts.show_facts(facts[-SHORT_FACTS:] if short else facts)


def stack(*cards: QWidget) -> QWidget:
    """Cards below each other; the last takes the rest."""
    box = column(*cards, gap=3)
    box.setStretch(len(cards) - 1, 1)
    return holder(box)
