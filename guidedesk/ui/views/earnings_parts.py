"""The cards of the earnings screen: month, sums, news, and the list of lines."""

from __future__ import annotations

from datetime import date
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from guidedesk.domain.errors import TransportError
from guidedesk.services.earnings import Earnings, Figure
from guidedesk.ui import earnings_words as words
from guidedesk.ui import formats, i18n, messages
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.earnings import FILTERS, EarningsState, passes
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import KeyHint
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import SearchField
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_RIGHT, column, holder, row, rule
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.states import Skeleton, StaleChip, empty_state, error_state, no_permission_state

LOW: Final = QSizePolicy.Policy.Maximum
SUMS: Final = ("confirmed", "provisional", "clawed_back", "expected")
DOTS: Final = {"confirmed": "success", "provisional": "warning", "clawed_back": "danger", "disputed": "violet"}


class MonthHead(QWidget):
    """Title, the month with its arrows, what comes next, as-of, export: `stepped(by)`, `exported`."""

    stepped = Signal(str)
    exported = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._title = Label("", "title").say("earn.title")
        self.before, self.after = icon_button("chevron-left", "earn.before"), icon_button("chevron-right", "earn.after")
        self._month = Label("", "body_strong", lines=1)
        self._month.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._note = Label("", "caption", "text3", lines=1)
        self._brief = Label("", "label", "text2", lines=1, align=ALIGN_RIGHT)
        self.stale = StaleChip()
        self.stale.hide()
        self.export = Button("", icon="download", key="Ctrl E").say("earn.export")
        self.before.clicked.connect(self._back)
        self.after.clicked.connect(self._forward)
        self.export.clicked.connect(self.exported)
        months = row(self.before, self._month, self.after, gap=1)
        line = row(self._title, holder(months), self.stale, self._note, self._brief, self.export, gap=3)
        line.setStretch(3, 1)
        line.setStretch(4, 1)
        self.setLayout(line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, LOW)

    def render_state(self, state: EarningsState, today: date, *, compact: bool) -> None:
        """The month, its state, and whether the figures are of this moment."""
        data = state.data
        self._title.setVisible(not compact)
        self.export.setVisible(not compact)
        self._note.setVisible(not compact)
        self._brief.setVisible(compact and data is not None)
        has_lines = data is not None and bool(data.lines)
        self.export.allow(has_lines, t("earn.export_nothing"))
        for button, by in ((self.before, -1), (self.after, 1)):
            button.allow(state.step(by) is not None, t("earn.no_month"))
        self.stale.show_time(formats.time_text(data.as_of_ms) if data is not None and state.source.is_old else "")
        if data is None:
            self._month.set_text(words.period_text(state.period) if state.period else "")
            self._note.set_text("")
            return
        self._month.set_text(f"{words.period_text(data.period)} · {t(f'earn.period.{data.state}')}")
        self._note.set_text(words.month_note(data, today))
        self._brief.set_text(words.brief_text(data))

    def _back(self) -> None:
        self.stepped.emit("-1")

    def _forward(self) -> None:
        self.stepped.emit("1")


class _Sum(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._dot = Label("●", "caption", DOTS.get(name, "text3"))
        if name not in DOTS:
            self._dot.hide()
        self._dot.setAccessibleName(" ")
        self._label = Label("", "label", "text2", lines=1).say(f"earn.sums.{name}")
        self._value = Label("", "title", lines=1)
        self._note = Label("", "caption", "text3", lines=1)
        head = row(self._dot, self._label, gap=1)
        head.setStretch(1, 1)
        self.setLayout(column(head, self._value, self._note, gap=0))

    def show_figure(self, figure: Figure, currency: str, note: str) -> None:
        self._value.set_text(formats.money(figure.amount_minor, currency))
        self._value.setAccessibleName(formats.money_spoken(figure.amount_minor, self._label.text(), currency))
        self._note.set_text(note)


class SumsCard(Card):
    """Confirmed, provisional, clawed back, and the month as it stands."""

    def __init__(self) -> None:
        super().__init__(pad=0)
        self._sums = {name: _Sum(name) for name in SUMS}
        line = row(gap=4, pad=(3, 5))
        for number, part in enumerate(self._sums.values()):
            if number:
                line.put(rule(vertical=True))
            line.put(part)
            line.setStretch(line.count() - 1, 1)
        self._carry = Label("", "caption", "danger", wrap=True)
        self._carry_line = holder(column(rule(), row(self._carry, pad=(2, 5)), gap=0))
        self.body.put(line, self._carry_line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, LOW)

    def show_month(self, data: Earnings, today: date) -> None:
        """Fill it in; a negative month says what happens next."""
        totals = data.totals
        for name, part in self._sums.items():
            figure: Figure = getattr(totals, name)
            note = t("earn.note.as_of", time=formats.time_text(data.as_of_ms)) if name == "expected" else ""
            part.show_figure(figure, data.currency, note or words.figure_note(name, figure, today))
        carry = words.carry_text(data)
        self._carry.set_text(carry)
        self._carry_line.setVisible(bool(carry))


class NewsCard(Card):
    """What asks for a look: figures that changed, windows about to end, what waits to be sent, "why not me"."""

    panel_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__(pad=0)
        self.changes = Button("", "link", icon="bell", size="s")
        self.expiring = Button("", "link", icon="clock", size="s")
        self.why_not = Button("", "link", icon="help", size="s").say("earn.why_not.open")
        self._waiting = Label("", "caption", "text2", lines=1)
        self._line = flow(self.changes, self.expiring, self.why_not, self._waiting, gap=3)
        self.body.put(holder(row(self._line, pad=(1, 3))))
        for name in ("changes", "expiring", "why_not"):
            getattr(self, name).clicked.connect(getattr(self, f"_open_{name}"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, LOW)

    def render_state(self, state: EarningsState) -> None:
        """Counts; what there is nothing of is left out."""
        data = state.feed.data
        changes, expiring = (len(data.changes), len(data.expiring)) if data is not None else (0, 0)
        self.changes.set_text(t("earn.news.changes", n=changes))
        self.changes.setVisible(changes > 0)
        self.expiring.set_text(t("earn.news.expiring", n=expiring))
        self.expiring.setVisible(expiring > 0)
        waiting = state.feed.waiting
        self._waiting.set_text(t("earn.news.waiting", n=waiting) if waiting else "")
        self._waiting.setVisible(waiting > 0)

    def _open_changes(self) -> None:
        self.panel_wanted.emit("changes")

    def _open_expiring(self) -> None:
        self.panel_wanted.emit("expiring")

    def _open_why_not(self) -> None:
        self.panel_wanted.emit("why_not")


class LinesCard(Card):
    """The lines with their filters: `filtered(name)`, `text_typed`, `chosen(id)`, `opened(id)`, `loosened` for all
    of them, `retried`."""

    filtered = Signal(str)
    text_typed = Signal(str)
    chosen = Signal(str)
    opened = Signal(str)
    loosened = Signal()
    retried = Signal()

    def __init__(self) -> None:
        super().__init__(pad=0, gap=0)
        self.tabs = ChoiceGroup("earn.filter", style="tab", breaks=True)
        self.search = SearchField("earn.find", "earn.find_short")
        self._top = row(self.tabs, None, self.search, gap=2)
        self.model = RowsModel(words.columns(), words.cells)
        self.table = TableView(self.model, "earn.list", row_metric="row_agenda_short")
        self.table.fold(2, 3, 0)
        self._empty, self._error, self._locked = empty_state("yuan"), error_state(), no_permission_state()
        self._loading = ScrollColumn(Skeleton())
        self._pages = QStackedWidget()
        for page in (self.table, self._empty, self._error, self._locked, self._loading):
            self._pages.addWidget(page)
        self._foot_words = Label("", "caption", "text2", lines=1).say("earn.foot")
        keys = row(KeyHint("Enter"), Label("", "caption", "text3").say("earn.key.why"), KeyHint("Alt D"),
                   Label("", "caption", "text3").say("earn.key.dispute"), gap=1)
        self._keys = holder(keys)
        foot = row(self._foot_words, self._keys, gap=3, pad=(2, 4))
        foot.setStretch(0, 1)
        self.foot = holder(column(rule(), foot, gap=0))
        self.body.put(holder(row(self._top, pad=(2, 4))), rule(), self._pages, self.foot)
        self.body.setStretch(2, 1)
        self._drawn: object = None
        self.tabs.chosen.connect(self.filtered)
        self.search.edited.connect(self.text_typed)
        self.search.stepped.connect(self._to_table)
        self.table.row_chosen.connect(self.chosen)
        self.table.row_opened.connect(self.opened)
        self._empty.acted.connect(self.loosened)
        self._error.acted.connect(self.retried)

    def render_state(self, state: EarningsState, today: date, *, compact: bool) -> None:
        """Rows, or the state that stands in their place."""
        data, lines = state.data, state.lines
        known = data.lines if data is not None else ()
        self.tabs.show_choices(
            [Choice(name, t("earn.all") if not name else t(words.STATE_KEYS[name]),
                    icon="" if compact or not name else words.STATE_ICONS[name],
                    count=formats.count(sum(passes(line, name) for line in known))) for name in FILTERS],
            state.filter,
        )  # fmt: skip
        self.search.set_text(state.text)
        self.search.setVisible(not compact)
        self.search.set_width(look().m.pane_left * 5 // 8)
        self.foot.setVisible(not compact)
        people = data.people if data is not None else ()
        drawn = (lines, people, today, i18n.language())
        if drawn != self._drawn:
            self._drawn = drawn
            self.model.set_columns(words.columns())
            was_blocked = self.table.blockSignals(True)
            self.model.set_rows([words.LineRow(line.id, line, people, today) for line in lines])
            self.table.blockSignals(was_blocked)
        if state.line is not None and self.table.chosen_id() != state.line.id:
            was_blocked = self.table.blockSignals(True)
            self.table.choose(state.line.id)
            self.table.blockSignals(was_blocked)
        self._pages.setCurrentWidget(self._page(state))

    def _page(self, state: EarningsState) -> QWidget:
        source, data = state.source, state.data
        if source.is_forbidden or state.feed.is_forbidden:
            self._locked.show_text(t("earn.forbidden"), t("earn.forbidden_text"))
            return self._locked
        if data is not None and state.lines:
            return self.table
        if data is not None:
            filtered = bool(data.lines)
            key = "earn.empty_filter" if filtered else "earn.empty"
            self._empty.show_text(t(key), t(f"{key}_text"), (t("earn.show_all"),) if filtered else ())
            return self._empty
        if source.problem is not None or state.feed.is_offline:
            if source.problem is None or isinstance(source.problem, TransportError) or state.feed.is_offline:
                detail = t("earn.error_offline")
            else:
                detail = messages.message_for(source.problem).text
            self._error.show_text(t("earn.error"), detail, (t("earn.try_again"),))
            return self._error
        return self._loading

    def _to_table(self, _rows: int) -> None:
        if self.model.rowCount():
            self.table.setFocus()
