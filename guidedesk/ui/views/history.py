"""Purchase history (mockup 04): sums, filters, a table of all purchases, and the receipt of the chosen one."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from guidedesk.services.history_models import HistoryHead
from guidedesk.services.queries.history import Ref
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.history import PERIODS, HistoryState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.tables.history import HistoryModel, LoadRefs, columns, ref_of, row_key
from guidedesk.ui.theme import look
from guidedesk.ui.theme.metrics import TARGET
from guidedesk.ui.views import history_words as words
from guidedesk.ui.views.member_words import TIER_ICONS, TIER_TONES
from guidedesk.ui.views.receipt import ReceiptDrawer
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import Chip, KeyHint
from guidedesk.ui.widgets.choices import Choice
from guidedesk.ui.widgets.columns import ColumnsPane, Pane
from guidedesk.ui.widgets.fields import SearchField
from guidedesk.ui.widgets.filters import FilterButton, FilterToggle
from guidedesk.ui.widgets.fitting import FittingButtons
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label, person_name, untrusted
from guidedesk.ui.widgets.layouts import ALIGN_RIGHT, column, holder, row, rule
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.states import empty_state

ALL: Final = ""
CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("Ctrl F", "history.key.filter_list"), KeyCue("F4", "keys.log"),
    KeyCue("Ctrl E", "export.open"), KeyCue("F5", "keys.sync"), KeyCue("F6", "keys.pane"), KeyCue("F9", "keys.lock"),
)  # fmt: skip


class SumsCard(Card):
    """Six figures over all purchases of this member."""

    def __init__(self) -> None:
        super().__init__(pad=0)
        self._cells: list[tuple[Label, Label, Label]] = []
        line = row(gap=4, pad=(3, 5))
        keys = ("lifetime", "orders", "average", "return_rate", "interval", "favourites")
        for number, key in enumerate(keys):
            if number:
                line.put(rule(vertical=True))
            title = Label("", "caption", "text3", lines=1).say(f"history.{key}")
            value, note = Label("", "heading", lines=1), Label("", "caption", "text3", lines=1)
            self._cells.append((title, value, note))
            line.put(column(title, value, note, gap=0))
            line.setStretch(line.count() - 1, 1)
        self.body.put(line)

    def show_head(self, head: HistoryHead, now_ms: int) -> None:
        """Fill it in; without sums on a colleague's member."""
        totals, interval = head.lifetime, head.usual_interval_days
        spent = (words.sums_text(totals, is_short=True), words.sums_note(totals))
        average = (words.average_text(totals), t("history.average_note"))
        hidden = (t("history.no_amount"), t("history.hidden_note"))
        values = (
            hidden if head.owner.hides_amounts else spent,
            (formats.count(totals.orders),
             t("history.orders_note", store=totals.store_orders, online=totals.online_orders)),
            hidden if head.owner.hides_amounts else average,
            (formats.percent(totals.returned_orders, totals.orders),
             t("history.return_note", n=totals.returned_orders, total=totals.orders)),
            (t("history.interval_days", n=interval) if interval else t("history.interval_none"),
             words.last_text(totals, now_ms)),
            (words.favourites_text(head) or "—", ""),
        )  # fmt: skip
        for (_, value, note), (big, small) in zip(self._cells, values, strict=True):
            value.set_text(big)
            note.set_text(small)


class HistoryPage(Page):
    """`text_typed`, `months_chosen` (empty is all time), `channel_chosen`, `category_chosen`, `returns_switched(bool)`,
    `loosened`, `order_chosen((scope, id))`, `return_started`, `export_started`, `why_asked`, `left`, `log_started`,
    `returned(id)` when Back leads here again. `load` reads a page of rows by key."""

    text_typed = Signal(str)
    months_chosen = Signal(str)
    channel_chosen = Signal(str)
    category_chosen = Signal(str)
    returns_switched = Signal(bool)
    loosened = Signal()
    order_chosen = Signal(object)
    return_started = Signal()
    export_started = Signal()
    why_asked = Signal()
    left = Signal()
    log_started = Signal()
    returned = Signal(str)

    def __init__(self, load: LoadRefs) -> None:
        super().__init__()
        self._state: HistoryState | None = None
        self._back = icon_button("arrow-left", "back")
        self._avatar, self._name, self._tier = Avatar("", "m"), Label("", "title", lines=1), Chip()
        self._what = Label("", "body", "text3", lines=1).say("history.title")
        self.whose = Chip()
        self.whose.hide()
        self.giving_back = Button("", "primary", icon="return", key="Alt R").say("history.return")
        self.giving_back.hide()  # until a window can take a return
        self._offers_returns = False
        self._shown: object = None
        self._rows: object = None
        self.export = Button("", icon="download", key="Ctrl E").say("export.open")
        self.sums = SumsCard()
        self.search_field = SearchField("history.find", "history.find_short")
        self.period, self.channel = FilterButton("history.period"), FilterButton("history.channel")
        self.category, self.returns = FilterButton("history.category"), FilterToggle("history.with_returns")
        for choice in (self.channel, self.category, self.returns):
            choice.hide()  # until it is known what there is to choose from
        self._count = Label("", "caption", "text3", align=ALIGN_RIGHT)
        self._net = Label("", "caption", "text2", align=ALIGN_RIGHT)
        self.model = HistoryModel(load)
        self.table = TableView(self.model, "history.title")
        self.table.fold(6, 2, 3, 5)
        self._none = empty_state("filter")
        self._none.setMinimumHeight(TARGET)  # it scrolls; the filters above must stay whole
        self._footer = Label("", "caption", "text2", lines=1)
        self.drawer = ReceiptDrawer()
        self.columns = ColumnsPane(
            Pane(self._list_card(), "history.orders"), Pane(self.drawer, "history.receipt", "pane_right")
        )
        who = (self._back, self._avatar, self._name, self._tier, self.whose, self._what)
        head = row(*who, None, FittingButtons(self.export, self.giving_back, gap=3), gap=3)
        content = column(head, self.sums, self.columns, gap=3)
        content.setStretch(2, 1)
        self.body.put(content)
        self._connect()
        self.retranslate()

    def _list_card(self) -> QWidget:
        self._filters = flow(self.search_field, self.period, self.channel, self.category, self.returns, gap=2)
        top = row(self._filters, column(self._count, self._net, gap=0), gap=3, pad=(2, 4))
        top.setStretch(0, 1)
        keys = ((("↑", "↓"), "move"), (("Enter",), "open"), (("Ctrl F",), "filter"))
        hints = [
            row(*(KeyHint(cap) for cap in caps), Label("", "caption", "text3").say(f"history.key.{name}"), gap=1)
            for caps, name in keys
        ]
        self._hints = holder(row(*hints, gap=2))
        foot = row(self._footer, self._hints, gap=3, pad=(2, 4))
        foot.setStretch(0, 1)
        card = Card(pad=0, gap=0)
        self._foot = holder(column(rule(), foot, gap=0))
        card.body.put(top, rule(), self.table, self._none, self._foot)
        card.body.setStretch(2, 1)
        card.body.setStretch(3, 1)
        return card

    def _connect(self) -> None:
        self._back.clicked.connect(self.left)
        self.giving_back.clicked.connect(self.return_started)
        self.export.clicked.connect(self.export_started)
        self.search_field.edited.connect(self.text_typed)
        self.search_field.stepped.connect(self._to_table)
        self.period.chosen.connect(self.months_chosen)
        self.channel.chosen.connect(self.channel_chosen)
        self.category.chosen.connect(self.category_chosen)
        self.returns.switched.connect(self.returns_switched)
        self._none.acted.connect(self.loosened)
        self.drawer.why_asked.connect(self.why_asked)
        self.table.row_chosen.connect(self._chose)
        self.table.row_opened.connect(self._opened)
        self.columns.became_tabs.connect(self._fit)

    def offer_returns(self) -> None:
        """From now on `return_started` leads somewhere."""
        self._offers_returns = True
        self.retranslate()

    def render_state(self, state: HistoryState) -> None:
        """Show a member's purchases under the filter."""
        self._state = state
        data = state.data
        has_rows = data is not None and bool(data.refs)
        self.export.allow(has_rows, "" if has_rows else t("export.nothing"))
        self.drawer.show_receipt(state.receipt, hides_amounts=state.hides_amounts)
        self._show_return(state)
        if data is None:
            self._shown = None
            self.model.show_refs(())
            return
        self._show_head(data.head, state.now_ms)
        self._show_filters(state, data.head)
        self._count.set_text(t("history.count", n=data.totals.orders, total=data.head.lifetime.orders))
        # A receipt chosen, a word typed: rows are read again only after another reading.
        shown = (data.refs, id(data.rows), state.hides_amounts, i18n.language())
        if shown != self._shown:
            self._shown = shown
            self._rows = data.rows  # kept, so that its id stays its own
            self.model.show_refs(data.refs, hides_amounts=state.hides_amounts, first=data.rows)
        self.table.setVisible(bool(data.refs))
        self._none.setVisible(not data.refs)
        self._show_none(state, bool(data.head.lifetime.orders))
        hidden = state.hides_amounts
        amount = t("history.no_amount") if hidden else words.sums_text(data.totals)
        self._footer.set_text(t("history.footer_hidden" if hidden else "history.footer", amount=amount))
        self._net.set_text("" if hidden else amount)
        self._net.setAccessibleName(self._footer.text())
        if state.receipt is not None:
            self.table.choose(row_key((state.receipt.row.scope_id, state.receipt.row.id)))

    def _show_head(self, head: HistoryHead, now_ms: int) -> None:
        name, latin = person_name(head.name), person_name(head.name_en) if head.name_en else ""
        both = f"{latin} {name}" if latin and i18n.language() == "en" else name
        self._name.set_text(both)
        self._avatar.show_name(head.name)
        self._tier.show_state(t(f"tier.{head.tier}"), TIER_TONES[head.tier], TIER_ICONS[head.tier])
        self.whose.setVisible(head.owner.hides_amounts)
        self._show_whose(head)
        self.sums.show_head(head, now_ms)

    def _show_whose(self, head: HistoryHead) -> None:
        staff = head.owner.staff
        name = person_name(staff.name.pick(i18n.language())) if staff else ""
        words = t("history.hidden_short") if self.sums.isHidden() else t("history.hidden", name=name)
        self.whose.show_state(words, "violet", "lock")

    def _show_return(self, state: HistoryState) -> None:
        self.giving_back.setVisible(self._offers_returns)
        receipt = state.receipt
        reason = t("history.return_choose")
        if receipt is not None:
            reason = "" if receipt.left_qty else words.left_text(receipt)
        self.giving_back.allow(not reason, reason)

    def _show_filters(self, state: HistoryState, head: HistoryHead) -> None:
        wanted = state.wanted
        self.search_field.set_text(wanted.text)
        periods = [Choice("" if n is None else str(n), t("history.months", n=n) if n else t("history.all_time"))
                   for n in reversed(PERIODS)]
        self.period.show_choices(periods, str(wanted.months or ""))
        channels = [Choice(ALL, t("history.channels_all"))]
        channels += [Choice(name, t(f"history.channel.{name}")) for name in head.channels if name in
                     ("store", "online", "mini")]
        self.channel.show_choices(channels, wanted.channel or ALL)
        self.channel.setVisible(len(channels) > 2)
        lang = i18n.language()
        categories = [Choice(ALL, t("history.category_all"))]
        categories += [Choice(name.zh, untrusted(name.pick(lang), 24)) for name in head.categories]
        self.category.show_choices(categories, wanted.category or ALL)
        self.category.setVisible(len(categories) > 2)
        self.returns.setChecked(wanted.with_returns)
        self.returns.setVisible(head.lifetime.returned_orders > 0 or wanted.with_returns)

    def _show_none(self, state: HistoryState, has_bought: bool) -> None:
        loosen = state.data.loosen if state.data is not None else None
        if has_bought and loosen is not None:
            text = t(f"history.none_text.{loosen.name}")
            if loosen.orders:
                text = f"{text} {t('history.none_more', n=loosen.orders)}"
            self._none.show_text(t("history.none"), text, (t(f"history.loosen.{loosen.name}"),))
        else:
            self._none.show_text(t("history.never"), t("history.never_text"))

    def _chose(self, row_id: str) -> None:
        receipt = self._state.receipt if self._state else None
        ref: Ref = ref_of(row_id)
        if row_id and (receipt is None or (receipt.row.scope_id, receipt.row.id) != ref):
            self.order_chosen.emit(ref)

    def _opened(self, row_id: str) -> None:
        self._chose(row_id)
        self.columns.show_pane(1)

    def _to_table(self, _rows: int) -> None:
        if self.model.rowCount():
            self.table.setFocus()

    def retranslate(self) -> None:
        self.model.set_columns(columns())
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        return self.search_field.line

    def panes(self) -> list[QWidget]:
        return [self.search_field, self.table, self.drawer]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name == "filter":
            self.columns.show_pane(0)
            self.search_field.line.setFocus()
            self.search_field.line.selectAll()
            return True
        if name in ("close", "back") and self.columns.is_tabbed and self.drawer.isVisible():
            self.columns.show_pane(0)
            return True
        if name == "log":
            self.log_started.emit()
            return True
        if name == "export":
            if self.export.isEnabled():
                self.export_started.emit()
            return True
        if name == "return" and self._offers_returns:
            if self.giving_back.isEnabled():
                self.return_started.emit()
            return True
        return False

    def memento(self) -> object:
        return self._state.data.head.member_id if self._state is not None and self._state.data is not None else None

    def restore(self, memento: object) -> None:
        if isinstance(memento, str) and memento != self.memento():
            self.returned.emit(memento)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        m = look().m
        # The sums fold away before the table gets too small to be of use.
        small = self.is_compact or self.height() < m.page_short * 2 // 3 or self.width() < m.page_narrow
        self.sums.setVisible(not small)
        self._hints.setVisible(not small and not self.columns.is_tabbed)
        # Rows come first where there is room for few: the sum moves up beside the filters.
        self._foot.setVisible(not self.columns.is_tabbed)
        self._net.setVisible(self.columns.is_tabbed)
        self._what.setVisible(not small)
        if self._state is not None and self._state.data is not None:
            self._show_whose(self._state.data.head)
        for button in (self.export, self.giving_back):
            button.show_key(not self.columns.is_tabbed)
        self.export.setVisible(not self.columns.is_tabbed)  # the key and the key bar stay
        self.search_field.set_width(m.pane_left * 4 // 5)

